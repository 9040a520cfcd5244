//! What a value may be, against a column's type.

use pipeline::{ColumnType, ScalarType};
use serde_json::Value;

use crate::compile::infer::{Form, Yield};
use pipeline::cast::{Verdict, accepts, cast};
use schema::{Keywords, Known, Type, type_of};

use super::bounds::{self, Fit};

/// Characters of a schema's value inside a label, at most.
const LONGEST_VALUE: usize = 40;

/// A sort of values that does not fit.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) ty: Type,
    /// The very value, if it is one.
    pub(super) value: Option<String>,
    pub(super) help: String,
}

/// Values against a type.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Some values fit.
    pub(super) fits: bool,
    pub(super) refused: Vec<Refused>,
    /// Which of those that fit may be rejected all the same.
    pub(super) doubtful: Option<String>,
}

impl Judged {
    pub(super) fn new(column: ColumnType, value: &Yield<'_>) -> Self {
        let mut judged = Self::default();
        for form in value.forms.iter().flatten() {
            judged.form(column, form);
        }
        judged
    }

    fn form(&mut self, column: ColumnType, form: &Form<'_>) {
        match form {
            Form::Shape(shape) => shape.possible().iter().for_each(|possible| match possible.known {
                Known::Value(value) => self.value(column, value),
                Known::Open(keywords) => self.add(possible.ty, None, open(column, possible.ty, &keywords)),
            }),
            Form::Literal(value) => self.value(column, value),
            Form::Object(_) => self.add(Type::Object, None, open(column, Type::Object, &Keywords::default())),
            Form::Array(_) => self.add(Type::Array, None, open(column, Type::Array, &Keywords::default())),
        }
    }

    fn value(&mut self, column: ColumnType, value: &Value) {
        let ty = type_of(value);
        let fit = match cast(value, column) {
            Ok(_) => Fit::Yes,
            Err(_) => match accepts(column, ty, None) {
                Verdict::No(help) => Fit::No(help.to_owned()),
                Verdict::Yes | Verdict::Maybe(_) => Fit::No(String::new()),
            },
        };
        self.add(ty, Some(excerpt(value)), fit);
    }

    fn add(&mut self, ty: Type, value: Option<String>, fit: Fit) {
        match fit {
            Fit::Yes => self.fits = true,
            Fit::Maybe(why) => {
                self.fits = true;
                self.doubtful.get_or_insert(why);
            }
            Fit::No(help) => self.refused.push(Refused { ty, value, help }),
        }
    }
}

/// Values that are not listed one by one. A number that may have a fraction is refused where only integers fit.
fn open(column: ColumnType, ty: Type, keywords: &Keywords<'_>) -> Fit {
    let integral = column.scalar().definition().whole_numbers.is_some();
    let base64 = keywords.encoding == Some("base64") && column == ColumnType::Scalar(ScalarType::Bytea);
    match accepts(column, ty, keywords.format) {
        Verdict::No(help) => Fit::No(help.to_owned()),
        Verdict::Maybe(_) if ty == Type::Number && integral => {
            Fit::No("use numeric or double precision, or make it whole: `| round`".to_owned())
        }
        Verdict::Maybe(why) if ty == Type::String && !base64 => bounds::text(column.scalar(), why, keywords),
        Verdict::Yes | Verdict::Maybe(_) => match column {
            ColumnType::Scalar(scalar) if matches!(ty, Type::Integer | Type::Number) => {
                bounds::number(scalar, keywords)
            }
            _ => Fit::Yes,
        },
    }
}

/// A value of the schema, cut short.
fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

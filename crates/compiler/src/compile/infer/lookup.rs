//! One field, looked up in every form a value may have.

use super::{Form, Null, Yield};
use crate::diagnostic::Code;
use schema::{Field, Shape, Type};

/// Why a field may be absent.
pub(super) struct Absent {
    pub(super) why: String,
    /// A schema of the user's own says so, and could require it.
    pub(super) listable: bool,
}

/// What is known of one field.
#[derive(Default)]
pub(super) struct Lookup<'w, 's> {
    /// The schema's name where it is in no file of its own.
    pub(super) schema: &'w str,
    pub(super) value: Option<Yield<'s>>,
    /// Why it may be absent.
    pub(super) optional: Option<Absent>,
    /// Some value may have it, without its schema saying so.
    pub(super) open: bool,
    /// The schemas that lack it: whether they allow it, and their files.
    pub(super) lacking: Option<(Code, Vec<&'s str>)>,
}

impl<'s> Lookup<'_, 's> {
    pub(super) fn add(&mut self, form: &Form<'s>, name: &str) {
        match form {
            Form::Shape(shape) => self.add_shape(shape, name),
            Form::Object(fields) => self.add_made(fields, name),
            Form::Literal(value) => self.open |= value.is_object(),
            Form::Array(_) => {}
        }
    }

    fn add_made(&mut self, fields: &[(String, Yield<'s>)], name: &str) {
        if let Some((_, value)) = fields.iter().find(|(known, _)| known == name) {
            self.known(value.clone());
        } else {
            self.lacks(Code::NoSuchField, vec!["`{...}`"]);
            self.missing(format!("`{name}` is not in `{{...}}`"), false);
        }
    }

    fn add_shape(&mut self, shape: &Shape<'s>, name: &str) {
        let files = shape.file_names();
        match shape.field(name) {
            // An alternative that does not list the field says nothing about its values.
            Field::Known { .. } if shape.leaves_open(name) => self.known(Yield::anything()),
            Field::Known { shape: inner, .. } => {
                let null = inner.allows(Type::Null) && !inner.is_any();
                let file = files.first().copied().unwrap_or(self.schema);
                let null = null.then(|| Null::new(format!("`{name}` may be null in {file}"), 0..0));
                self.known(Yield::shape(inner).or_null(null));
            }
            Field::Open => self.open = true,
            Field::Closed => self.lacks(Code::NoSuchField, files),
            Field::NotListed => self.lacks(Code::FieldNotListed, files),
            Field::NoObject => {}
        }
        if shape.allows_without(name) {
            let file = shape.optional_in(name).unwrap_or(self.schema);
            self.missing(format!("`{name}` is optional in {file}"), !shape.is_built_in());
        }
    }

    /// Some value does not have it.
    fn missing(&mut self, why: String, listable: bool) {
        self.optional.get_or_insert(Absent { why, listable });
    }

    /// The schemas that lack it, in words.
    pub(super) fn whose(&self) -> String {
        match self.lacking.as_ref().map_or(&[][..], |(_, files)| files) {
            [] => self.schema.to_owned(),
            [file] => (*file).to_owned(),
            several => format!("any of {} schemas", several.len()),
        }
    }

    fn known(&mut self, value: Yield<'s>) {
        self.value = Some(match self.value.take() {
            Some(other) => other.or(value),
            None => value,
        });
    }

    /// An open object counts more than a closed one: the field may be there.
    fn lacks(&mut self, code: Code, files: Vec<&'s str>) {
        match &mut self.lacking {
            Some((known, all)) => {
                *known = if code == Code::FieldNotListed { code } else { *known };
                all.extend(files);
            }
            none => *none = Some((code, files)),
        }
    }
}

/// Every field that could have been meant.
pub(super) fn names(of: &Yield<'_>) -> Vec<String> {
    let of_form = |form: &Form<'_>| match form {
        Form::Shape(shape) => shape.field_names().into_iter().map(str::to_owned).collect(),
        Form::Object(fields) => fields.iter().map(|(name, _)| name.clone()).collect(),
        Form::Literal(_) | Form::Array(_) => Vec::new(),
    };
    of.forms.iter().flatten().flat_map(of_form).collect()
}

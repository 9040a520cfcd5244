//! One column, and what samples show about its type.

use std::borrow::Cow;

use pipeline::{ColumnType, WhenNull};
use serde_json::Value;

use super::from_sample::epoch_unit;
use jq::{Context, Expr, Root};
use pipeline::cast::cast;
use pipeline::message::Metadata;

/// A column as the pipeline file writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Unique in its table.
    pub(super) name: String,
    /// A type's name.
    pub(super) ty: String,
    /// What becomes of an event that has no value for it.
    pub(super) when_null: WhenNull,
    /// `None` where the field has the column's name.
    pub(super) expr: Option<String>,
    /// What stands behind it: another line that the samples suggest, or the type in the database.
    pub(super) comment: Option<String>,
}

impl Column {
    /// The text behind its name: `TYPE [null | optional] [= EXPR]`.
    pub(super) fn line(&self) -> String {
        let Self { ty, when_null, expr, .. } = self;
        let expr = expr.as_ref().map_or_else(String::new, |expr| format!(" = {expr}"));
        match when_null {
            WhenNull::Reject => format!("{ty}{expr}"),
            _ => format!("{ty} {}{expr}", when_null.word()),
        }
    }

    /// The expression as jq.
    fn path(&self) -> String {
        self.expr.clone().unwrap_or_else(|| Expr::field(&self.name).text().to_owned())
    }

    /// Its value in each sample that has one.
    fn values(&self, samples: &[Value]) -> Vec<Value> {
        let Some(expr) = Expr::compile(&self.path()).ok().filter(|expr| !expr.uses(Root::Sqs)) else {
            return Vec::new();
        };
        let metadata = Metadata::default();
        let mut values = Vec::new();
        for sample in samples {
            let context = Context::new(sample, sample, &metadata);
            values.extend(expr.eval(&context.scope()).ok().map(Cow::into_owned));
        }
        values
    }

    /// Widens the type, where the samples need it and a wider one accepts all their values.
    pub(super) fn widen(&mut self, samples: &[Value]) {
        let values = self.values(samples);
        for name in [self.ty.clone(), self.ty.replace("bigint", "numeric"), "jsonb".to_owned()] {
            let ty: ColumnType = name.parse().expect("a column type's name");
            if values.iter().all(|value| cast(value, ty).is_ok()) {
                self.ty = name;
                return;
            }
        }
    }

    /// Another line for a number that may be a time: its name suggests it, and so does its value in every sample.
    pub(super) fn as_time(&self, samples: &[Value]) -> Option<String> {
        let text = self.path();
        let values = self.values(samples).into_iter().filter(|value| !value.is_null());
        let mut units = values.map(|value| epoch_unit(value.as_i64()?, &self.name));
        let unit = units.next()??;
        let function = if unit == "s" { "unix".to_owned() } else { format!("unix_{unit}") };
        let expr = Some(format!("{text} | {function}"));
        let time = Self { ty: "timestamptz".to_owned(), expr, ..self.clone() };
        units.all(|other| other == Some(unit)).then(|| time.line())
    }
}

//! One column, and what samples say of its type.

use pipeline::ColumnType;
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
    /// NULL is allowed.
    pub(super) nullable: bool,
    /// `None` where the field has the column's name.
    pub(super) expr: Option<String>,
    /// Another line for it, where the samples make one likely.
    pub(super) instead: Option<String>,
}

impl Column {
    /// The expression as jq.
    fn path(&self) -> String {
        self.expr.clone().unwrap_or_else(|| Expr::field(&self.name).text().to_owned())
    }

    /// What the samples have for it.
    fn values(&self, samples: &[Value]) -> Vec<Value> {
        let Some(expr) = Expr::compile(&self.path()).ok().filter(|expr| !expr.uses(Root::Sqs)) else {
            return Vec::new();
        };
        let metadata = Metadata::default();
        let value = |sample| Some(expr.eval(&Context::new(sample, sample, &metadata).scope()).ok()?.into_owned());
        samples.iter().filter_map(value).collect()
    }

    /// Takes a wider type, where the samples' values ask for it and one takes them all.
    pub(super) fn widen(&mut self, samples: &[Value]) {
        let values = self.values(samples);
        let takes = |ty: &String| {
            let ty: ColumnType = ty.parse().expect("a column type's name");
            values.iter().all(|value| cast(value, ty).is_ok())
        };
        let types = [self.ty.clone(), self.ty.replace("bigint", "numeric"), "jsonb".to_owned()];
        if let Some(ty) = types.into_iter().find(takes) {
            self.ty = ty;
        }
    }

    /// A number may be a time, when its name says so and it is one in every sample.
    pub(super) fn time_in(&self, samples: &[Value]) -> Option<String> {
        let text = self.path();
        let values = self.values(samples).into_iter().filter(|value| !value.is_null());
        let mut units = values.map(|value| epoch_unit(value.as_i64()?, &self.name));
        let unit = units.next()??;
        let function = if unit == "s" { "unix".to_owned() } else { format!("unix_{unit}") };
        let null = if self.nullable { " null" } else { "" };
        units.all(|other| other == Some(unit)).then(|| format!("timestamptz{null} = {text} | {function}"))
    }
}

//! Decides one delivery and keeps what each step gave: for tests of a pipeline file and for explaining one.

use serde_json::Value;

use super::{Choice, Decider, Verdict};
use crate::mapping::{Mapping, TableMapping};
use crate::message::{Delivery, Rejection};
use crate::row::Rows;
use jq::{Context, Root, Scope};

/// Errors reported of a document, at most.
const MAX_ERRORS: usize = 10;

/// The result of a delivery, and what each step before it gave; `None` for the steps that were not reached.
#[derive(Debug)]
pub struct Trace {
    /// The parsed body, or its text where `unwrap` starts from that.
    pub body: Option<Value>,
    /// What the expressions see as `.`.
    pub document: Option<Value>,
    /// What `skip` yielded; `None` also when there is none.
    pub skip: Option<bool>,
    /// What the discriminator yielded; `None` also when there is none.
    pub kind: Option<Value>,
    /// Whether the document keeps to its schema.
    pub verdict: Option<Verdict>,
    /// How it breaks the schema: the first errors, in words.
    pub errors: Vec<String>,
    /// The tables up to the first that failed.
    pub tables: Vec<TableTrace>,
    /// As [`Decider::decide`] gives it.
    pub result: Result<Rows, Rejection>,
}

/// What a table made of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTrace {
    /// Elements of `for_each`; `None` without it.
    pub elements: Option<usize>,
    /// Rows made; fewer than elements where `when` is not true. `None` when the mapping failed.
    pub rows: Option<usize>,
}

impl Decider {
    /// Decides one delivery, as [`Decider::decide`] does, and keeps every step. Slower: values are copied, and some
    /// expressions run twice.
    pub fn trace(&self, delivery: &Delivery) -> Trace {
        let mut trace = Trace {
            body: None,
            document: None,
            skip: None,
            kind: None,
            verdict: None,
            errors: Vec::new(),
            tables: Vec::new(),
            result: Ok(self.mapping.no_rows()),
        };
        trace.result = self.steps(delivery, &mut trace);
        trace
    }

    fn steps(&self, delivery: &Delivery, trace: &mut Trace) -> Result<Rows, Rejection> {
        let body = self.body(&delivery.body)?;
        trace.body = Some(body.clone());
        self.within(&body, &delivery.metadata, |context| {
            let scope = context.scope();
            trace.document = Some(scope.root(Root::Input).clone());
            trace.skip = self.skip.as_ref().and_then(|skip| skip.holds(&scope).ok());
            if trace.skip != Some(true) {
                trace.kind = self.kind(&scope);
            }
            if trace.skip != Some(true) {
                trace.errors = self.schemas.errors(&scope, MAX_ERRORS);
            }
            match *trace.verdict.insert(self.verdict(context, &delivery.metadata)?) {
                Verdict::Valid => self.rows(context, trace),
                Verdict::Unwanted => Ok(self.mapping.no_rows()),
            }
        })
    }

    fn kind(&self, scope: &Scope<'_>) -> Option<Value> {
        match &self.schemas.choice {
            Choice::One(_) => None,
            Choice::ByValue { discriminator, .. } => discriminator.eval(scope).ok().map(std::borrow::Cow::into_owned),
        }
    }

    fn rows(&self, context: &Context<'_>, trace: &mut Trace) -> Result<Rows, Rejection> {
        for table in &self.mapping.tables {
            let rows = Mapping { tables: vec![table.clone()] }.rows(context);
            let made = rows.as_ref().ok().map(|rows| rows.tables.iter().map(Vec::len).sum());
            trace.tables.push(TableTrace { elements: elements(table, context), rows: made });
            rows?;
        }
        self.mapping.rows(context)
    }
}

fn elements(table: &TableMapping, context: &Context<'_>) -> Option<usize> {
    let scope = context.scope();
    let elements = table.for_each.as_ref()?.eval(&scope).ok()?;
    Some(elements.as_array().map_or(0, Vec::len))
}

#[cfg(test)]
mod tests {
    use crate::column_type::ColumnType;
    use serde_json::json;

    use super::super::{Schemas, Unwrap};
    use super::*;
    use crate::mapping::ColumnMapping;
    use crate::message::{Code, Metadata, Receipt};
    use crate::table::WhenNull;
    use crate::validate::{Options, Validator};
    use jq::{Condition, Expr};

    fn expr(text: &str) -> Expr {
        Expr::compile(text).unwrap()
    }

    fn decider() -> Decider {
        let schema = json!({ "required": ["id"], "properties": { "id": { "type": "integer" } } });
        let validator = Validator::of(&schema, Options::default()).unwrap();
        let column = |name: &str, ty: &str| ColumnMapping {
            name: name.to_owned(),
            ty: ty.parse::<ColumnType>().unwrap(),
            when_null: WhenNull::Reject,
            expr: Expr::field(name),
        };
        let table = |name: &str, for_each: Option<Expr>, columns| TableMapping {
            name: name.to_owned(),
            when: for_each.as_ref().map(|_| Condition::from(expr(".n > 1"))),
            for_each,
            columns,
        };
        Decider {
            unwrap: Some(Unwrap::Expr(expr(".detail"))),
            skip: Some(Condition::from(expr(".ping"))),
            schemas: Schemas::one(validator),
            mapping: Mapping {
                tables: vec![
                    table("events", None, vec![column("id", "integer")]),
                    table("items", Some(expr(".items")), vec![column("n", "smallint")]),
                ],
            },
        }
    }

    fn delivery(body: &str) -> Delivery {
        Delivery { body: body.to_owned(), metadata: Metadata::default(), receipt: Receipt(String::new()) }
    }

    #[test]
    fn every_step_is_kept_until_the_last_table() {
        let trace = decider().trace(&delivery(r#"{"detail": {"id": 7, "items": [{"n": 1}, {"n": 2}]}}"#));
        assert_eq!(trace.document.unwrap()["id"], 7);
        assert_eq!((trace.skip, trace.verdict), (Some(false), Some(Verdict::Valid)));
        let made = |elements, rows| TableTrace { elements, rows: Some(rows) };
        assert_eq!(trace.tables, [made(None, 1), made(Some(2), 1)]);
    }

    #[test]
    fn steps_after_a_rejection_are_not_there() {
        let no_json = decider().trace(&delivery("{"));
        assert!(no_json.body.is_none() && no_json.document.is_none() && no_json.verdict.is_none());
        let sealed = decider().trace(&delivery("{}"));
        assert!(sealed.body.is_some() && sealed.document.is_none());
        assert_eq!(sealed.result.unwrap_err().code, Code::Unwrap);
        let invalid = decider().trace(&delivery(r#"{"detail": {}}"#));
        assert!(invalid.document.is_some() && invalid.verdict.is_none() && invalid.tables.is_empty());
        assert_eq!(invalid.errors, ["the document is missing the required field \"id\""]);
        let misfit = decider().trace(&delivery(r#"{"detail": {"id": 1, "items": [{"n": 40000}]}}"#));
        assert_eq!(misfit.tables[1], TableTrace { elements: Some(1), rows: None });
    }

    #[test]
    fn the_result_is_what_decide_gives() {
        let decider = decider();
        for body in [
            "",
            "{}",
            r#"{"detail": {"ping": true}}"#,
            r#"{"detail": {"ping": 1}}"#,
            r#"{"detail": {"id": "x"}}"#,
            r#"{"detail": {"id": 5000000000}}"#,
            r#"{"detail": {"id": 1, "items": {}}}"#,
            r#"{"detail": {"id": 1, "items": [{"n": 3}, {"n": 4}]}}"#,
        ] {
            assert_eq!(decider.trace(&delivery(body)).result, decider.decide(&delivery(body)), "{body}");
        }
    }
}

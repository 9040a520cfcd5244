//! One delivery becomes rows, or the reason why it never will.

mod parse;

use crate::map::Mapping;
use crate::message::{Delivery, Rejection};
use crate::row::Rows;
use crate::validate::Validator;

pub use parse::parse;

/// Parses, validates and maps one delivery. Synchronous and pure: no clock, no network, no database.
pub fn decide(validator: &Validator, mapping: &Mapping, delivery: &Delivery) -> Result<Rows, Rejection> {
    let document = parse(&delivery.body)?;
    validator.check(&document)?;
    mapping.rows(&document, &delivery.metadata)
}

//! The types that jaq's interpreter is instantiated with.

use jaq_core::data::HasLut;
use jaq_core::{DataT, Lut};

use crate::budget;
use crate::value::Val;

/// The types that jaq's interpreter works with.
pub(crate) struct Data;

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Table<'a>;
}

/// The look-up table, asked for at every term evaluated.
#[derive(Clone)]
pub(crate) struct Table<'a>(pub(crate) &'a Lut<Data>);

impl<'a> HasLut<'a, Data> for Table<'a> {
    fn lut(&self) -> &'a Lut<Data> {
        budget::enter();
        self.0
    }
}

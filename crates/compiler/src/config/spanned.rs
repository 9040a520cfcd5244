//! Values with the place where they stand in the file.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Asks our deserializer for the range too.
pub(crate) const SPANNED: &str = "$spanned";
/// Asks it for the range, and to replace `${VAR}` first.
pub(crate) const SETTING: &str = "$setting";

/// A value and its byte range; `${` in it is left as it is (expressions, templates, names).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spanned<T> {
    /// What is written.
    pub value: T,
    /// Byte offsets into the file.
    pub range: Range<usize>,
}

/// A plain setting: a value in which `${VAR}` was replaced, and its byte range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setting<T> {
    /// What is meant.
    pub value: T,
    /// Byte offsets into the file.
    pub range: Range<usize>,
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for Setting<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, range) = deserializer.deserialize_tuple_struct(SPANNED, 3, Parts(PhantomData))?;
        Ok(Self { value, range })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, range) = deserializer.deserialize_tuple_struct(SETTING, 3, Parts(PhantomData))?;
        Ok(Self { value, range })
    }
}

/// Takes what our deserializer hands out: start, end, value.
struct Parts<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
    type Value = (T, Range<usize>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let (start, end, value) = (parts.next_element()?, parts.next_element()?, parts.next_element()?);
        match (start, end, value) {
            (Some(start), Some(end), Some(value)) => Ok((value, start..end)),
            _ => Err(A::Error::custom("a value without its place")),
        }
    }
}

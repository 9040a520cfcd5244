//! The operations on values that jaq's standard library needs.

use jaq_json::Num;

use super::budget::{self, Limit};
use super::value::{Val, number_bytes};

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(arr) => Ok(Self::take_items(arr).into_iter().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Num(Num::Int(_) | Num::BigInt(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        self.as_index()
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(Num::Int(integer)) =>
            {
                #[allow(clippy::cast_precision_loss, reason = "jq's own floating point")]
                Some(*integer as f64)
            }
            Self::Num(Num::Float(float)) => Some(*float),
            // Adding to a float is how a number becomes one.
            Self::Num(number) => {
                budget::read(number_bytes(number));
                match Num::Float(-0.0) + number.clone() {
                    Num::Float(float) => Some(float),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    /// For functions that read the whole text and make another one: escaped it may have six times its length.
    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => {
                budget::read(text.len());
                budget::room(6 * text.len());
                Some(text.as_bytes())
            }
            _ => None,
        }
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::from_utf8_bytes(part.to_vec())
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        match std::str::from_utf8(bytes.as_ref()) {
            Ok(text) => Self::str(text),
            Err(_) => budget::stop(Limit::NotJson),
        }
    }
}

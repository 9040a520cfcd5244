//! Kinds of rejections.

use std::fmt;

use crate::escape::escaped;
use crate::message::{Code, Rejection};

/// What rejections of one cause have in common: the unit in which they are counted and shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// Their code.
    pub code: Code,
    /// The column as `table.column`, or the JSON Pointer into the document with `*` for each index.
    pub place: Option<String>,
    /// The failing JSON Schema keyword.
    pub keyword: Option<String>,
    /// PostgreSQL's SQLSTATE.
    pub sqlstate: Option<String>,
}

impl Kind {
    /// The kind of a rejection.
    pub fn of(rejection: &Rejection) -> Self {
        let place = rejection.column.clone().or_else(|| rejection.instance_path.as_deref().map(without_indices));
        Self {
            code: rejection.code,
            place: place.map(|place| escaped(&place).into_owned()),
            keyword: rejection.keyword.clone(),
            sqlstate: rejection.sqlstate.clone(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        for part in [&self.place, &self.keyword, &self.sqlstate].into_iter().flatten().filter(|part| !part.is_empty()) {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}

/// The second of three items fails as the third of five: the index is no part of the cause.
fn without_indices(pointer: &str) -> String {
    let mut place = String::with_capacity(pointer.len());
    for (index, part) in pointer.split('/').enumerate() {
        if index > 0 {
            place.push('/');
        }
        let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        place.push_str(if is_index { "*" } else { part });
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Kind {
        let instance_path = Some(path.to_owned());
        let rejection =
            Rejection { instance_path, keyword: Some("type".into()), ..Rejection::new(Code::Schema, "wrong") };
        Kind::of(&rejection)
    }

    #[test]
    fn items_of_one_array_fail_alike() {
        assert_eq!(at("/items/2/price"), at("/items/30/price"));
        assert_ne!(at("/items/2/price"), at("/items/2/name"));
        assert_eq!(at("/items/2/price").to_string(), "schema /items/*/price type");
        assert_eq!(at("").to_string(), "schema type");
    }

    #[test]
    fn a_column_is_the_place_where_there_is_one() {
        let mut rejection = Rejection::new(Code::NotStorable, "too long");
        (rejection.column, rejection.sqlstate) = (Some("events.name".into()), Some("22001".into()));
        assert_eq!(Kind::of(&rejection).to_string(), "not_storable events.name 22001");
    }
}

//! Names of indexes and keys, derived from declarations: the same declaration always gives the same name.

use std::fmt::Write;

use pipeline::Index;

/// PostgreSQL's limit on an identifier, in bytes (NAMEDATALEN - 1). It silently truncates longer ones.
pub(crate) const MAX_IDENTIFIER: usize = 63;

/// The name `table__column__column__kind`. The double underscore distinguishes `order` + `item_id` from `order_item` +
/// `id`: their indexes share one namespace.
pub(crate) fn index_name(table: &str, index: &Index) -> String {
    let kind = match (index.unique, index.using.keyword()) {
        (true, "btree") => "key",
        (false, "btree") => "idx",
        (_, method) => method,
    };
    let predicate = index.predicate.as_deref();
    derive(table, index.columns.iter().map(String::as_str), kind, predicate)
}

/// The name of a primary key that is added to an existing table.
pub(crate) fn primary_key_name(table: &str) -> String {
    derive(table, std::iter::empty(), "pkey", None)
}

fn derive<'a>(
    table: &'a str,
    columns: impl Iterator<Item = &'a str>,
    kind: &'a str,
    predicate: Option<&str>,
) -> String {
    let parts: Vec<&str> = std::iter::once(table).chain(columns).chain(std::iter::once(kind)).collect();
    let name = parts.join("__");
    let ambiguous = parts.iter().any(|part| part.contains("__") || part.starts_with('_') || part.ends_with('_'));
    if predicate.is_none() && !ambiguous && name.len() <= MAX_IDENTIFIER {
        return name;
    }
    let mut identity = parts.join("\0");
    if let Some(predicate) = predicate {
        let _ = write!(identity, "\0where\0{predicate}");
    }
    let hash = format!("__{:016x}", fnv1a(identity.as_bytes()));
    format!("{}{hash}", cut(&name, MAX_IDENTIFIER - hash.len()))
}

/// The first `limit` bytes of `text`, without half a character at the end.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// FNV-1a, 64 bits: stable across releases and platforms, unlike the hasher of the standard library.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::IndexMethod;

    fn index(columns: &[&str]) -> Index {
        Index {
            columns: columns.iter().map(ToString::to_string).collect(),
            using: IndexMethod::Btree,
            unique: false,
            predicate: None,
        }
    }

    #[test]
    fn reads_like_the_declaration() {
        assert_eq!(index_name("events", &index(&["client_id"])), "events__client_id__idx");
        let unique = Index { unique: true, ..index(&["a", "b"]) };
        assert_eq!(index_name("events", &unique), "events__a__b__key");
        let gin = Index { using: IndexMethod::Gin, ..index(&["payload"]) };
        assert_eq!(index_name("events", &gin), "events__payload__gin");
        assert_eq!(primary_key_name("events"), "events__pkey");
    }

    #[test]
    fn different_declarations_get_different_names() {
        let partial = |p: &str| Index { predicate: Some(p.into()), ..index(&["a"]) };
        let names = [
            index_name("order", &index(&["item_id"])),
            index_name("order_item", &index(&["id"])),
            index_name("t", &index(&["a", "b"])),
            index_name("t", &index(&["a__b"])),
            index_name("t__a", &index(&["b"])),
            index_name("t", &index(&["a"])),
            index_name("t", &partial("a > 0")),
            index_name("t", &partial("a > 1")),
        ];
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn long_names_are_cut_and_hashed_within_the_limit() {
        let long = "é".repeat(31);
        let one = index_name(&long, &index(&["a"]));
        let two = index_name(&long, &index(&["b"]));
        assert!(one.len() <= MAX_IDENTIFIER && two.len() <= MAX_IDENTIFIER);
        assert_ne!(one, two);
        assert_eq!(one, index_name(&long, &index(&["a"])));
    }

    #[test]
    fn hash_is_the_published_one() {
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}

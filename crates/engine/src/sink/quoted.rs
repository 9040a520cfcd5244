//! Identifiers in SQL, quoted by sea-query.

use std::fmt::Write as _;

use sea_orm::sea_query::{Alias, IntoIden, PostgresQueryBuilder, QuotedBuilder};

use pipeline::Target;

pub(crate) fn table_name(target: &Target) -> String {
    let name = &target.table.name;
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&name.name)),
        None => quoted(&name.name),
    }
}

pub(crate) fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for (index, name) in names.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(list, "{comma}{}", quoted(name)).expect("a String takes every text");
    }
    list
}

pub(crate) fn quoted(name: &str) -> String {
    let mut out = String::new();
    PostgresQueryBuilder.prepare_iden(&Alias::new(name).into_iden(), &mut out);
    out
}

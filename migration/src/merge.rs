//! Merges the declarations of several pipeline files about one table, or reports an error that names both files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::index_name::MAX_IDENTIFIER;
use crate::reserved::is_reserved;
use pipeline::{Column, Index, IndexMethod, Table, TableName, WhenNull};

/// A declared column or index, with the file that declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    pub(crate) file: PathBuf,
}

/// Everything that all files together declare about one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declaration {
    /// The name as the first file writes it.
    pub(crate) declared: TableName,
    /// The name with its schema: where the table is, or where it will be created.
    pub(crate) home: TableName,
    pub(crate) columns: Vec<Sourced<Column>>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) indexes: Vec<Sourced<Index>>,
    /// The first file.
    pub(crate) file: PathBuf,
}

/// Merges the tables that have the same home, in the order in which they first appear.
pub(crate) fn merge(tables: Vec<(TableName, &Table)>) -> Result<Vec<Declaration>, Error> {
    let mut merged: Vec<Declaration> = Vec::new();
    for (home, table) in tables {
        check(table).map_err(|problem| Error::Declaration {
            table: table.name.to_string(),
            file: table.declared_in.clone(),
            problem,
        })?;
        match merged.iter_mut().find(|earlier| earlier.home == home) {
            Some(earlier) => earlier.absorb(table)?,
            None => merged.push(Declaration::new(home, table)),
        }
    }
    Ok(merged)
}

impl Declaration {
    fn new(home: TableName, table: &Table) -> Self {
        let mut new = Self {
            declared: table.name.clone(),
            home,
            columns: Vec::new(),
            primary_key: table.primary_key.clone(),
            indexes: Vec::new(),
            file: table.declared_in.clone(),
        };
        new.add_columns(table);
        new.add_indexes(table);
        new
    }

    /// Whether a file declares a column of that name.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.value.name == name)
    }

    /// Adds what a further file declares about the table.
    fn absorb(&mut self, table: &Table) -> Result<(), Error> {
        self.check_compatible(table).map_err(|(problem, first)| Error::Conflict {
            table: table.name.to_string(),
            problem,
            first,
            second: table.declared_in.clone(),
        })?;
        self.add_columns(table);
        self.add_indexes(table);
        Ok(())
    }

    /// Reports the first contradiction, with the earlier file that it contradicts.
    fn check_compatible(&self, table: &Table) -> Result<(), (String, PathBuf)> {
        if !same_set(&self.primary_key, &table.primary_key) {
            return Err(("its primary keys differ".to_owned(), self.file.clone()));
        }
        for Sourced { value: ours, file } in &self.columns {
            let theirs = table.columns.iter().find(|c| c.name == ours.name);
            column_conflict(ours, theirs).map_err(|problem| (problem, file.clone()))?;
        }
        let declared: HashSet<&str> = self.columns.iter().map(|c| c.value.name.as_str()).collect();
        for column in table.columns.iter().filter(|c| !declared.contains(c.name.as_str())) {
            column_conflict(column, None).map_err(|problem| (problem, self.file.clone()))?;
        }
        Ok(())
    }

    fn add_columns(&mut self, table: &Table) {
        for column in &table.columns {
            if !self.declares(&column.name) {
                let mut value = column.clone();
                if table.primary_key.contains(&column.name) {
                    value.when_null = WhenNull::Reject;
                }
                self.columns.push(sourced(value, &table.declared_in));
            }
        }
    }

    fn add_indexes(&mut self, table: &Table) {
        for index in &table.indexes {
            if !self.indexes.iter().any(|earlier| earlier.value == *index) {
                self.indexes.push(sourced(index.clone(), &table.declared_in));
            }
        }
    }
}

fn sourced<T>(value: T, file: &Path) -> Sourced<T> {
    Sourced { value, file: file.to_owned() }
}

/// Compares one column of two files. Rows of a file that doesn't declare the column leave it null, so it must be nullable.
fn column_conflict(ours: &Column, theirs: Option<&Column>) -> Result<(), String> {
    let name = &ours.name;
    match theirs {
        None if ours.when_null.accepts_null() => Ok(()),
        None => Err(format!(
            "column {name} is NOT NULL in one file and missing from the other, whose rows could never be stored"
        )),
        Some(theirs) if ours.ty != theirs.ty => Err(format!("column {name} is {} and {}", ours.ty, theirs.ty)),
        Some(theirs) if ours.when_null.accepts_null() != theirs.when_null.accepts_null() => {
            Err(format!("column {name} is nullable in only one of the files"))
        }
        Some(_) => Ok(()),
    }
}

pub(crate) fn same_set(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|name| b.contains(name))
}

/// Finds before the first statement what PostgreSQL would reject half-way through, or silently truncate.
fn check(table: &Table) -> Result<(), String> {
    let TableName { schema, name } = &table.name;
    if is_reserved(name) {
        return Err("runner keeps its migration ledger under this name; choose another name".to_owned());
    }
    let columns = table.columns.iter().map(|column| &column.name);
    for name in schema.iter().chain([name]).chain(columns) {
        check_identifier(name)?;
    }
    let mut seen = HashSet::new();
    if let Some(twice) = table.columns.iter().find(|c| !seen.insert(&c.name)) {
        return Err(format!("column {} is declared twice", twice.name));
    }
    let indexed = table.indexes.iter().flat_map(|index| &index.columns);
    if let Some(missing) = table.primary_key.iter().chain(indexed).find(|name| !seen.contains(name)) {
        return Err(format!("its primary key or an index names column {missing}, which is not declared"));
    }
    table.indexes.iter().try_for_each(check_index)
}

fn check_identifier(name: &str) -> Result<(), String> {
    match name {
        "" => Err("a name is empty".to_owned()),
        name if name.contains('\0') => Err("a name contains a NUL byte".to_owned()),
        name if name.len() > MAX_IDENTIFIER => {
            Err(format!("name {name} is {} bytes long; PostgreSQL allows {MAX_IDENTIFIER}", name.len()))
        }
        _ => Ok(()),
    }
}

/// Checks an index against `pg_am` capabilities (`amcanunique`, `amcanmulticol`), unchanged since PostgreSQL 10.
fn check_index(index: &Index) -> Result<(), String> {
    let method = index.using.keyword();
    match index {
        Index { columns, .. } if columns.is_empty() => Err("an index has no columns".to_owned()),
        Index { unique: true, using, .. } if *using != IndexMethod::Btree => {
            Err(format!("a {method} index can't be unique; only btree can"))
        }
        Index { using: IndexMethod::Hash, columns, .. } if columns.len() > 1 => {
            Err("a hash index has exactly one column".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(file: &str, columns: &[(&str, &str, bool)], key: &[&str]) -> Table {
        Table {
            name: TableName { schema: None, name: "t".into() },
            columns: columns
                .iter()
                .map(|(name, ty, nullable)| Column {
                    name: (*name).into(),
                    ty: ty.parse().unwrap(),
                    when_null: if *nullable { WhenNull::Store } else { WhenNull::Reject },
                })
                .collect(),
            primary_key: key.iter().map(ToString::to_string).collect(),
            indexes: Vec::new(),
            declared_in: file.into(),
        }
    }

    fn index(column: &str, using: IndexMethod, unique: bool) -> Index {
        Index { columns: vec![column.into()], using, unique, predicate: None }
    }

    fn merged(tables: &[Table]) -> Result<Vec<Declaration>, String> {
        let home = |t: &Table| TableName { schema: Some("public".into()), ..t.name.clone() };
        merge(tables.iter().map(|t| (home(t), t)).collect()).map_err(|e| e.to_string())
    }

    #[test]
    fn compatible_declarations_become_one() {
        let mut a = table("a.yaml", &[("id", "uuid", false), ("x", "text", true)], &["id"]);
        let mut b = table("b.yaml", &[("id", "uuid", false), ("y", "date", true)], &["id"]);
        a.indexes = vec![index("x", IndexMethod::Btree, false), index("id", IndexMethod::Hash, false)];
        b.indexes = vec![index("id", IndexMethod::Hash, false), index("y", IndexMethod::Brin, false)];
        let all = merged(&[a, b]).unwrap();
        let [one] = all.as_slice() else { panic!("{all:?}") };
        let names: Vec<_> = one.columns.iter().map(|c| (c.value.name.as_str(), c.file.to_str().unwrap())).collect();
        assert_eq!(names, [("id", "a.yaml"), ("x", "a.yaml"), ("y", "b.yaml")]);
        assert_eq!(one.indexes.len(), 3);
    }

    #[test]
    fn contradictions_name_both_files() {
        let a = table("a.yaml", &[("id", "uuid", false)], &["id"]);
        let contradictions = [
            (table("b.yaml", &[("id", "text", false)], &["id"]), "uuid and text"),
            (table("b.yaml", &[("id", "uuid", false)], &[]), "primary keys differ"),
            (table("b.yaml", &[("id", "uuid", false), ("x", "text", false)], &["id"]), "column x is NOT NULL"),
        ];
        for (b, expected) in contradictions {
            let error = merged(&[a.clone(), b]).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("a.yaml and b.yaml"), "{error}");
        }
    }

    #[test]
    fn nullability_must_agree() {
        let a = table("a.yaml", &[("x", "text", true)], &[]);
        let b = table("b.yaml", &[("x", "text", false)], &[]);
        assert!(merged(&[a, b]).unwrap_err().contains("nullable in only one of the files"));
    }

    #[test]
    fn what_postgres_cannot_store_is_refused() {
        let long = "x".repeat(64);
        let mut bad: Vec<Table> = vec![
            table("a.yaml", &[(&long, "text", true)], &[]),
            table("a.yaml", &[("", "text", true)], &[]),
            table("a.yaml", &[("x", "text", true), ("x", "date", true)], &[]),
            table("a.yaml", &[("x", "text", true)], &["y"]),
        ];
        for wrong in [index("y", IndexMethod::Btree, false), index("x", IndexMethod::Gin, true)] {
            bad.push(Table { indexes: vec![wrong], ..table("a.yaml", &[("x", "text", true)], &[]) });
        }
        let mut ledger = table("a.yaml", &[("x", "text", true)], &[]);
        ledger.name.name = "runner_ledger".into();
        bad.push(ledger);
        for table in bad {
            let error = merged(std::slice::from_ref(&table)).unwrap_err();
            assert!(error.contains("a.yaml"), "{error}");
        }
    }
}

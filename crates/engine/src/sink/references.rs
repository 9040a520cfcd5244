//! The order of a pipeline's tables: referenced ones before those that refer to them.

use sea_orm::sqlx::PgConnection;

use crate::fault::Fault;

/// Reads which of these tables refer to which, and puts their places, from 0, into an order in which each can be written.
pub(crate) async fn order(connection: &mut PgConnection, tables: Vec<&str>) -> Result<Vec<usize>, Fault> {
    let count = tables.len();
    let query = sea_orm::sqlx::query_as(REFERENCES).bind(tables).persistent(false);
    let references: Vec<(i64, i64)> = query.fetch_all(connection).await.map_err(Fault::from_sqlx)?;
    Ok(referenced_first(count, &references))
}

/// The places, from 0, of two tables of the list of which the first refers to the second.
const REFERENCES: &str = "
SELECT child.place - 1, parent.place - 1
FROM unnest($1::text[]) WITH ORDINALITY AS child(name, place)
JOIN pg_constraint ON contype = 'f' AND conrelid = to_regclass(child.name)
JOIN unnest($1::text[]) WITH ORDINALITY AS parent(name, place) ON confrelid = to_regclass(parent.name)
WHERE child.place <> parent.place";

/// The tables in their order, each after those that it refers to. In a circle of references the first comes first.
fn referenced_first(tables: usize, references: &[(i64, i64)]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(tables);
    let mut left: Vec<usize> = (0..tables).collect();
    while !left.is_empty() {
        let mut free = 0;
        for (place, table) in left.iter().enumerate().rev() {
            let refers_to_one_left = references.iter().any(|(child, parent)| {
                usize::try_from(*child) == Ok(*table) && left.iter().any(|other| usize::try_from(*parent) == Ok(*other))
            });
            if !refers_to_one_left {
                free = place;
            }
        }
        order.push(left.remove(free));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referenced_tables_come_first_and_the_others_keep_their_order() {
        assert_eq!(referenced_first(3, &[]), [0, 1, 2]);
        assert_eq!(referenced_first(4, &[(0, 2), (2, 3)]), [1, 3, 2, 0]);
        assert_eq!(referenced_first(3, &[(0, 1), (1, 0)]), [2, 0, 1], "a circle");
    }
}

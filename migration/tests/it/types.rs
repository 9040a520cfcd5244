//! What is created compares equal to what is read, for every type and its array.

use migration::{misfits, plan, up};
use pipeline::{Column, ColumnType};

use crate::database::{fresh, table};

#[tokio::test]
async fn every_type_makes_the_round_trip() {
    let t = fresh().await;
    let mut types: Vec<String> = ColumnType::names().map(str::to_owned).collect();
    types.extend(["numeric(1)", "numeric(12,2)", "numeric(1000,1000)"].map(str::to_owned));
    types.extend(types.clone().iter().map(|ty| format!("{ty}[]")));
    let mut declared = table("t", &[], &[]);
    for (n, ty) in types.iter().enumerate() {
        for nullable in [true, false] {
            let name = format!("c{n}_{nullable}");
            declared.columns.push(Column { name, ty: ty.parse().unwrap(), nullable });
        }
    }
    let declared = [declared];
    up(&t.db, &declared).await.unwrap();
    assert!(plan(&t.db, &declared).await.unwrap().is_empty());
    assert!(misfits(&t.db, &declared).await.unwrap().is_empty());
    let read = t
        .texts("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum")
        .await;
    let written: Vec<String> = declared[0].columns.iter().map(|column| column.ty.to_string()).collect();
    assert_eq!(read, written);
}

/// Each type against each other one: only equal ones compare equal.
#[tokio::test]
async fn every_other_type_is_a_difference() {
    let t = fresh().await;
    let types: Vec<ColumnType> = ColumnType::names().map(|name| name.parse().unwrap()).collect();
    let columns = |shift: usize| -> Vec<Column> {
        let ty = |n: usize| types[(n + shift) % types.len()];
        (0..types.len()).map(|n| Column { name: format!("c{n}"), ty: ty(n), nullable: true }).collect()
    };
    let mut declared = table("t", &[], &[]);
    declared.columns = columns(0);
    up(&t.db, std::slice::from_ref(&declared)).await.unwrap();
    for shift in 1..types.len() {
        declared.columns = columns(shift);
        let planned = plan(&t.db, std::slice::from_ref(&declared)).await.unwrap();
        assert_eq!(planned.refusals.len(), types.len());
    }
}

//! Each privilege is used by a statement of the engine, not only asked for at the start.

use std::time::Duration;

use engine::sink::{Control, PostgresSink, RowOrder, Sink};
use pipeline::row::Rows;
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool};

use crate::tables::{Tables, as_declared};

/// The codes of what fails when everything is done that a run does with its tables.
async fn failures(url: &str, tables: &Tables) -> Vec<String> {
    let connection = engine::sink::connect(crate::tables::server(url), 2).await.expect("the database answers");
    let sink = PostgresSink::new(&connection, as_declared(&tables.pipeline), Duration::from_secs(30), RowOrder::Key);
    let rows = tables.decide(r#"{"id":1,"k":1}"#).expect("rows");
    let nothing = Rows { tables: vec![Vec::new(); rows.tables.len()] };
    let mut faults = Vec::new();
    faults.extend(sink.write(&[&rows], || true).await.err());
    faults.extend(sink.write_beside(&[&rows], &[&rows], || true).await.err());
    faults.extend(sink.is_stored(&rows).await.err());
    for control in [&rows, &nothing] {
        match sink.write_control(&[0], control, &[&rows]).await {
            Ok(Control::Refused(fault)) | Err(fault) => faults.push(fault),
            Ok(_) => {}
        }
    }
    faults.into_iter().filter_map(|fault| fault.code).filter(|code| code != "23505").collect()
}

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("the statement runs");
}

#[tokio::test]
async fn each_column_of_each_privilege_is_used() {
    for (number, settings) in
        ["primary_key: [id]", "primary_key: [id], on_conflict: update, version: k", "when: .id > 0"].iter().enumerate()
    {
        let rest = format!("tables:\n  t: {{{settings}, columns: {{id: bigint, k: bigint}}}}\n");
        let tables = Tables::new(&rest).await;
        let pool = &tables.stack.pool;
        let role = format!("sink{number} of {}", tables.stack.queue);
        execute(pool, &format!(r#"CREATE ROLE "{role}" LOGIN PASSWORD 'p'"#)).await;
        let (_, host) = tables.stack.database.split_once('@').expect("a host");
        let url = format!("postgres://{}:p@{host}", role.replace(' ', "%20"));
        let grants = migration::to_write(&tables.pipeline.targets()[0]);
        for grant in &grants {
            execute(pool, &grant.statement(&role)).await;
        }
        assert_eq!(failures(&url, &tables).await, [""; 0], "{settings}");
        for grant in &grants {
            for column in &grant.columns {
                let one = migration::Grant { columns: vec![column.clone()], ..grant.clone() }.statement(&role);
                execute(pool, &one.replacen("GRANT", "REVOKE", 1).replacen(" TO ", " FROM ", 1)).await;
                let failures = failures(&url, &tables).await;
                assert!(failures.contains(&"42501".to_owned()), "{settings} without {one}: {failures:?}");
                execute(pool, &one).await;
            }
        }
    }
}

//! What the user reads when the database says no, and what a broken migration leaves behind.

use std::error::Error as _;
use std::time::Duration;

use migration::{Error, plan, status};
use pipeline::{Index, Table};
use sea_orm_migration::sea_orm::{ConnectOptions, ConnectionTrait, Database};

use crate::database::{ONE_EVENT, down, events, fresh, index, table, up};

#[tokio::test]
async fn permission_denied_says_what_and_where() {
    let t = fresh().await;
    let guest = t.as_role("denied_guest").await;
    t.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    for (declared, expected) in [
        (events(), r#"CREATE on schema public; run GRANT CREATE ON SCHEMA "public" TO "denied_guest""#),
        (table("other.t", &["id integer"], &[]), "CREATE on database "),
    ] {
        let error = up(&guest, &[declared]).await.unwrap_err();
        assert!(matches!(error, Error::MissingPrivileges(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_unreachable_database_is_a_connection_error() {
    let mut options = ConnectOptions::new("postgres://nobody@127.0.0.1:1/none");
    options.connect_lazy(true).acquire_timeout(Duration::from_millis(500));
    let db = Database::connect(options).await.unwrap();
    for error in [plan(&db, &[events()]).await.unwrap_err(), up(&db, &[events()]).await.unwrap_err()] {
        assert!(matches!(error, Error::Connection(_)), "{error:?}");
    }
}

#[tokio::test]
async fn no_schema_to_create_in() {
    let t = fresh().await;
    let options = ConnectOptions::new(&t.url).set_schema_search_path("missing").to_owned();
    let db = Database::connect(options).await.unwrap();
    assert!(matches!(plan(&db, &[events()]).await.unwrap_err(), Error::NoSchema));
}

/// Steps before the failing one stay, are recorded, and running again goes on from there.
#[tokio::test]
async fn a_failing_step_leaves_no_trace_of_itself() {
    let t = fresh().await;
    let wrong = Index { predicate: Some("no_such_column > 0".into()), ..index(&["client_id"]) };
    let declared = Table { indexes: vec![index(&["event_type"]), wrong], ..events() };
    let error = up(&t.db, &[declared]).await.unwrap_err();
    assert!(error.to_string().contains("create index events__client_id__idx__"), "{error}");
    assert!(error.source().unwrap().to_string().contains("column \"no_such_column\" does not exist (SQLSTATE 42703)"));
    assert_eq!(status(&t.db, &[]).await.unwrap().applied.len(), 2);
    assert_eq!(up(&t.db, &[events()]).await.unwrap().applied.len(), 1);
}

#[tokio::test]
async fn a_failed_concurrent_build_is_swept_away() {
    let t = fresh().await;
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    t.run(ONE_EVENT).await;
    t.run(ONE_EVENT).await;
    let unique = Index { unique: true, ..index(&["client_id"]) };
    let declared = Table { indexes: vec![unique], ..events() };
    let error = up(&t.db, &[declared]).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("23505"), "{error:?}");
    assert_eq!(t.texts("SELECT relname::text FROM pg_class WHERE relname = 'events__client_id__key'").await, [""; 0]);
    assert_eq!(t.texts("SELECT count(*)::text FROM runner_ledger").await, ["1"]);
}

/// A runner killed between the build and its record, or in the middle of the build.
#[tokio::test]
async fn an_interrupted_build_is_settled_by_the_next_run() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    // The first index was finished without its record, the second never was.
    t.run("UPDATE runner_ledger SET applied_at = NULL WHERE action = 'create_index'").await;
    t.run("DROP INDEX events__event_type__idx").await;
    assert_eq!(up(&t.db, &[events()]).await.unwrap().applied.len(), 1);
    let summaries: Vec<String> = status(&t.db, &[]).await.unwrap().applied.into_iter().map(|e| e.summary).collect();
    assert_eq!(
        summaries,
        [
            "create table events",
            "create index events__client_id__idx on events",
            "create index events__event_type__idx on events"
        ]
    );
}

#[tokio::test]
async fn a_killed_connection_stops_the_migration() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    t.run(ONE_EVENT).await;
    // Holds the build back until its connection is gone.
    let blocker = Database::connect(&t.url).await.unwrap();
    let hold = sea_orm_migration::sea_orm::TransactionTrait::begin(&blocker).await.unwrap();
    hold.execute_unprepared(ONE_EVENT).await.unwrap();
    let more = [Table { indexes: vec![index(&["timestamp"])], ..events() }];
    let killing = async {
        let kill = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
            WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active' AND datname = current_database()";
        while t.texts(kill).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (result, ()) = tokio::join!(up(&t.db, &more), killing);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error:?}");
    hold.rollback().await.unwrap();
    let report = up(&t.db, &more).await.unwrap();
    assert_eq!(report.applied.len(), 1);
    assert!(plan(&t.db, &more).await.unwrap().is_empty());
    assert_eq!(down(&t.db, None, false).await.unwrap().unwrap().object.as_deref(), Some("events__timestamp__idx"));
}

/// The wait ends, so that those who queue behind it to write get on.
#[tokio::test]
async fn a_table_that_stays_locked_is_given_up() {
    let t = fresh().await;
    up(&t.db, &[table("t", &["id integer"], &["id"])]).await.unwrap();
    let other = Database::connect(&t.url).await.unwrap();
    let hold = sea_orm_migration::sea_orm::TransactionTrait::begin(&other).await.unwrap();
    hold.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();
    let wider = [table("t", &["id integer", "note text null"], &["id"])];
    let error = up(&t.db, &wider).await.unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    hold.commit().await.unwrap();
    assert_eq!(up(&t.db, &wider).await.unwrap().applied.len(), 1);
}

/// A pool may limit its statements; building an index is none of those.
#[tokio::test]
async fn the_pools_statement_timeout_stops_no_build() {
    let t = fresh().await;
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    t.run(ONE_EVENT).await;
    let hold = sea_orm_migration::sea_orm::TransactionTrait::begin(&t.db).await.unwrap();
    hold.execute_unprepared(ONE_EVENT).await.unwrap();
    let mut options = ConnectOptions::new(&t.url);
    options.statement_timeout(Duration::from_millis(200));
    let hasty = Database::connect(options).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        hold.rollback().await.unwrap();
    };
    let tables = [events()];
    let (report, ()) = tokio::join!(up(&hasty, &tables), release);
    assert_eq!(report.unwrap().applied.len(), 2);
}

#[tokio::test]
async fn a_users_own_sea_orm_migrations_are_left_alone() {
    let t = fresh().await;
    t.run("CREATE TABLE seaql_migrations (version text PRIMARY KEY, applied_at bigint); INSERT INTO seaql_migrations VALUES ('theirs', 1)").await;
    up(&t.db, &[events()]).await.unwrap();
    assert_eq!(t.texts("SELECT version FROM seaql_migrations").await, ["theirs"]);
}

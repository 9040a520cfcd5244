//! Two runners migrating one database at once.

use std::time::Duration;

use migration::{Error, plan};
use pipeline::Table;
use sea_orm_migration::sea_orm::{ConnectionTrait, Database};

use crate::database::{ONE_EVENT, TestDb, down, events, fresh, index, up};

async fn both_at_once(t: &TestDb, tables: &[Table]) -> usize {
    let other = Database::connect(&t.url).await.unwrap();
    let (one, two) = tokio::join!(up(&t.db, tables), up(&other, tables));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.applied.is_empty() || two.applied.is_empty(), "both applied something");
    assert!(plan(&t.db, tables).await.unwrap().is_empty());
    other.close().await.unwrap();
    one.applied.len() + two.applied.len()
}

/// The first round installs the ledger as well.
#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_applied_once_in_every_round() {
    for _ in 0..4 {
        let t = fresh().await;
        for round in 0..5 {
            assert_eq!(both_at_once(&t, &[events()]).await, 3, "round {round}");
            for _ in 0..3 {
                down(&t.db, None, false).await.unwrap().unwrap();
            }
        }
    }
}

/// CREATE INDEX CONCURRENTLY waits for every older snapshot: a waiter that held one would deadlock with it.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_builds_do_not_deadlock_with_the_waiter() {
    let t = fresh().await;
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    for _ in 0..50 {
        t.run(ONE_EVENT).await;
    }
    for _ in 0..8 {
        assert_eq!(both_at_once(&t, &[events()]).await, 2);
        t.run("DROP INDEX events__client_id__idx, events__event_type__idx").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn up_and_down_take_turns() {
    let t = fresh().await;
    let other = Database::connect(&t.url).await.unwrap();
    let tables = [events()];
    for _ in 0..10 {
        let (upped, downed) = tokio::join!(up(&t.db, &tables), down(&other, None, false));
        upped.unwrap();
        downed.unwrap();
    }
    up(&t.db, &tables).await.unwrap();
    assert!(plan(&t.db, &tables).await.unwrap().is_empty());
}

/// Writers go on while an index is built, and the lock is gone when `up` returns.
#[tokio::test(flavor = "multi_thread")]
async fn writers_are_not_kept_out() {
    let t = fresh().await;
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    t.run(ONE_EVENT).await;
    let writer = Database::connect(&t.url).await.unwrap();
    let writing = async {
        for _ in 0..100 {
            writer.execute_unprepared(ONE_EVENT).await.unwrap();
        }
    };
    let more = [Table { indexes: vec![index(&["client_id"]), index(&["timestamp"])], ..events() }];
    let (report, ()) = tokio::join!(up(&t.db, &more), writing);
    assert_eq!(report.unwrap().applied.len(), 2);
    assert_eq!(t.texts("SELECT count(*)::text FROM events").await, ["101"]);
    assert_eq!(t.texts("SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await, ["0"]);
}

/// Another session holds the migration lock and never releases it.
#[tokio::test]
async fn the_wait_for_the_lock_ends_and_names_who_has_it() {
    let t = fresh().await;
    let other = sea_orm_migration::sea_orm::TransactionTrait::begin(&t.db).await.unwrap();
    let key = i64::from_be_bytes(*b"runner_m");
    other
        .execute_unprepared(&format!("SET LOCAL application_name = 'forgotten'; SELECT pg_advisory_lock({key})"))
        .await
        .unwrap();
    let error = migration::up(&t.db, &[events()], Duration::from_millis(300)).await.unwrap_err();
    let Error::LockTimeout { holder: Some(holder), .. } = &error else { panic!("{error:?}") };
    assert_eq!(holder.application, "forgotten");
    assert!(error.to_string().contains(&format!("server process {}, application_name `forgotten`", holder.pid)));
    other.execute_unprepared(&format!("SELECT pg_advisory_unlock({key})")).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(up(&t.db, &[events()]).await.unwrap().applied.len(), 3);
}

/// Every limit that a role may set is shorter than this build, and the lock outlives them all.
#[tokio::test(flavor = "multi_thread")]
async fn no_limit_of_the_role_ends_the_lock() {
    let t = fresh().await;
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    t.run(ONE_EVENT).await;
    let blocker = Database::connect(&t.url).await.unwrap();
    let hold = sea_orm_migration::sea_orm::TransactionTrait::begin(&blocker).await.unwrap();
    hold.execute_unprepared(ONE_EVENT).await.unwrap();
    let limits = "?options[idle_in_transaction_session_timeout]=100&options[lock_timeout]=100";
    let limited = Database::connect(format!("{}{limits}", t.url)).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        hold.rollback().await.unwrap();
    };
    let tables = [events()];
    let (report, ()) = tokio::join!(up(&limited, &tables), release);
    assert_eq!(report.unwrap().applied.len(), 2);
}

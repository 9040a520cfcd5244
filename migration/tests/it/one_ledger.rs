//! A database has one ledger, wherever the `search_path` of a connection leads.

use migration::{Error, status};
use sea_orm_migration::sea_orm::Database;

use crate::database::{down, events, fresh, table, up};

const LEDGERS: &str = "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class
    WHERE relname IN ('runner_ledger', 'runner_migrations') ORDER BY 1";

#[tokio::test]
async fn the_search_path_makes_no_second_one() {
    let t = fresh().await;
    t.run("CREATE SCHEMA app; CREATE SCHEMA \"odd \"\"name\"").await;
    let with_path =
        async |path: &str| Database::connect(format!("{}?options[search_path]={path}", t.url)).await.unwrap();
    let (app, odd) = (with_path("app").await, with_path("%22odd%20%22%22name%22").await);
    up(&odd, &[events()]).await.unwrap();
    up(&app, &[table("a", &["id integer"], &["id"])]).await.unwrap();
    up(&t.db, &[table("b", &["id integer"], &["id"])]).await.unwrap();
    assert_eq!(t.texts(LEDGERS).await, ["\"odd \"\"name\".runner_ledger", "\"odd \"\"name\".runner_migrations"]);
    for db in [&t.db, &app, &odd] {
        assert_eq!(status(db, &[]).await.unwrap().applied.len(), 5);
    }
    assert_eq!(down(&app, None, false).await.unwrap().unwrap().table.name, "b");
}

#[tokio::test]
async fn it_follows_when_somebody_moves_it() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    t.run("CREATE SCHEMA app; ALTER TABLE runner_migrations SET SCHEMA app; DELETE FROM app.runner_migrations").await;
    t.run("DROP TABLE runner_ledger").await;
    // The version is in one schema, and the ledger is created beside it.
    up(&t.db, &[table("a", &["id integer"], &["id"])]).await.unwrap();
    assert_eq!(t.texts(LEDGERS).await, ["app.runner_ledger", "app.runner_migrations"]);
    t.run("ALTER TABLE app.runner_ledger SET SCHEMA public").await;
    up(&t.db, &[table("b", &["id integer"], &["id"])]).await.unwrap();
    assert_eq!(t.texts(LEDGERS).await, ["app.runner_migrations", "public.runner_ledger"]);
}

#[tokio::test]
async fn several_are_named() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    t.run("CREATE SCHEMA app; CREATE TABLE app.runner_ledger (LIKE runner_ledger)").await;
    let more = [table("a", &["id integer"], &["id"])];
    for error in [up(&t.db, &more).await.unwrap_err(), status(&t.db, &[]).await.unwrap_err()] {
        assert!(matches!(error, Error::SeveralLedgers { .. }), "{error:?}");
        assert!(error.to_string().contains("runner_ledger, in the schemas app, public"), "{error}");
    }
}

/// Without a schema to create in, the ledger goes to `public`.
#[tokio::test]
async fn a_search_path_that_leads_nowhere_is_enough() {
    let t = fresh().await;
    let nowhere = Database::connect(format!("{}?options[search_path]=gone", t.url)).await.unwrap();
    up(&nowhere, &[table("public.a", &["id integer"], &["id"])]).await.unwrap();
    assert_eq!(t.texts(LEDGERS).await, ["public.runner_ledger", "public.runner_migrations"]);
}

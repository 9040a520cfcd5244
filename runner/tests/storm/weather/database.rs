//! Changes of the database that refuse rows, and others who lock them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, AssertSqlSafe};

use super::Weather;
use crate::event::SHARDS;
use crate::random::Random;

const TABLES: [&str; 6] = ["orders", "payments", "readings", "claims", "states", "transitions"];
const NAMES: [&str; 8] = [
    "required column",
    "new CHECK",
    "maintenance before rows",
    "maintenance after rows",
    "table away",
    "partition away",
    "locked table",
    "locked key",
];
/// Between two changes of one table. A message is rejected when it is refused, a control is accepted, and the message is
/// refused again: a change that is taken back and made again in between would look exactly like that.
const REST_OF_A_TABLE: Duration = Duration::from_secs(15);

impl Weather {
    pub(super) async fn change_database(&self, mut random: Random) {
        let mut changed: HashMap<&str, Instant> = HashMap::new();
        while self.pause(&mut random, 500..3000).await {
            let table = random.choose(&TABLES);
            let name = random.choose(&NAMES);
            let hold = random.milliseconds(200..2000);
            let shard = random.below(SHARDS);
            let rested = changed.get(table).is_none_or(|at| at.elapsed() > REST_OF_A_TABLE);
            match name {
                "locked table" => self.lock(&format!("LOCK TABLE {table}"), hold).await,
                "locked key" => {
                    self.lock(&format!("INSERT INTO orders VALUES ({}, 0, '')", self.next_order().await), hold).await;
                }
                "partition away" => self.change(partition(shard), hold).await,
                _ if !rested => continue,
                _ => {
                    self.change(change(name, table), hold).await;
                    changed.insert(table, Instant::now());
                }
            }
            self.note(name).await;
        }
    }

    /// Makes a change, and takes it back.
    async fn change(&self, [there, back]: [String; 2], hold: Duration) {
        self.stage.execute(&there).await;
        tokio::time::sleep(hold).await;
        self.stage.execute(&back).await;
    }

    /// Holds the locks of a statement.
    async fn lock(&self, statement: &str, hold: Duration) {
        let mut transaction = self.stage.pool.begin().await.expect("a transaction");
        // A lock or a key that somebody else has is as good.
        if sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await.is_ok() {
            tokio::time::sleep(hold).await;
        }
        transaction.rollback().await.expect("the end of the transaction");
    }

    /// About the number of an order that comes soon.
    async fn next_order(&self) -> i64 {
        self.stage.scalar("SELECT coalesce(max(id), 0) + 200 FROM orders").await
    }
}

/// The statements that make a change which refuses every row, and those that take it back.
fn change(name: &str, table: &str) -> [String; 2] {
    match name {
        "required column" => [
            format!(
                "ALTER TABLE {table} ADD COLUMN required integer NOT NULL DEFAULT 0; \
                 ALTER TABLE {table} ALTER COLUMN required DROP DEFAULT"
            ),
            format!("ALTER TABLE {table} DROP COLUMN required"),
        ],
        "new CHECK" => [
            format!("ALTER TABLE {table} ADD CONSTRAINT storm CHECK (id < 0) NOT VALID"),
            format!("ALTER TABLE {table} DROP CONSTRAINT storm"),
        ],
        "maintenance before rows" => maintenance("BEFORE", table),
        "maintenance after rows" => maintenance("AFTER", table),
        _ => [format!("ALTER TABLE {table} RENAME TO away"), format!("ALTER TABLE away RENAME TO {table}")],
    }
}

fn maintenance(moment: &str, table: &str) -> [String; 2] {
    [
        format!("CREATE TRIGGER maintenance {moment} INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION maintenance()"),
        format!("DROP TRIGGER maintenance ON {table}"),
    ]
}

fn partition(shard: u32) -> [String; 2] {
    [
        format!("ALTER TABLE readings DETACH PARTITION readings_{shard}"),
        format!("ALTER TABLE readings ATTACH PARTITION readings_{shard} FOR VALUES IN ({shard})"),
    ]
}

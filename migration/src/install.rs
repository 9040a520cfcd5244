//! Creates the ledger's own tables, in the versions that sea-orm-migration counts.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use sea_orm_migration::sea_query::{Alias, ColumnDef, DynIden, Expr, IntoIden, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};

use crate::ddl;
use crate::reserved::{LEDGER, LEDGER_VERSION};

/// Frees the names of the driver's prepared statements. sea-orm-migration uses names, and on the server connection of a
/// pooler they may be taken, or would be left behind.
const FREE_NAMES: &str = r"DO $$ DECLARE taken text; BEGIN
    FOR taken IN SELECT name FROM pg_prepared_statements WHERE name LIKE 'sqlx\_s\_%' LOOP
        EXECUTE 'DEALLOCATE ' || quote_ident(taken);
    END LOOP;
END $$";

/// Creates the ledger, or updates an older one. Its tables are found in these schemas, and created in the first.
pub(crate) async fn up(db: &DatabaseConnection, schemas: [&str; 2]) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    let path = schemas.map(ddl::ident).join(", ");
    transaction.execute_unprepared(&format!("SET LOCAL search_path TO {path}; {FREE_NAMES}")).await?;
    Migrator::up(&transaction, None).await?;
    transaction.execute_unprepared(FREE_NAMES).await?;
    transaction.commit().await
}

/// The newest version.
pub(crate) fn newest() -> String {
    Migrator::migrations().last().map_or_else(String::new, |migration| migration.name().to_owned())
}

/// The versions of the ledger itself. A new version is appended; released versions are never edited.
struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateLedger)]
    }

    fn migration_table_name() -> DynIden {
        Alias::new(LEDGER_VERSION).into_iden()
    }
}

struct CreateLedger;

impl MigrationName for CreateLedger {
    fn name(&self) -> &'static str {
        "m0001_create_ledger"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateLedger {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut create = Table::create();
        create
            .table(Alias::new(LEDGER))
            .col(column("id").big_integer().not_null().primary_key().extra("GENERATED ALWAYS AS IDENTITY"));
        for required in [
            "action",
            "schema_name",
            "table_name",
            "summary",
            "sql",
            "undo_sql",
            "loses",
            "declared_in",
            "runner_version",
        ] {
            create.col(column(required).text().not_null());
        }
        create
            .col(column("object").text())
            .col(column("started_at").timestamp_with_time_zone().not_null().default(Expr::current_timestamp()))
            .col(column("applied_at").timestamp_with_time_zone())
            .col(column("undone_at").timestamp_with_time_zone());
        manager.create_table(create).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new(LEDGER)).to_owned()).await
    }
}

fn column(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
}

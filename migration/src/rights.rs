//! Which privileges the live database asks for, and which of them the role of the connection does not have.

use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};

use crate::catalog::{home, read_only};
use crate::grant::{Grant, Missing, Object, Privilege, in_schema, to_write};
use crate::ledger::Homes;
use crate::query::{all, one};
use crate::reserved::{LEDGER, LEDGER_VERSION};
use crate::transaction::Transaction;
use crate::{Action, Error, Step};
use pipeline::{LiveTypes, Table, TableName, Target};

const READING: &str = "reading the privileges";

/// The privileges that these steps of a migration need, and the record of them in the ledger.
pub async fn needed_to_apply(db: &DatabaseConnection, steps: &[Step]) -> Result<Vec<Grant>, Error> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let transaction = read_only(db).await?;
    let homes = Homes::find(&transaction).await?;
    let schema = homes.schema(&transaction).await.map_err(Error::during(READING))?;
    let database = database_name(&transaction).await;
    transaction.rollback().await.map_err(Error::during(READING))?;
    let mut grants = match &homes.ledger {
        Some(_) => on_ledger(&homes),
        None => in_schema(&schema).to_vec(),
    };
    for step in steps {
        match (step.action, step.home.schema.as_deref()) {
            (Action::CreateSchema, _) => {
                let database: String = database.clone().map_err(Error::during(READING))?;
                grants.push(Grant::on(Object::Database(database), Privilege::Create));
            }
            (Action::CreateTable | Action::CreateIndex, Some(schema)) if !creates_schema(steps, schema) => {
                grants.extend(in_schema(schema));
            }
            _ => {}
        }
    }
    grants.sort();
    grants.dedup();
    Ok(grants)
}

/// Whether one of the steps creates this schema.
fn creates_schema(steps: &[Step], name: &str) -> bool {
    let mut creations = steps.iter().filter(|step| step.action == Action::CreateSchema);
    creations.any(|step| step.object.as_deref() == Some(name))
}

async fn database_name(db: &Transaction) -> Result<String, DbErr> {
    let row = one(db, "SELECT current_database()::text AS name", []).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("current_database".to_owned()))?.try_get("", "name")
}

/// What recording steps needs in a ledger that another role made.
fn on_ledger(homes: &Homes) -> Vec<Grant> {
    let mut grants = Vec::new();
    for (schema, table, privileges) in [
        (&homes.versions, LEDGER_VERSION, &[Privilege::Select][..]),
        (&homes.ledger, LEDGER, &[Privilege::Insert, Privilege::Select, Privilege::Update, Privilege::Delete]),
    ] {
        let Some(schema) = schema else { continue };
        let object = Object::Table(TableName { schema: Some(schema.clone()), name: table.to_owned() });
        grants.push(Grant::on(Object::Schema(schema.clone()), Privilege::Usage));
        grants.extend(privileges.iter().map(|privilege| Grant::on(object.clone(), *privilege)));
    }
    grants
}

/// The privileges that writing one table needs, by the name that has its schema.
pub(crate) async fn of_target(db: &Transaction, target: &Target, types: &LiveTypes) -> Result<Vec<Grant>, Error> {
    let name = home(db, &target.table.name).await?;
    let table = Table { name, ..target.table.clone() };
    let sequences = sequences(db, &table).await.map_err(Error::during(READING))?;
    let mut grants = to_write(&Target { table, ..target.clone() });
    grants.extend(sequences.into_iter().map(|name| Grant::on(Object::Sequence(name), Privilege::Usage)));
    for ty in types.values().filter(|ty| ty.schema != "pg_catalog") {
        let grant = Grant::on(Object::Schema(ty.schema.clone()), Privilege::Usage);
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    Ok(grants)
}

/// The sequences that the defaults of columns read which the file does not name. An identity column needs no privilege.
async fn sequences(db: &Transaction, table: &Table) -> Result<Vec<TableName>, DbErr> {
    let sql = "SELECT sn.nspname::text AS schema, s.relname::text AS name
        FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
        JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
        JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
        JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND a.attname <> ALL ($3) ORDER BY a.attnum";
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let values = [table.name.schema.clone().into(), table.name.name.as_str().into(), columns.into()];
    let mut sequences = Vec::new();
    for row in all(db, sql, values).await? {
        sequences.push(TableName { schema: Some(row.try_get("", "schema")?), name: row.try_get("", "name")? });
    }
    Ok(sequences)
}

/// The privileges for writing one table that the role does not have.
pub(crate) async fn missing_to_write(
    db: &Transaction,
    target: &Target,
    types: &LiveTypes,
) -> Result<Option<Missing>, Error> {
    missing(db, of_target(db, target, types).await?).await.map_err(Error::during(READING))
}

/// Fails where the role can't apply these steps.
pub(crate) async fn check_to_apply(db: &DatabaseConnection, steps: &[Step]) -> Result<(), Error> {
    let grants = needed_to_apply(db, steps).await?;
    let transaction = read_only(db).await?;
    let missing = missing(&transaction, grants).await.map_err(Error::during(READING))?;
    transaction.rollback().await.map_err(Error::during(READING))?;
    missing.map_or(Ok(()), |missing| Err(Error::MissingPrivileges(missing)))
}

async fn missing(db: &Transaction, needed: Vec<Grant>) -> Result<Option<Missing>, DbErr> {
    let mut grants = Vec::new();
    for grant in needed {
        grants.extend(not_held(db, grant).await?);
    }
    if grants.is_empty() {
        return Ok(None);
    }
    let row = one(db, "SELECT current_user::text AS role", []).await?;
    let role = row.map(|row| row.try_get("", "role")).transpose()?.unwrap_or_default();
    Ok(Some(Missing { grants, role }))
}

/// The part of a grant that the role does not have. Of an object that does not exist nothing is missing.
async fn not_held(db: &Transaction, grant: Grant) -> Result<Option<Grant>, DbErr> {
    let keyword = grant.privilege.keyword();
    let unmet = match &grant.object {
        Object::Database(_) => {
            one(db, "SELECT 1 WHERE NOT has_database_privilege(current_database(), $1)", [keyword.into()]).await?
        }
        Object::Schema(name) => {
            let sql = "SELECT 1 FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, $2)";
            one(db, sql, [name.as_str().into(), keyword.into()]).await?
        }
        Object::Table(name) if !grant.columns.is_empty() => {
            let columns = columns_without(db, name, &grant).await?;
            return Ok((!columns.is_empty()).then_some(Grant { columns, ..grant }));
        }
        Object::Table(name) => {
            let sql = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relname = $2 AND NOT has_table_privilege(c.oid, $3)";
            one(db, sql, [name.schema.clone().into(), name.name.as_str().into(), keyword.into()]).await?
        }
        // UPDATE on a sequence allows `nextval` as well.
        Object::Sequence(name) => {
            let sql = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relname = $2 AND NOT has_sequence_privilege(c.oid, 'USAGE, UPDATE')";
            one(db, sql, [name.schema.clone().into(), name.name.as_str().into()]).await?
        }
    };
    Ok(unmet.map(|_| grant))
}

/// The columns that the role does not have the privilege for, in their order.
async fn columns_without(db: &Transaction, table: &TableName, grant: &Grant) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT a.attname::text AS name FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = ANY ($3) AND NOT has_column_privilege(c.oid, a.attnum, $4)
        ORDER BY a.attnum";
    let (schema, name) = (table.schema.clone().into(), table.name.as_str().into());
    let values = [schema, name, grant.columns.clone().into(), grant.privilege.keyword().into()];
    let mut columns = Vec::new();
    for row in all(db, sql, values).await? {
        columns.push(row.try_get("", "name")?);
    }
    Ok(columns)
}

//! Whether PostgreSQL assigns values of a declared type to a live column of another type, and keeps them as they are.
//!
//! Nothing here lists types. The catalog shows which casts there are, and the server itself shows what a cast keeps: it
//! converts values that are hard to keep to the live type and back.

use sea_orm_migration::sea_orm::{DbErr, QueryResult};

use crate::ddl;
use crate::error::Cause;
use crate::query::one;
use crate::transaction::Transaction;
use pipeline::{ColumnType, ScalarType, TypeName};

/// How values of the declared type get into a live column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// The column has the declared type, or is not declared.
    Same,
    /// PostgreSQL assigns them.
    Accepted {
        /// The type to cast to; `None` where the column differs only in its length, its precision or a domain.
        live_type: Option<TypeName>,
        /// What happens to some values in silence.
        warning: Option<String>,
    },
    /// The reason why not.
    Refused(String),
}

/// The type below a live column's domains and array, and how PostgreSQL gets there from the declared one.
struct Target {
    declared: ScalarType,
    /// The scalar type.
    scalar: TypeName,
    /// Its array type, which a few types do not have.
    array: Option<TypeName>,
    /// Its name, as `format_type()` prints it.
    printed: String,
    /// How deep its arrays are nested.
    arrays: i32,
    route: Route,
    /// What is stored depends on the settings of the session.
    depends_on_session: bool,
    /// Length or precision.
    modifier: i32,
    /// The function that fits a value to the modifier; `None` where there is no modifier, or where an assignment refuses
    /// what does not fit.
    rounding: Option<TypeName>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    SameType,
    /// A cast that PostgreSQL applies everywhere, since it considers it harmless.
    Implicit,
    /// A cast that PostgreSQL applies in an INSERT.
    Assignment,
    /// The live type reads the text, once the statement asks for it.
    Input,
    None,
}

/// What becomes of values that are hard to keep.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Each is kept, or refused with an error.
    All,
    NotAll,
}

/// The steps from the type of a column ($1, $2) to the one below its domains and arrays, the last of which is `live`.
pub(crate) const LIVE: &str = "WITH RECURSIVE step AS (
        SELECT atttypid AS type, atttypmod AS modifier, 0 AS arrays, 0 AS level FROM pg_attribute
        WHERE attrelid = $1::bigint::oid AND attname = $2
    UNION ALL
        SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END,
            CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE step.modifier END,
            CASE t.typtype WHEN 'd' THEN step.arrays ELSE step.arrays + 1 END, step.level + 1
        FROM step JOIN pg_type t ON t.oid = step.type
        WHERE t.typtype = 'd' OR EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
    ), live AS (SELECT * FROM step ORDER BY level DESC LIMIT 1)";

/// The casts to that type from $3. A function that fits values to a length or precision takes a third argument if it
/// refuses, in an assignment, what does not fit.
const TARGET: &str =
    "SELECT live.arrays, live.modifier, format_type(t.oid, NULL) AS printed,
        n.nspname::text AS schema, t.typname::text AS name, an.nspname::text AS array_schema, at.typname::text AS array_name,
        CASE WHEN t.oid = d.oid THEN 'same' WHEN c.castcontext = 'i' THEN 'implicit' WHEN c.castcontext = 'a' THEN 'assignment'
            WHEN t.typcategory = 'S' THEN 'assignment' WHEN d.oid = 'text'::regtype THEN 'input' ELSE 'none' END AS route,
        coalesce(f.provolatile <> 'i' AND c.castcontext <> 'e', false) AS depends_on_session,
        fn.nspname::text AS rounding_schema, fp.proname::text AS rounding_name
    FROM live JOIN pg_type t ON t.oid = live.type JOIN pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_type d ON d.oid = $3::regtype
        LEFT JOIN pg_type at ON at.oid = t.typarray LEFT JOIN pg_namespace an ON an.oid = at.typnamespace
        LEFT JOIN pg_cast c ON c.castsource = d.oid AND c.casttarget = t.oid AND d.oid <> t.oid
        LEFT JOIN pg_proc f ON f.oid = c.castfunc
        LEFT JOIN pg_cast fit ON fit.castsource = t.oid AND fit.casttarget = t.oid AND live.modifier >= 0
        LEFT JOIN pg_proc fp ON fp.oid = fit.castfunc AND fp.pronargs < 3
        LEFT JOIN pg_namespace fn ON fn.oid = fp.pronamespace";

/// Asks the catalog, and then the server, what becomes of values of the declared type in this column.
pub(crate) async fn assignment(
    db: &Transaction,
    table: i64,
    column: &str,
    declared: ColumnType,
) -> Result<Assignment, DbErr> {
    let scalar = declared.scalar();
    let values = [table.into(), column.into(), scalar.to_string().into()];
    let Some(row) = one(db, &format!("{LIVE} {TARGET}"), values).await? else {
        return Ok(Assignment::Refused("its type is not in the catalog".to_owned()));
    };
    let target = Target::read(&row, scalar)?;
    let is_array = matches!(declared, ColumnType::Array(_));
    if let Some(reason) = target.refused(is_array) {
        return Ok(Assignment::Refused(reason));
    }
    target.assign(db, is_array).await
}

impl Target {
    fn read(row: &QueryResult, declared: ScalarType) -> Result<Self, DbErr> {
        let route: String = row.try_get("", "route")?;
        Ok(Self {
            declared,
            scalar: TypeName { schema: row.try_get("", "schema")?, name: row.try_get("", "name")? },
            array: optional_name(row, "array_schema", "array_name")?,
            printed: row.try_get("", "printed")?,
            arrays: row.try_get("", "arrays")?,
            route: match route.as_str() {
                "same" => Route::SameType,
                "implicit" => Route::Implicit,
                "assignment" => Route::Assignment,
                "input" => Route::Input,
                _ => Route::None,
            },
            depends_on_session: row.try_get("", "depends_on_session")?,
            modifier: row.try_get("", "modifier")?,
            rounding: optional_name(row, "rounding_schema", "rounding_name")?,
        })
    }

    /// The reason why PostgreSQL could not be made to accept the values at all.
    fn refused(&self, is_array: bool) -> Option<String> {
        match (self.arrays, self.route) {
            (arrays, _) if arrays != i32::from(is_array) => Some("only one of the two is a plain array".to_owned()),
            (_, Route::None) => Some(format!("PostgreSQL assigns no {} to {}", self.declared, self.printed)),
            // A text would be read by rules that depend on the session, where the cast of the file's own type is strict.
            (_, Route::Input) => {
                let own = ColumnType::named_by_postgres(&self.printed)?;
                Some(format!("declare it {}", own.keyword()))
            }
            _ => None,
        }
    }

    async fn assign(&self, db: &Transaction, is_array: bool) -> Result<Assignment, DbErr> {
        let as_the_type = self.kept(db, None).await?;
        if as_the_type == Kept::NotAll && self.route != Route::Implicit {
            let reason = format!("{} does not keep every {}", self.printed, self.declared);
            return Ok(Assignment::Refused(reason));
        }
        let rounds = match &self.rounding {
            // How the live type reads a text is its own affair: no value shows it.
            Some(_) if self.route == Route::Input => true,
            Some(function) => self.kept(db, Some(function)).await? == Kept::NotAll,
            None => false,
        };
        let warning = if rounds || as_the_type == Kept::NotAll {
            Some("values are rounded or cut to fit, without an error".to_owned())
        } else if self.depends_on_session {
            Some("what is stored depends on the settings of the session, such as TimeZone".to_owned())
        } else {
            None
        };
        let live_type = if is_array { self.array.clone() } else { Some(self.scalar.clone()) };
        Ok(Assignment::Accepted { live_type: live_type.filter(|_| self.route != Route::SameType), warning })
    }

    /// Converts values to the live type, fitted to its modifier where `rounding` is the function for that, and back. An
    /// error on the way there refuses the value, so nothing is lost; one on the way back means that it is not the same.
    async fn kept(&self, db: &Transaction, rounding: Option<&TypeName>) -> Result<Kept, DbErr> {
        let (declared, live) = (self.declared, ddl::type_name(&self.scalar));
        let mut there = format!("$1::text::{declared}::{live}");
        if let Some(function) = rounding {
            there = format!("{}({there}, $2::integer)", ddl::type_name(function));
        }
        // Names the second argument also where no function takes it.
        let sent = format!("SELECT ({there}) IS NOT NULL AND $2::integer IS NOT NULL AS kept");
        let back = format!("SELECT ({there})::{declared} = $1::text::{declared} AND $2::integer IS NOT NULL AS kept");
        for value in self.declared.hard_to_keep() {
            let is_accepted = self.is_true(db, &sent, &value).await?;
            if is_accepted && !self.is_true(db, &back, &value).await? {
                return Ok(Kept::NotAll);
            }
        }
        Ok(Kept::All)
    }

    /// Whether the server computes true; false where the conversion fails, which ends only a savepoint.
    async fn is_true(&self, db: &Transaction, sql: &str, value: &str) -> Result<bool, DbErr> {
        match db.aside(one(db, sql, [value.into(), self.modifier.into()])).await? {
            Ok(row) => row.map_or(Ok(false), |row| row.try_get("", "kept")),
            Err(error) if is_of_a_conversion(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn optional_name(row: &QueryResult, schema: &str, name: &str) -> Result<Option<TypeName>, DbErr> {
    let (schema, name): (Option<String>, Option<String>) = (row.try_get("", schema)?, row.try_get("", name)?);
    Ok(schema.zip(name).map(|(schema, name)| TypeName { schema, name }))
}

/// The type does not accept the value, for which extensions have errors of any class, or there is no cast. Other errors
/// are those of a connection, a transaction or a server that ends, and a timeout.
fn is_of_a_conversion(error: &DbErr) -> bool {
    let cause = Cause::of(error);
    cause.sqlstate().is_some_and(|state| !["08", "25", "40", "53", "57"].iter().any(|class| state.starts_with(class)))
}

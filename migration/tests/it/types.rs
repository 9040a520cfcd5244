//! The types of live columns: what is created compares equal to what is read, and what others created is accepted where
//! PostgreSQL keeps every value.

use migration::{Fit, plan};
use pipeline::{Column, ColumnType, Table, WhenNull};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::database::{TestDb, fit, fresh, table, up};

#[tokio::test]
async fn every_type_makes_the_round_trip() {
    let t = fresh().await;
    let mut types: Vec<String> = ColumnType::names().map(str::to_owned).collect();
    types.extend(["numeric(1)", "numeric(12,2)", "numeric(1000,1000)"].map(str::to_owned));
    types.extend(types.clone().iter().map(|ty| format!("{ty}[]")));
    let mut declared = table("t", &[], &[]);
    for (n, ty) in types.iter().enumerate() {
        for when_null in [WhenNull::Store, WhenNull::Reject] {
            let name = format!("c{n}_{}", when_null.word());
            declared.columns.push(Column { name, ty: ty.parse().unwrap(), when_null });
        }
    }
    let declared = [declared];
    up(&t.db, &declared).await.unwrap();
    assert!(plan(&t.db, &declared).await.unwrap().is_empty());
    assert!(fit(&t.db, &declared).await.unwrap().misfits.is_empty());
    let read = t
        .texts("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum")
        .await;
    let written: Vec<String> = declared[0].columns.iter().map(|column| column.ty.to_string()).collect();
    assert_eq!(read, written);
}

/// Types that others made.
const OTHERS: &str = r#"
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
    CREATE SCHEMA "Odd schema"; CREATE TYPE "Odd schema"."Mo""od" AS ENUM ('sad', 'ok', 'happy');
    CREATE DOMAIN email AS varchar(20) CHECK (VALUE LIKE '%@%'); CREATE DOMAIN work_email AS email;
    CREATE DOMAIN mood AS "Odd schema"."Mo""od"; CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
    CREATE DOMAIN tags AS text[];"#;

/// The column `v`, made by others with one type, declared as another.
async fn declared_as(t: &TestDb, live: &str, declared: &str) -> Fit {
    t.run(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer PRIMARY KEY, v {live})")).await;
    let declared = [table("t", &["id integer", &format!("v {declared} null")], &["id"])];
    let fit = fit(&t.db, &declared).await.unwrap();
    let planned = plan(&t.db, &declared).await.unwrap();
    assert_eq!(planned.refusals.len(), fit.misfits.len(), "{live}: {planned:?}");
    assert!(planned.steps.is_empty(), "{live}: {planned:?}");
    fit
}

#[tokio::test]
async fn a_type_that_keeps_every_value_fits() {
    let t = fresh().await;
    t.run(OTHERS).await;
    let texts = [
        "varchar(255)",
        "varchar",
        "char(3)",
        "citext",
        r#""Odd schema"."Mo""od""#,
        "mood",
        "email",
        "work_email",
        "json",
        "xml",
        "hstore",
        "ltree",
        "timestamp",
        "macaddr",
        "cidr",
        "point",
        "int4range",
        "bit(4)",
        "money",
    ];
    let others = [
        ("smallint", "integer"),
        ("integer", "bigint"),
        ("integer", "numeric"),
        ("integer", "double precision"),
        ("integer", "posint"),
        ("bigint", "numeric"),
        ("integer", "smallint"),
        ("numeric(12,2)", "numeric(20,4)"),
        ("numeric(12,2)", "numeric"),
        ("numeric(9,0)", "integer"),
        ("real", "double precision"),
        ("uuid", "text"),
        ("uuid", "varchar(36)"),
        ("jsonb", "json"),
        ("jsonb", "text"),
        ("date", "timestamp"),
        ("boolean", "text"),
        ("text[]", "varchar(20)[]"),
        ("text[]", "mood[]"),
        ("text[]", "tags"),
        ("integer[]", "bigint[]"),
        ("text[]", "citext[]"),
        ("timestamptz", "timestamptz(6)"),
        ("time", "interval"),
    ];
    for (declared, live) in texts.map(|live| ("text", live)).into_iter().chain(others) {
        let fit = declared_as(&t, live, declared).await;
        assert_eq!((&fit.misfits[..], &fit.lossy[..]), (&[][..], &[][..]), "{declared} to {live}");
    }
}

#[tokio::test]
async fn what_is_changed_in_silence_is_a_warning() {
    const ROUNDED: &str = "values are rounded or cut to fit, without an error";
    let t = fresh().await;
    for (declared, live, effect) in [
        ("timestamptz", "timestamp(3) with time zone", ROUNDED),
        ("timestamptz[]", "timestamp(3) with time zone[]", ROUNDED),
        ("numeric", "numeric(10,2)", ROUNDED),
        ("numeric(12,2)", "numeric(12,1)", ROUNDED),
        ("numeric(12,2)", "numeric(3,1)", ROUNDED),
        ("time", "time(0) without time zone", ROUNDED),
        ("bigint", "double precision", ROUNDED),
        ("text", "name", ROUNDED),
        ("text", "timestamp(0) without time zone", ROUNDED),
        (
            "timestamptz",
            "timestamp without time zone",
            "what is stored depends on the settings of the session, such as TimeZone",
        ),
    ] {
        let fit = declared_as(&t, live, declared).await;
        let [lossy] = &fit.lossy[..] else { panic!("{declared} to {live}: {fit:?}") };
        let declared: ColumnType = declared.parse().unwrap();
        assert_eq!(lossy.to_string(), format!("table t: column v is {live}, declared {declared}: {effect}"));
        assert_eq!(fit.misfits, []);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_reason() {
    let t = fresh().await;
    t.run(OTHERS).await;
    for (declared, live, reason) in [
        ("bigint", "uuid", "PostgreSQL assigns no bigint to uuid"),
        ("uuid", "mood", "PostgreSQL assigns no uuid to"),
        ("text", "bigint", "declare it bigint"),
        ("text", "timestamp with time zone", "declare it timestamptz"),
        ("text", "posint", "declare it integer"),
        ("timestamptz", "date", "date does not keep every timestamp with time zone"),
        ("numeric(12,2)", "integer", "integer does not keep every numeric(12,2)"),
        ("double precision", "real", "real does not keep every double precision"),
        ("inet", "cidr", "cidr does not keep every inet"),
        ("text", "\"char\"", "\"char\" does not keep every text"),
        ("text", "tsvector", "tsvector does not keep every text"),
        ("integer", "money", "money does not keep every integer"),
        ("text[]", "text", "only one of the two is a plain array"),
        ("text", "tags", "only one of the two is a plain array"),
    ] {
        let fit = declared_as(&t, live, declared).await;
        let [misfit] = &fit.misfits[..] else { panic!("{declared} to {live}: {fit:?}") };
        assert!(misfit.problem.contains(reason), "{declared} to {live}: {}", misfit.problem);
    }
}

/// Every type of the server that a column can have, against every type of a pipeline file, and arrays of them against
/// arrays of text: what fits, PostgreSQL plans.
#[tokio::test]
async fn every_type_that_fits_is_assigned() {
    let t = fresh().await;
    t.run(OTHERS).await;
    let types = t
        .texts(
            "SELECT format_type(oid, -1) FROM pg_type WHERE typtype IN ('b', 'd', 'e', 'r', 'm') AND typarray <> 0
             AND (typelem = 0 OR typcategory <> 'A') ORDER BY oid",
        )
        .await;
    assert!(types.len() > 60, "{types:?}");
    let columns: Vec<String> = types.iter().enumerate().map(|(n, ty)| format!("c{n} {ty}, a{n} {ty}[]")).collect();
    t.run(&format!("CREATE TABLE t ({})", columns.join(", "))).await;
    let mut accepted = 0;
    for declared in ColumnType::names() {
        let mut all = Table { columns: Vec::new(), ..table("t", &[], &[]) };
        for n in 0..types.len() {
            all.columns.push(Column {
                name: format!("c{n}"),
                ty: declared.parse().unwrap(),
                when_null: WhenNull::Store,
            });
            if declared == "text" {
                all.columns.push(Column {
                    name: format!("a{n}"),
                    ty: "text[]".parse().unwrap(),
                    when_null: WhenNull::Store,
                });
            }
        }
        let fit = fit(&t.db, std::slice::from_ref(&all)).await.unwrap();
        for column in &all.columns {
            if fit.misfits.iter().any(|misfit| misfit.column.as_deref() == Some(&column.name)) {
                continue;
            }
            let live = fit.live_types[0].get(&column.name);
            let cast = live.map(|ty| format!("::\"{}\".\"{}\"", ty.schema, ty.name.replace('"', "\"\"")));
            let (name, cast) = (&column.name, cast.unwrap_or_default());
            let sql = format!("EXPLAIN INSERT INTO t ({name}) SELECT NULL::{}{cast}", column.ty);
            t.db.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            accepted += 1;
        }
    }
    assert!(accepted > 200, "only {accepted} fit");
}

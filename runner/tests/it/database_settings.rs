//! How the database is named: its URL part by part, passwords in files, and TLS.

use std::process::Command;
use std::time::Duration;

use devstack::postgres::{Postgres, PostgresOptions};
use sea_orm::sqlx::{self, PgPool};

use crate::stack::{Stack, shown};

const CHECK: [&str; 3] = ["validate-config", "--connect", "pipelines/transactions.yaml"];

async fn ready() -> Stack {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", "pipelines/transactions.yaml"]);
    stack
}

/// Runs a command with other settings; `None` takes one away. What it prints.
fn printed(stack: &Stack, code: i32, args: &[&str], settings: &[(&str, Option<&str>)]) -> String {
    let mut command: Command = stack.runner(args);
    for (name, value) in settings {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(code), "{settings:?}\n{}", shown(&output));
    shown(&output)
}

#[tokio::test]
async fn url_and_password_may_be_in_files() {
    let stack = ready().await;
    let (user, _) = stack.database.split_once('@').expect("a user");
    let (_, password) = user.rsplit_once(':').expect("a password");
    let url = stack.write("url", &format!("{}\n", stack.database));
    let password = stack.write("password", &format!("{password}\r\n"));
    let (url, password) = (url.to_str(), password.to_str());
    printed(&stack, 0, &CHECK, &[("DB_PASSWORD", None), ("DB_PASSWORD_FILE", password)]);
    let text = printed(&stack, 0, &CHECK, &[("DB_HOST", None), ("DATABASE_URL_FILE", url)]);
    assert!(!text.contains("WARN"), "{text}");
    let text = printed(&stack, 78, &["migrate", "status"], &[("DB_PASSWORD_FILE", password)]);
    assert!(text.contains("DB_PASSWORD and DB_PASSWORD_FILE are both set"), "{text}");
    let settings = [("DB_PASSWORD", None), ("DB_PASSWORD_FILE", Some("/dev/zero"))];
    let text = printed(&stack, 78, &["migrate", "status"], &settings);
    assert!(text.contains("/dev/zero, which DB_PASSWORD_FILE names: it is not a regular file"), "{text}");
}

#[tokio::test]
async fn the_part_of_a_url_that_is_wrong_is_named_without_its_value() {
    let stack = Stack::new().await;
    for (url, part) in [
        ("postgres://u@h1:5432,h2:hunter2/db", "the port is not a number"),
        (
            "postgres://u@h1,h2/db?target_session_attrs=hunter2",
            "`target_session_attrs` is not any, read-write or primary",
        ),
        ("postgres://u@h/db?sslpassword=hunter2", "`sslpassword` is not a parameter"),
        ("postgres://u:hunter2@h:hunter2/db", "the port is not a number"),
        ("postgres://u@h/db?sslmode=hunter2", "`sslmode` is not disable, allow"),
    ] {
        let text = printed(&stack, 78, &["migrate", "status"], &[("DATABASE_URL", Some(url))]);
        assert!(text.contains(&format!("DATABASE_URL: {part}")) && text.contains("help:"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let text = printed(&stack, 78, &["migrate", "status"], &[("DB_SSLMODE", Some("on"))]);
    assert!(text.contains("DB_SSLMODE: `sslmode` is not disable, allow"), "{text}");
}

#[tokio::test]
async fn a_connection_without_tls_to_another_machine_is_a_warning_or_refused() {
    let stack = Stack::new().await;
    // The name leads nowhere, and the warning comes before anybody looks it up.
    let elsewhere = [("DB_HOST", Some("db.invalid"))];
    let text = printed(&stack, 1, &["migrate", "status"], &elsewhere);
    assert!(text.contains("WARN") && text.contains("on db.invalid may be without encryption"), "{text}");
    assert!(text.contains("DB_SSLMODE=verify-full"), "{text}");
    let text = printed(&stack, 78, &["migrate", "status", "--require-tls"], &elsewhere);
    assert!(text.contains("which --require-tls refuses"), "{text}");
    let unverified = [("DB_HOST", Some("db.invalid")), ("DB_SSLMODE", Some("require"))];
    let text = printed(&stack, 78, &["migrate", "status", "--require-tls"], &unverified);
    assert!(text.contains("the certificate of the server is not verified"), "{text}");
    let text = printed(&stack, 0, &["migrate", "status", "--require-tls"], &[]);
    assert!(!text.contains("WARN"), "{text}");
}

#[tokio::test]
async fn a_password_on_the_command_line_is_a_warning() {
    let stack = Stack::new().await;
    let text = printed(&stack, 0, &["migrate", "status", "--database-url", &stack.database], &[]);
    assert!(text.contains("WARN") && text.contains("DATABASE_URL_FILE"), "{text}");
}

/// A server with a certificate for `localhost`, which is signed by an authority of its own. The server makes both itself,
/// in its own folder: it accepts a key only from its own user.
const MAKE_CERTIFICATES: &str = r"
    COPY (SELECT 1) TO PROGRAM 'umask 077
        new=''-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes''
        echo subjectAltName=DNS:localhost > names
        openssl req -x509 $new -keyout ca.key -out ca.pem -subj /CN=authority &&
        openssl req $new -keyout server.key -out server.csr -subj /CN=localhost &&
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out server.crt'";

/// Starts to speak TLS; new connections see it a moment later.
async fn turn_tls_on(postgres: &Postgres, pool: &PgPool) {
    for statement in [MAKE_CERTIFICATES, "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(pool).await.expect("openssl makes certificates");
    }
    let is_on = async {
        loop {
            let new = PgPool::connect(&postgres.url()).await.expect("it answers");
            let ssl: String = sqlx::query_scalar("SHOW ssl").fetch_one(&new).await.expect("a setting");
            if ssl == "on" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), is_on).await.expect("TLS is on");
}

#[tokio::test]
async fn the_certificate_and_the_name_of_the_server_are_verified() {
    let postgres = Postgres::start(&PostgresOptions::default()).expect("a private PostgreSQL starts");
    let pool = PgPool::connect(&postgres.url()).await.expect("it answers");
    turn_tls_on(&postgres, &pool).await;
    let authority: String = sqlx::query_scalar("SELECT pg_read_file('ca.pem')").fetch_one(&pool).await.expect("a file");
    let mut stack = Stack::without_queues().await;
    stack.database = postgres.url();
    let authority = stack.write("ca.pem", &authority);
    let settings =
        |host, authority| [("DB_HOST", Some(host)), ("DB_SSLMODE", Some("verify-full")), ("DB_SSLROOTCERT", authority)];
    let status = ["migrate", "status", "--require-tls"];
    printed(&stack, 0, &status, &settings("localhost", authority.to_str()));
    for (host, authority) in [("127.0.0.1", authority.to_str()), ("localhost", None)] {
        let text = printed(&stack, 1, &status, &settings(host, authority));
        assert!(text.contains("certificate"), "{text}");
    }
}

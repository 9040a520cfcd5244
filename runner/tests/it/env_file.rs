//! `.env`: which file is read, that its values are literal, and how its mistakes are reported.

use std::process::{Command, Output};

use crate::stack::{Stack, shown};

const CHECK: [&str; 3] = ["validate-config", "--connect", "pipelines/transactions.yaml"];

/// The command without the database in its environment.
fn without_database(stack: &Stack, args: &[&str]) -> Command {
    let mut command = stack.runner(args);
    for name in ["DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT", "DB_NAME"] {
        command.env_remove(name);
    }
    command
}

fn ended(mut command: Command, code: i32) -> (Output, String) {
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, log)
}

/// A role of its own with this password, and its settings as lines of a `.env` file, but for the password.
async fn role(stack: &Stack, password: &str) -> String {
    let (_, place) = stack.database.split_once('@').expect("user and host");
    let (address, name) = place.split_once('/').expect("a database");
    let (host, port) = address.split_once(':').expect("a port");
    stack.execute(&format!(r#"CREATE ROLE "of-{name}" LOGIN PASSWORD '{password}'"#)).await;
    format!("DB_USER=of-{name}\nDB_HOST={host}\nDB_PORT={port}\nDB_NAME={name}\n")
}

#[tokio::test]
async fn a_password_is_used_as_it_is_written() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", "pipelines/transactions.yaml"]);
    let settings = role(&stack, r"ab$defgh@jk${HOME}\n#/").await;
    stack
        .execute(&format!(r#"GRANT SELECT, INSERT ON events TO "{}""#, &settings[8..settings.find('\n').unwrap()]))
        .await;
    for line in [
        r"DB_PASSWORD=ab$defgh@jk${HOME}\n#/",
        r"DB_PASSWORD='ab$defgh@jk${HOME}\n#/' # single",
        "export DB_PASSWORD=\"ab$defgh@jk${HOME}\\n#/\"\r",
    ] {
        stack.write(".env", &format!("\u{feff}{settings}{line}\n"));
        let (_, log) = ended(without_database(&stack, &CHECK), 0);
        let path = stack.home.path().join(".env");
        assert!(log.contains(&path.display().to_string()), "the log names the file\n{log}");
        assert!(!log.contains("defgh"), "{log}");
    }
}

#[tokio::test]
async fn only_the_file_of_the_working_directory_is_read() {
    let stack = Stack::new().await;
    stack.write(".env", "it's broken");
    let child = stack.home.path().join("pipelines");
    let mut command = stack.runner(&["validate-config", "transactions.yaml"]);
    command.current_dir(&child);
    let (_, log) = ended(command, 0);
    assert!(!log.contains(".env"), "{log}");
    // A virtual environment of Python may have this name.
    std::fs::create_dir(child.join(".env")).unwrap();
    let mut command = stack.runner(&["validate-config", "transactions.yaml"]);
    command.current_dir(&child);
    ended(command, 0);
}

#[tokio::test]
async fn a_flag_chooses_the_file_or_none() {
    let stack = Stack::new().await;
    stack.write(".env", "LOG_FORMAT=xml\n");
    stack.write("other.env", "LOG_FORMAT=json\n");
    let run = |args: &[&str], code| ended(stack.runner(args), code).1;
    let check = "validate-config";
    let log = run(&[check], 78);
    assert!(log.contains("LOG_FORMAT is `xml`"), "{log}");
    let log = run(&["--env-file", "other.env", check], 0);
    assert!(log.contains("other.env\"") && log.contains(r#""level":"INFO""#), "{log}");
    assert_eq!(run(&[check, "--no-env-file"], 0), "");
    let log = run(&[check, "--env-file", "gone.env"], 78);
    assert!(log.contains("can't read gone.env") && log.contains("--env-file"), "{log}");
    run(&[check, "--env-file", "other.env", "--no-env-file"], 2);
}

#[tokio::test]
async fn a_mistake_is_reported_with_its_line_and_without_its_text() {
    let stack = Stack::new().await;
    stack.write(".env", "# settings\nDB_PASSWORD=\"hunter2\nDB_USER=hunter3\n");
    for command in [&["validate-config"][..], &["test"], &["explain", "pipelines/transactions.yaml"]] {
        let (_, log) = ended(stack.runner(command), 78);
        assert!(log.contains(".env:2: the quote that opens this value is not closed"), "{log}");
        assert!(log.contains("help:") && !log.contains("hunter"), "{log}");
    }
    stack.write(".env", "\nhunter2\n");
    let (_, log) = ended(stack.runner(&["validate-config"]), 78);
    assert!(log.contains(".env:2: this line is not NAME=VALUE") && !log.contains("hunter"), "{log}");
}

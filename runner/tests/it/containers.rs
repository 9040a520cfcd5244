//! The container set-up: read as a program reads it, since it can't be started in every place the tests run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;

use crate::stack::pipeline_files;

/// What the program and the AWS SDK read from the environment: the table in the README.
pub(crate) const READ_BY_RUNNER: [&str; 20] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCOUNT_ID",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "DB_AUTH",
    "DB_HOST",
    "DB_NAME",
    "DB_PASSWORD",
    "DB_PASSWORD_FILE",
    "DB_PORT",
    "DB_SSLMODE",
    "DB_SSLROOTCERT",
    "DB_TARGET_SESSION_ATTRS",
    "DB_USER",
    "LOG_FORMAT",
    "RUNNER_LISTEN",
    "RUST_LOG",
    "SQS_ENDPOINT",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn compose() -> Value {
    let mut value: Value = serde_yaml::from_str(&read("docker-compose.yaml")).unwrap();
    value.apply_merge().unwrap();
    value
}

/// Every `queue` and `dlq` of the example pipelines, as written.
fn queue_settings() -> BTreeSet<String> {
    pipeline_files("pipelines")
        .into_iter()
        .flat_map(|path| {
            let file: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            ["queue", "dlq"].map(|key| file["source"][key].as_str().unwrap().to_owned())
        })
        .collect()
}

/// `${NAME:-default}` as its two parts.
fn variable(setting: &str) -> (&str, &str) {
    let inside = setting.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inside.unwrap().split_once(":-").unwrap()
}

/// A folder with an `awslocal` that writes down what it is asked.
fn recording_awslocal() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("awslocal");
    fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$*\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The calls the init script makes, by the name of the queue they create.
fn created_queues(environment: &BTreeMap<&str, &str>) -> BTreeMap<String, String> {
    let awslocal = recording_awslocal();
    let path = format!("{}:{}", awslocal.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new(root().join("localstack/init-aws.sh"))
        .env_clear()
        .env("PATH", path)
        .envs(environment)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|call| {
            let after = call.split("--queue-name ").nth(1).unwrap();
            let name = after.split(' ').next().unwrap();
            (name.to_owned(), call.to_owned())
        })
        .collect()
}

#[test]
fn the_services_are_there() {
    let compose = compose();
    let names: BTreeSet<_> =
        compose["services"].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap()).collect();
    let expected = ["localstack", "migrate", "postgres", "produce", "run"];
    assert_eq!(names, BTreeSet::from(expected));
}

#[test]
fn each_waits_for_what_it_needs_to_be_healthy() {
    let compose = compose();
    for (service, needs, condition) in [
        ("migrate", "postgres", "service_healthy"),
        ("run", "localstack", "service_healthy"),
        ("run", "migrate", "service_completed_successfully"),
        ("produce", "localstack", "service_healthy"),
    ] {
        let found = &compose["services"][service]["depends_on"][needs]["condition"];
        assert_eq!(found.as_str(), Some(condition), "{service} on {needs}");
    }
    for service in ["postgres", "localstack"] {
        let test = &compose["services"][service]["healthcheck"]["test"];
        assert_eq!(test[0].as_str(), Some("CMD-SHELL"), "{service}");
    }
    assert!(!read("docker-compose.yaml").contains("sleep "));
}

#[test]
fn images_are_pinned() {
    let compose = compose();
    let services = ["postgres", "localstack"];
    let mut images: Vec<_> =
        services.map(|service| compose["services"][service]["image"].as_str().unwrap().to_owned()).into();
    let dockerfile = read("Dockerfile");
    let stages = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM "));
    images.extend(stages.map(|stage| stage.split(' ').next().unwrap().to_owned()));
    assert_eq!(images.len(), 4);
    for image in images {
        let tagged = image.rsplit('/').next().unwrap();
        assert!(tagged.contains(':') && !tagged.ends_with(":latest"), "{image}");
        assert!(tagged.contains(|c: char| c.is_ascii_digit()), "{image}");
    }
    let localstack = compose["services"]["localstack"]["image"].as_str().unwrap();
    assert!(localstack.contains(":4."), "later ones want an account token");
}

/// The image is built with the compiler, and the database has the major version, that the project states as tested.
#[test]
fn versions_are_the_tested_ones() {
    let compiler = format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(read("Dockerfile").contains(&compiler), "the Dockerfile has no line {compiler}...");
    let compose = compose();
    let image = compose["services"]["postgres"]["image"].as_str().unwrap();
    let major = image.strip_prefix("postgres:").and_then(|version| version.split('.').next()).unwrap();
    assert!(read("README.md").contains(&format!("tested with PostgreSQL {major} and ")), "{image}");
}

/// The variables that the example pipelines read.
pub(crate) fn queue_variables() -> BTreeSet<String> {
    queue_settings().iter().map(|setting| variable(setting).0.to_owned()).collect()
}

#[test]
fn the_environment_is_one_that_something_reads() {
    let variables = queue_variables();
    let mut known: BTreeSet<_> = READ_BY_RUNNER.into();
    known.extend(variables.iter().map(String::as_str));
    let compose = compose();
    for service in ["migrate", "run", "produce"] {
        let environment = compose["services"][service]["environment"].as_mapping().unwrap();
        for name in environment.keys().map(|name| name.as_str().unwrap()) {
            assert!(known.contains(name), "nothing reads {name} of {service}");
        }
        for needed in ["AWS_REGION", "SQS_ENDPOINT", "DB_HOST", "DB_NAME", "DB_USER"] {
            assert!(environment.contains_key(needed), "{service} has no {needed}");
        }
    }
}

#[test]
fn the_init_script_creates_the_queues_of_the_pipelines_with_their_dead_letter_queues() {
    let expected: BTreeSet<_> = queue_settings().iter().map(|setting| variable(setting).1.to_owned()).collect();
    let created = created_queues(&BTreeMap::new());
    assert_eq!(created.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (name, call) in created.iter().filter(|(name, _)| !name.ends_with("-dlq")) {
        let attributes = call.split("--attributes ").nth(1).unwrap();
        let attributes: serde_json::Value = serde_json::from_str(attributes).unwrap();
        let policy = attributes["RedrivePolicy"].as_str().unwrap();
        let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
        let dlq = format!("arn:aws:sqs:us-east-1:000000000000:{name}-dlq");
        assert_eq!(policy["deadLetterTargetArn"], dlq.as_str());
    }
}

#[test]
fn the_init_script_and_the_pipelines_read_the_same_variables() {
    for setting in queue_settings() {
        let (name, default) = variable(&setting);
        let created = created_queues(&BTreeMap::from([(name, "another")]));
        assert!(created.contains_key("another"), "{name}");
        assert!(!created.contains_key(default), "{name}");
    }
}

#[test]
fn what_the_image_copies_is_there() {
    for line in read("Dockerfile").lines() {
        let Some(copied) = line.strip_prefix("COPY ") else {
            continue;
        };
        let source = copied.split(' ').next().unwrap();
        if !source.starts_with("--from") {
            assert!(root().join(source).exists(), "{line}");
        }
    }
    assert!(read("Dockerfile").lines().any(|line| line == "USER 65532:65532"));
}

#[test]
fn the_scripts_are_executable_and_parse() {
    for (script, shell) in [
        ("localstack/init-aws.sh", "bash"),
        ("scripts/postgres-binaries", "sh"),
        ("scripts/with-postgres", "sh"),
        ("scripts/deploy/run", "sh"),
        (".ci/run", "bash"),
    ] {
        let path = root().join(script);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_ne!(mode & 0o111, 0, "{script} is not executable");
        let status = Command::new(shell).arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{script}");
    }
}

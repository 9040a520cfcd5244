//! What is read: regular files, up to a limit; and no report shows a line of a file that is not a configuration.

use std::os::unix::fs::symlink;

use crate::refusals::{ONE_TABLE, PIPELINE};
use crate::stack::{Stack, shown};

/// Begins with the line of root, on every machine.
const OTHER: &str = "/etc/passwd";

/// A pipeline file with these keys.
fn write_pipeline(stack: &Stack, schema: &str, rest: &str) {
    stack.write("schemas/e.schema.json", "{}");
    let source = "source: {queue: q, dlq: q-dlq}\n";
    stack.write(PIPELINE, &format!("{source}schema: {schema}\ntables:\n{ONE_TABLE}{rest}"));
}

/// Runs a command to its end; all it prints.
fn printed(stack: &Stack, args: &[&str]) -> String {
    shown(&stack.runner(args).output().expect("the binary starts"))
}

fn shows_nothing(stack: &Stack, args: &[&str], expected: &str) {
    let text = printed(stack, args);
    assert!(!text.contains("root:") && !text.contains("panicked"), "{args:?}\n{text}");
    assert!(text.contains(expected), "{args:?}\n{text}");
}

#[tokio::test]
async fn no_line_of_another_file_is_shown() {
    const OWN: &str = "../schemas/e.schema.json";
    const REFUSED: &str = "its name is not that of a configuration file";
    let stack = Stack::without_queues().await;
    let home = stack.home.path();
    symlink(OTHER, home.join("schemas/link.json")).expect("a link");
    symlink(OTHER, home.join("pipelines/link.yaml")).expect("a link");
    stack.write("schemas/ref.json", &format!(r#"{{"$ref": "{OTHER}"}}"#));
    stack.write("schemas/uri.json", &format!(r#"{{"$ref": "file://{OTHER}"}}"#));
    stack.write("SECRET", "root: hunter2\n");
    for path in [OTHER, "SECRET", "pipelines/link.yaml"] {
        for command in ["validate-config", "run", "explain", "test", "produce", "migrate"] {
            shows_nothing(&stack, &[command, path], REFUSED);
        }
    }
    for schema in [OTHER, "../SECRET", "../schemas/link.json", "../schemas/ref.json", "../schemas/uri.json"] {
        write_pipeline(&stack, schema, "");
        shows_nothing(&stack, &["validate-config", PIPELINE], REFUSED);
    }
    for template in [OTHER, "../SECRET", "../schemas/link.json"] {
        write_pipeline(&stack, OWN, &format!("producer: {{templates: [{template}]}}\n"));
        shows_nothing(&stack, &["validate-config", PIPELINE], REFUSED);
        shows_nothing(&stack, &["produce", PIPELINE, "--dry-run", "--count", "1"], REFUSED);
    }
    write_pipeline(&stack, OWN, "");
    shows_nothing(&stack, &["new", "n", "--from-schema", OTHER], REFUSED);
    // These are data, of any name.
    shows_nothing(&stack, &["new", "n", "--from-sample", OTHER], "is not a sample");
    shows_nothing(&stack, &["explain", PIPELINE, "--message", OTHER], "not_json");
    shows_nothing(&stack, &["--env-file", OTHER, "explain", PIPELINE], "/etc/passwd:1: this line is not NAME=VALUE");
    stack.write("pipelines/e.test.yaml", &format!("- {{name: n, file: {OTHER}, rows: {{e: []}}}}\n"));
    std::fs::rename(home.join(PIPELINE), home.join("pipelines/e.yaml")).expect("it is renamed");
    shows_nothing(&stack, &["test", "pipelines/e.yaml"], "not_json");
}

/// None of the commands hangs: a pipe has no writer, and the device no end.
#[tokio::test]
async fn a_device_a_pipe_and_a_folder_are_refused_at_once() {
    let stack = Stack::without_queues().await;
    let pipe = stack.home.path().join("pipelines/pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    for (path, expected) in [
        ("/dev/zero", "it is not a regular file"),
        ("pipe.yaml", "it is not a regular file"),
        ("../schemas", "it is a folder"),
    ] {
        write_pipeline(&stack, path, "");
        shows_nothing(&stack, &["validate-config", PIPELINE], expected);
        write_pipeline(&stack, "../schemas/e.schema.json", &format!("producer: {{templates: [{path}]}}\n"));
        shows_nothing(&stack, &["validate-config", PIPELINE], expected);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("pipelines/{path}") };
        write_pipeline(&stack, "../schemas/e.schema.json", "");
        shows_nothing(&stack, &["explain", PIPELINE, "--message", &path], expected);
        shows_nothing(&stack, &["new", "n", "--from-sample", &path], expected);
        shows_nothing(&stack, &["--env-file", &path, "explain", PIPELINE], expected);
    }
    shows_nothing(&stack, &["validate-config", "/dev/zero"], "it is not a regular file");
    shows_nothing(&stack, &["validate-config", "pipelines/pipe.yaml"], "it is not a regular file");
    let mut command = stack.runner(&["explain", PIPELINE, "--message", "-"]);
    let endless = std::fs::File::open("/dev/zero").expect("the device is there");
    let output = command.stdin(endless).output().expect("the binary starts");
    assert!(shown(&output).contains("it has more than 1 MiB"), "{}", shown(&output));
}

//! docs/operations.md: its commands, run in their order, lead from a rejection to a row.

use serde_json::json;

use crate::documents::blocks_in;
use crate::listen_client::Listening;
use crate::readme::arguments;
use crate::setups::until_at_least;
use crate::stack::{Stack, shown, transaction};

const PIPELINE: &str = "pipelines/transactions.yaml";

/// One who follows the page, section by section.
struct Operator {
    stack: Stack,
    /// The processes that were started, the newest last.
    running: Vec<Listening>,
    /// What `$ID` stands for.
    letter: String,
    commands: usize,
}

impl Operator {
    async fn follow(&mut self, heading: &str) {
        let blocks = blocks_in("docs/operations.md", "sh");
        let of_section: Vec<_> = blocks.iter().filter(|block| block.heading == heading).collect();
        assert!(!of_section.is_empty(), "no commands under {heading:?}");
        for command in of_section.iter().flat_map(|block| block.text.lines()) {
            self.run(command).await;
            self.commands += 1;
        }
    }

    async fn run(&mut self, command: &str) {
        if let Some(path) = command.strip_prefix("curl http://127.0.0.1:9090") {
            assert_eq!(self.newest().get(path).await.status, 200, "`{command}`");
            return;
        }
        let arguments = arguments(command).unwrap_or_else(|| panic!("who tests `{command}`?"));
        let mut words: Vec<&str> = Vec::new();
        for word in arguments {
            // Any free port, since tests run side by side.
            words.push(if word == "9090" {
                "0"
            } else if word == "\"$ID\"" {
                &self.letter
            } else {
                word
            });
        }
        if words[0] == "run" {
            let started = Listening::start(self.stack.runner(&words));
            started.until(200, "running").await;
            self.running.push(started);
            return;
        }
        let output = self.stack.runner(&words).output().expect("the binary starts");
        // One letter can't be corrected, and stays.
        let stays = words.contains(&"redrive") && !words.contains(&"--dry-run");
        assert_eq!(output.status.code(), Some(i32::from(stays)), "`{command}`\n{}", shown(&output));
    }

    fn newest(&self) -> &Listening {
        self.running.last().expect("a process runs")
    }

    /// Waits until the newest process has dead-lettered so many.
    async fn until_rejected(&self, least: i64) {
        until_at_least(least, "dead-lettered", async || {
            let (_, status) = self.newest().json("/status").await;
            status["pipelines"]["transactions"]["settled"]["dead_lettered"].as_i64().expect("a number")
        })
        .await;
    }

    async fn until_stored(&self, least: i64) {
        until_at_least(least, "stored", async || self.stack.count("events").await).await;
    }

    /// The letters' kinds that the DLQ has, with the id of one letter each.
    fn kinds(&self) -> Vec<(String, String)> {
        let listing = self.stack.json(&["dlq", "list", PIPELINE, "--format", "json"]);
        let mut kinds = Vec::new();
        for kind in listing["kinds"].as_array().expect("a list") {
            let [code, id] =
                [&kind["code"], &kind["sample"]["id"]].map(|text| text.as_str().expect("a text").to_owned());
            kinds.push((code, id));
        }
        kinds.sort();
        kinds
    }

    /// A new kind of event is allowed, and a new column has its status.
    fn correct(&self) {
        self.edit(
            "schemas/transaction.schema.json",
            r#"["transaction_approved""#,
            r#"["transaction_voided", "transaction_approved""#,
        );
        self.edit(
            PIPELINE,
            "      payload: jsonb\n",
            "      payload: jsonb\n      status: text null = .payload.status\n",
        );
        self.edit("pipelines/transactions.test.yaml", "  columns: listed\n", "");
        self.edit("pipelines/transactions.test.yaml", "  rows:\n", "  columns: listed\n  rows:\n");
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.stack.home.path().join(path)).expect("the file is there");
        assert!(text.contains(from), "{path} has no {from:?}");
        self.stack.write(path, &text.replace(from, to));
    }
}

#[tokio::test]
async fn its_commands_lead_from_a_rejection_to_a_row() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let mut operator = Operator { stack, running: Vec::new(), letter: String::new(), commands: 0 };
    operator.follow("Is it working").await;
    operator.follow("How far behind").await;
    operator.follow("Permissions").await;

    let voided = transaction(1).replace("transaction_approved", "transaction_voided");
    operator.stack.send(&operator.stack.queue, &[voided.clone(), "broken".to_owned()]).await;
    operator.until_rejected(2).await;
    let kinds = operator.kinds();
    assert_eq!(kinds.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["not_json", "schema"]);
    operator.letter.clone_from(&kinds[1].1);
    operator.stack.write("letter.json", &voided);
    operator.follow("Why was it rejected").await;

    operator.correct();
    let too_early = operator.stack.runner(&["run", PIPELINE, "--until-empty"]).output().expect("the binary starts");
    assert!(!too_early.status.success(), "it starts without its column\n{}", shown(&too_early));
    operator.follow("Roll out a change").await;
    // The old version and the new one side by side.
    operator.stack.send(&operator.stack.queue, &[transaction(2), transaction(3)]).await;
    operator.until_stored(2).await;
    let old = operator.running.remove(0);
    assert_eq!(old.get("/ready").await.status, 200);
    old.terminate();
    assert_eq!(old.wait().0, Some(0));

    operator.follow("Replay").await;
    operator.until_stored(3).await;
    let rows = operator.stack.rows("SELECT status FROM events WHERE event_type = 'transaction_voided'").await;
    assert_eq!(rows, [json!({"status": "approved"})]);
    let kinds = operator.kinds();
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    let on_the_page: usize = blocks_in("docs/operations.md", "sh").iter().map(|block| block.text.lines().count()).sum();
    assert_eq!(operator.commands, on_the_page, "every command was run");
    for process in operator.running {
        process.terminate();
        assert_eq!(process.wait().0, Some(0));
    }
}

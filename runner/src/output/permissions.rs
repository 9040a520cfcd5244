//! The permissions that commands need, for a person, a program, IAM or psql.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::permissions::{Command, Needs, policy};
use pipeline::Pipeline;

/// A result of `runner permissions`.
pub(crate) struct Permissions<'a> {
    pub(crate) commands: &'a [Command],
    pub(crate) pipelines: &'a [&'a Pipeline],
    pub(crate) needs: &'a Needs,
    /// The role that gets the privileges.
    pub(crate) role: &'a str,
    /// Whether the live tables were read.
    pub(crate) connected: bool,
}

const RECOMMENDED: &str = "a recommended action may be left out: a warning says so, and a default is assumed";
const BATCHES: &str = "IAM has no actions for batches: sqs:SendMessage allows SendMessageBatch, and so on";
const KMS: &str = "a queue that is encrypted with a KMS key of your own also needs kms:Decrypt for that key, and to send kms:GenerateDataKey";
const ACTIONS_ON_THE_PAGE: &str = "with --allow-actions, `run` also needs what `dlq` needs";
const FILES_ONLY: &str = "read from the files alone; --connect adds what the live tables need, such as USAGE on the sequence of a column that no \
     file names";
const SEARCH_PATH: &str = "a table without a schema is the one that the search_path finds; the role needs USAGE on its schema, which PUBLIC has on \
     the schema public unless somebody revoked it";
const OWNER: &str = "a table that exists already has to belong to the role, or to a role that it is a member of; a schema that is missing needs \
     CREATE on the database, or has to be created before";
const FUNCTIONS: &str = "what triggers and functions of the tables do needs privileges of its own";

impl Permissions<'_> {
    /// Both parts with their notes.
    pub(crate) fn human(&self) -> String {
        let notes: Vec<String> = self.notes().into_iter().map(|note| format!("note: {note}")).collect();
        let parts = [self.title(), self.queues_in_words(), self.grants_in_words(), notes.join("\n")];
        parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    fn queues_in_words(&self) -> String {
        let mut text = String::new();
        for queue in &self.needs.queues {
            let _ = writeln!(text, "  {}", queue.arn);
            for (level, actions) in [("required", &queue.required), ("recommended", &queue.recommended)] {
                if !actions.is_empty() {
                    let actions: Vec<&str> = actions.iter().copied().collect();
                    let _ = writeln!(text, "    {level:12} {}", actions.join(", "));
                }
            }
        }
        if text.is_empty() { text } else { format!("queues (the policy: --format iam)\n{text}") }
    }

    fn grants_in_words(&self) -> String {
        let mut text = String::new();
        for grant in &self.needs.grants {
            let _ = writeln!(text, "  {grant}");
        }
        if text.is_empty() { text } else { format!("database (the statements: --format sql)\n{text}") }
    }

    /// One object.
    pub(crate) fn json(&self) -> Value {
        let mut queues = Vec::new();
        for queue in &self.needs.queues {
            queues.push(json!({
                "arn": queue.arn, "required": queue.required, "recommended": queue.recommended,
            }));
        }
        json!({
            "commands": self.commands.iter().map(|command| command.word()).collect::<Vec<_>>(),
            "pipelines": self.files(),
            "queues": queues,
            "iam": policy(&self.needs.queues),
            "role": self.role,
            "sql": self.statements(),
            "notes": self.notes(),
        })
    }

    /// The policy document.
    pub(crate) fn iam(&self) -> Value {
        policy(&self.needs.queues)
    }

    /// A script for psql.
    pub(crate) fn sql(&self) -> String {
        let mut script = format!("-- {}\n", self.title());
        for note in self.database_notes() {
            let _ = writeln!(script, "-- {note}");
        }
        for statement in self.statements() {
            let _ = writeln!(script, "{statement};");
        }
        if self.needs.grants.is_empty() {
            script.push_str("-- no privileges are needed\n");
        }
        script
    }

    fn title(&self) -> String {
        let commands: Vec<String> = self.commands.iter().map(|command| format!("`{}`", command.word())).collect();
        format!("needed by {} for {}", commands.join(", "), self.files().join(", "))
    }

    fn files(&self) -> Vec<String> {
        self.pipelines.iter().map(|pipeline| pipeline.file().display().to_string()).collect()
    }

    fn statements(&self) -> Vec<String> {
        self.needs.grants.iter().map(|grant| grant.statement(self.role)).collect()
    }

    fn notes(&self) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if !self.needs.queues.is_empty() {
            notes.extend([RECOMMENDED, BATCHES, KMS]);
        }
        if self.commands.contains(&Command::Run) && !self.commands.contains(&Command::Dlq) {
            notes.push(ACTIONS_ON_THE_PAGE);
        }
        notes.extend(self.database_notes());
        notes
    }

    fn database_notes(&self) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if self.needs.grants.is_empty() {
            return notes;
        }
        let writes = self.commands.iter().any(|command| matches!(command, Command::Run | Command::ValidateConfig));
        let tables = self.pipelines.iter().flat_map(|pipeline| pipeline.targets());
        if writes && !self.connected {
            notes.push(FILES_ONLY);
            notes.extend(tables.filter(|target| target.table.name.schema.is_none()).take(1).map(|_| SEARCH_PATH));
        }
        notes.extend(writes.then_some(FUNCTIONS));
        notes.extend(self.commands.contains(&Command::Migrate).then_some(OWNER));
        notes
    }
}

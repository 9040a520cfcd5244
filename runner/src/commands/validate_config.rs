//! `runner validate-config`: the compiler of pipeline files, on its own.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::connection::{DatabaseFlags, QueueFlags};
use crate::env_file::EnvFileFlags;
use crate::exit::{Failure, ProblemCount};
use crate::output::format::Format;
use crate::words::counted;
use crate::{live, load, output};
use compiler::diagnostic::{Diagnostic, Style, records, render};
use compiler::{Compiled, compile};
use pipeline::{Pipeline, Target, WhenNull};

/// Check pipeline files; without --connect, read nothing but files
#[derive(Debug, Clone, clap::Args)]
pub struct ValidateConfigArgs {
    /// Check these pipeline files, or folders of them
    #[arg(value_name = "PIPELINE|DIR", default_value = "pipelines/")]
    pub paths: Vec<PathBuf>,
    /// Also check the queues, the database and the live tables
    #[arg(long)]
    pub connect: bool,
    /// Fail on warnings too
    #[arg(long)]
    pub deny_warnings: bool,
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Where the database is
    #[command(flatten)]
    pub database: DatabaseFlags,
    /// Where the queue is
    #[command(flatten)]
    pub queue: QueueFlags,
}

/// Runs the command. Queues and tables are checked only with `--connect`, and only if the files compile.
pub(crate) fn run(args: &ValidateConfigArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let settings = load::settings(env_file)?;
    let mut outcome = Outcome::of(compile(&compiler::config::load(&args.paths, settings.env())));
    if args.connect && !outcome.fails(false) {
        let live = live::check(&outcome.pipelines, &args.queue, &args.database, &settings);
        outcome.problems.extend(crate::runtime::start()?.block_on(live));
    }
    outcome.finish(args, load::style(&settings))
}

/// What was found.
struct Outcome {
    pipelines: Vec<Pipeline>,
    problems: Vec<Diagnostic>,
}

impl Outcome {
    fn of(compiled: Result<Compiled, Vec<Diagnostic>>) -> Self {
        match compiled {
            Ok(compiled) => Self { pipelines: compiled.pipelines, problems: compiled.warnings },
            Err(problems) => Self { pipelines: Vec::new(), problems },
        }
    }

    fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.is_error()).count()
    }

    fn fails(&self, deny_warnings: bool) -> bool {
        self.errors() > 0 || (deny_warnings && !self.problems.is_empty())
    }

    /// Prints the result to stdout, and the problems to stderr unless they are part of the result.
    fn finish(&self, args: &ValidateConfigArgs, style: Style) -> Result<(), Failure> {
        let fails = self.fails(args.deny_warnings);
        match args.format {
            Format::Json => output::json(format_args!("{:#}", self.json()))?,
            Format::Human if fails => output::to_stderr(format_args!("{}\n", render(&self.problems, style))),
            Format::Human => output::result(self.human().trim_end())?,
        }
        if fails {
            return Err(Failure::Invalid(self.count()));
        }
        if args.format == Format::Human && !self.problems.is_empty() {
            output::to_stderr(format_args!("{}\n\n{}", render(&self.problems, style), self.count()));
        }
        Ok(())
    }

    fn count(&self) -> ProblemCount {
        ProblemCount { errors: self.errors(), warnings: self.problems.len() - self.errors() }
    }

    fn human(&self) -> String {
        self.pipelines.iter().map(describe).collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> Value {
        let pipelines: Vec<Value> = self.pipelines.iter().map(pipeline_json).collect();
        json!({ "pipelines": pipelines, "diagnostics": records(&self.problems) })
    }
}

fn describe(pipeline: &Pipeline) -> String {
    let source = pipeline.source();
    let mut lines = vec![
        format!("{}: ok", pipeline.file().display()),
        format!("  queue {}, dead letters to {}", source.queue, source.dlq),
    ];
    lines.extend(pipeline.targets().iter().map(|target| format!("  table {}", describe_table(target))));
    if let Some(producer) = pipeline.producer() {
        let templates = counted(producer.templates.iter().count(), "template");
        lines.push(format!("  producer {}, {templates}", producer.pace));
    }
    lines.join("\n")
}

fn describe_table(target: &Target) -> String {
    let table = &target.table;
    let key = match table.primary_key[..] {
        [] => "no key".to_owned(),
        _ => format!("key ({})", table.primary_key.join(", ")),
    };
    let columns = counted(table.columns.len(), "column");
    let indexes = match table.indexes.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "index")),
    };
    format!("{}: {columns}, {key}{indexes}", table.name)
}

fn pipeline_json(pipeline: &Pipeline) -> Value {
    let source = pipeline.source();
    let tables: Vec<Value> = pipeline.targets().iter().map(table_json).collect();
    json!({
        "name": pipeline.name(),
        "file": pipeline.file().display().to_string(),
        "queue": source.queue.to_string(),
        "dlq": source.dlq.to_string(),
        "tables": tables,
    })
}

fn table_json(target: &Target) -> Value {
    let table = &target.table;
    let mut columns = Vec::new();
    for column in &table.columns {
        columns.push(json!({
            "name": column.name,
            "type": column.ty.to_string(),
            "nullable": column.when_null.accepts_null(),
            "optional": column.when_null == WhenNull::LeaveOut,
        }));
    }
    json!({
        "name": table.name.to_string(),
        "primary_key": table.primary_key,
        "columns": columns,
        "indexes": table.indexes.len(),
    })
}

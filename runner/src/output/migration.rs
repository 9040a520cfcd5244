//! What a migration did, would do or refuses, for a person.

use std::fmt::Write as _;

use migration::{Entry, Plan, Refusal, Report, State, Status, Step, TableStatus};

use crate::words::counted;

/// Refusals shown in full, at most: the report has to fit one screen.
const MAX_SHOWN: usize = 4;

/// The first refusals in full, the rest as a number.
pub(crate) fn listed(refusals: &[Refusal]) -> String {
    let mut text = String::new();
    for Refusal { table, reason, by_hand, declared_in } in refusals.iter().take(MAX_SHOWN) {
        let _ = writeln!(text, "error: table {table}: {reason}\n  --> {}", declared_in.display());
        for (index, sql) in by_hand.iter().enumerate() {
            let lead = if index == 0 { "= help: run by hand:" } else { "                    " };
            let _ = writeln!(text, "   {lead} {sql};");
        }
    }
    let more = refusals.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "and {more} more; `--format json` lists all");
    }
    text
}

/// The result of `migrate up`.
pub(crate) fn applied(report: &Report, tables: usize) -> String {
    match (report.applied.as_slice(), report.refusals.as_slice()) {
        ([], []) => format!("nothing to do: {} up to date", counted(tables, "table")),
        ([], _) => String::new(),
        (steps, _) => {
            let lines: String = steps.iter().map(|step| format!("{} ({})\n", step.summary, file(step))).collect();
            format!("{lines}{} applied", counted(steps.len(), "step"))
        }
    }
}

/// The result of `migrate plan`: a script for psql. It does what `up` would do, so while a change is refused it is all
/// comments.
pub(crate) fn script(plan: &Plan) -> String {
    if plan.is_empty() {
        return "-- nothing to do".to_owned();
    }
    let mut script = String::new();
    for step in &plan.steps {
        let outside = if step.in_transaction { "" } else { ", outside a transaction" };
        let _ = writeln!(script, "-- {} ({}){outside}", step.summary, file(step));
        for sql in &step.sql {
            let _ = writeln!(script, "{sql};");
        }
    }
    if plan.refusals.is_empty() {
        return script;
    }
    format!("-- `up` would apply nothing while a change is refused\n{}", commented(&script))
}

/// Makes every line a comment. A statement may have several lines, since an index predicate may.
fn commented(sql: &str) -> String {
    sql.lines().map(|line| if line.starts_with("--") { format!("{line}\n") } else { format!("-- {line}\n") }).collect()
}

fn file(step: &Step) -> std::path::Display<'_> {
    step.declared_in.display()
}

/// The result of `migrate status`.
pub(crate) fn standing(status: &Status) -> String {
    let mut text: String = status.tables.iter().map(table).collect();
    let _ = writeln!(text, "{} applied", counted(status.applied.len(), "step"));
    for Entry { applied_at, summary, declared_in, .. } in &status.applied {
        let _ = writeln!(text, "  {applied_at}  {summary} ({})", declared_in.display());
    }
    text
}

fn table(table: &TableStatus) -> String {
    let state = match table.state {
        State::UpToDate => "up to date".to_owned(),
        State::Pending => format!("{} to apply", counted(table.steps.len(), "step")),
        State::Refused => format!("{} refused", counted(table.refusals.len(), "change")),
    };
    let mut text = format!("{}: {state} ({})\n", table.table, table.declared_in.display());
    for step in &table.steps {
        let _ = writeln!(text, "  to apply: {}", step.summary);
    }
    for refusal in &table.refusals {
        let _ = writeln!(text, "  refused: {}", refusal.reason);
    }
    if !table.undeclared.is_empty() {
        let _ = writeln!(text, "  not declared, left alone: {}", table.undeclared.join(", "));
    }
    text
}

/// The result of `migrate down`.
pub(crate) fn undoing(undone: Option<&Entry>) -> String {
    match undone {
        None => "nothing to undo".to_owned(),
        Some(entry) => format!("undone: {} ({})\n  {}", entry.summary, entry.declared_in.display(), entry.undo_sql),
    }
}

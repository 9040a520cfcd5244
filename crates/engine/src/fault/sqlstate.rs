//! The table of SQLSTATEs.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;

use super::Class;
use pipeline::message::Code;

/// What PostgreSQL reports about an error, except its text, which is in the server's language.
#[derive(Debug, Clone, Copy, Default)]
struct Report<'e> {
    state: &'e str,
    /// The function of the server that raised it.
    routine: &'e str,
    /// It was raised inside a function, such as a trigger's, not by the program's own statement.
    in_function: bool,
}

pub(super) fn classify(error: &dyn DatabaseError) -> Class {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return Class::Outage };
    let routine = error.routine().unwrap_or_default();
    Report { state: error.code(), routine, in_function: error.r#where().is_some() }.class()
}

impl Report<'_> {
    /// PostgreSQL's appendix "Error Codes": a class is the first two characters.
    fn class(self) -> Class {
        match (self.state.get(..2).unwrap_or_default(), self.state) {
            // A used-up sequence, or transaction ids about to be: the next message fares no better.
            (_, "2200H") => Class::Outage,
            ("54", _) if self.routine.starts_with("GetNew") => Class::Outage,
            // A partition that is created later.
            (_, "23514") if self.routine == "ExecFindPartition" => Class::Wait,
            // A referenced row that is stored later, or a locked one that is freed; the statement timeout; memory and limits
            // that fewer rows may keep to.
            // Conflicts with other transactions: a trigger may raise the same for one row alone, without end.
            (_, "23503" | "55P03" | "57014" | "53200" | "53400") | ("40", _) => Class::Wait,
            // A trigger's or a function's own error: rows that are stored already need not reach it.
            ("20" | "21" | "22" | "23" | "27" | "44" | "54" | "P0", _) if self.in_function => Class::Suspect,
            // A value out of range, an invalid text, a NUL; two rows of one key in one upsert; a row too wide for an index.
            ("21" | "22" | "54", _) => Class::Refuse(Code::NotStorable),
            // Integrity constraints and WITH CHECK OPTION.
            ("23" | "27" | "44", _) => Class::Refuse(Code::Constraint),
            // What PL/pgSQL and extensions report by their text alone.
            ("20" | "P0", _) | (_, "55000" | "XX000") => Class::Suspect,
            // Connection, transaction state, resources, object in use, intervention, system and internal errors.
            ("08" | "25" | "53" | "55" | "57" | "58" | "XX", _) => Class::Retry,
            // The table, a column, the permission of the statement itself, which is the same for every message.
            (_, "3F000" | "42501" | "42703" | "42P01") if self.is_of_the_statement() => Class::Outage,
            // What may differ from one connection to the next: prepared statements, features, login, database,
            // configuration, foreign servers. What becomes of other messages shows nothing there.
            ("" | "0A" | "26" | "28" | "3D" | "F0" | "HV", _) | (_, "42P05") => Class::Outage,
            // Row-level security, RAISE with a code of the user's choice, what a trigger can't do, and whatever is new.
            _ => Class::Suspect,
        }
    }

    fn is_of_the_statement(self) -> bool {
        !self.in_function && self.routine != "ExecWithCheckOptions"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_are_classified_as_the_promises_say() {
        let table = [
            ("22P05", Class::Refuse(Code::NotStorable)),
            ("22003", Class::Refuse(Code::NotStorable)),
            ("54000", Class::Refuse(Code::NotStorable)),
            ("23505", Class::Refuse(Code::Constraint)),
            ("23514", Class::Refuse(Code::Constraint)),
            ("27000", Class::Refuse(Code::Constraint)),
            ("20000", Class::Suspect),
            ("P0001", Class::Suspect),
            ("42704", Class::Suspect),
            ("XX000", Class::Suspect),
            ("U0001", Class::Suspect),
            ("é", Class::Suspect),
            ("23503", Class::Wait),
            ("55P03", Class::Wait),
            ("57014", Class::Wait),
            ("53200", Class::Wait),
            ("53400", Class::Wait),
            ("08006", Class::Retry),
            ("40P01", Class::Wait),
            ("40001", Class::Wait),
            ("53100", Class::Retry),
            ("53300", Class::Retry),
            ("57P01", Class::Retry),
            ("XX001", Class::Retry),
            ("2200H", Class::Outage),
            ("42P01", Class::Outage),
            ("42703", Class::Outage),
            ("42501", Class::Outage),
            ("26000", Class::Outage),
            ("28P01", Class::Outage),
            ("3D000", Class::Outage),
            ("0A000", Class::Outage),
            ("", Class::Outage),
        ];
        for (state, class) in table {
            assert_eq!(Report { state, ..Report::default() }.class(), class, "{state}");
        }
    }

    #[test]
    fn where_an_error_is_raised_counts_as_well_as_its_state() {
        for (state, routine, in_function, class) in [
            ("23514", "ExecFindPartition", false, Class::Wait),
            ("23514", "exec_stmt_raise", true, Class::Suspect),
            ("22012", "int4div", true, Class::Suspect),
            ("23502", "ExecConstraints", true, Class::Suspect),
            ("57014", "ProcessInterrupts", true, Class::Wait),
            ("U0001", "exec_stmt_raise", true, Class::Suspect),
            ("40001", "exec_stmt_raise", true, Class::Wait),
            ("42501", "aclcheck_error", false, Class::Outage),
            ("42501", "ExecWithCheckOptions", false, Class::Suspect),
            ("42P01", "parserOpenTable", true, Class::Suspect),
            ("54000", "GetNewTransactionId", false, Class::Outage),
        ] {
            assert_eq!(Report { state, routine, in_function }.class(), class, "{state} {routine}");
        }
    }
}

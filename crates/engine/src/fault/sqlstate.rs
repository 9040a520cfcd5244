//! The table of SQLSTATEs.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;

use super::Class;
use pipeline::message::Code;

/// What PostgreSQL says of an error, but for its text, which is in the server's language.
#[derive(Debug, Clone, Copy, Default)]
struct Refusal<'e> {
    state: &'e str,
    /// The function of the server that complained.
    routine: &'e str,
    /// It happened inside a function, such as a trigger's, not in the program's own statement.
    in_function: bool,
}

pub(crate) fn classify(error: &dyn DatabaseError) -> Class {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return Class::Outage };
    let routine = error.routine().unwrap_or_default();
    Refusal { state: error.code(), routine, in_function: error.r#where().is_some() }.class()
}

impl Refusal<'_> {
    /// PostgreSQL's appendix "Error Codes": a class is the first two characters.
    fn class(self) -> Class {
        match (self.state.get(..2).unwrap_or_default(), self.state) {
            // A used-up sequence, or transaction ids about to be: the next message fares no better.
            (_, "2200H") => Class::Outage,
            ("54", _) if self.routine.starts_with("GetNew") => Class::Outage,
            // No partition takes the row. Of one message it is a wrong value, of all a forgotten partition.
            (_, "23514") if self.routine == "ExecFindPartition" => Class::Suspect,
            // A value out of range, an invalid text, a NUL; two rows of one key in one upsert; a row too wide for an index.
            ("21" | "22" | "54", _) => Class::Reject(Code::NotStorable),
            // Integrity constraints, WITH CHECK OPTION, and what the user's own trigger finds about a row.
            ("20" | "23" | "27" | "44" | "P0", _) => Class::Reject(Code::Constraint),
            // The statement timeout; what the text of PL/pgSQL and of extensions complains about.
            (_, "57014" | "55000" | "XX000") => Class::Suspect,
            // Connection, transaction state, rollback, resources, object in use, intervention, system and internal errors.
            ("08" | "25" | "40" | "53" | "55" | "57" | "58" | "XX", _) => Class::Retry,
            // The table, a column, the permission of the statement itself, which is the same for every message.
            (_, "3F000" | "42501" | "42703" | "42P01") if self.is_of_the_statement() => Class::Outage,
            // What may differ from one connection to the next: prepared statements, features, login, database,
            // configuration, foreign servers. There the others tell nothing.
            ("" | "0A" | "26" | "28" | "3D" | "F0" | "HV", _) | (_, "42P05") => Class::Outage,
            // RAISE with a code of the user's choice.
            _ if self.routine == "exec_stmt_raise" => Class::Reject(Code::Constraint),
            // Row-level security, what a trigger can't do or find, and whatever is new.
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
            ("22P05", Class::Reject(Code::NotStorable)),
            ("22003", Class::Reject(Code::NotStorable)),
            ("54000", Class::Reject(Code::NotStorable)),
            ("20000", Class::Reject(Code::Constraint)),
            ("23505", Class::Reject(Code::Constraint)),
            ("23514", Class::Reject(Code::Constraint)),
            ("27000", Class::Reject(Code::Constraint)),
            ("P0001", Class::Reject(Code::Constraint)),
            ("08006", Class::Retry),
            ("40P01", Class::Retry),
            ("40001", Class::Retry),
            ("53100", Class::Retry),
            ("53300", Class::Retry),
            ("55P03", Class::Retry),
            ("57P01", Class::Retry),
            ("XX001", Class::Retry),
            ("57014", Class::Suspect),
            ("42704", Class::Suspect),
            ("XX000", Class::Suspect),
            ("U0001", Class::Suspect),
            ("2200H", Class::Outage),
            ("42P01", Class::Outage),
            ("42703", Class::Outage),
            ("42501", Class::Outage),
            ("26000", Class::Outage),
            ("28P01", Class::Outage),
            ("3D000", Class::Outage),
            ("0A000", Class::Outage),
            ("", Class::Outage),
            ("é", Class::Suspect),
        ];
        for (state, class) in table {
            assert_eq!(Refusal { state, ..Refusal::default() }.class(), class, "{state}");
        }
    }

    #[test]
    fn who_complains_and_where_tells_more_than_the_state() {
        let said = |state, routine, in_function| Refusal { state, routine, in_function }.class();
        assert_eq!(said("23514", "ExecFindPartition", false), Class::Suspect);
        assert_eq!(said("23514", "exec_stmt_raise", true), Class::Reject(Code::Constraint));
        assert_eq!(said("U0001", "exec_stmt_raise", true), Class::Reject(Code::Constraint));
        assert_eq!(said("40001", "exec_stmt_raise", true), Class::Retry);
        assert_eq!(said("42501", "aclcheck_error", false), Class::Outage);
        assert_eq!(said("42501", "ExecWithCheckOptions", false), Class::Suspect);
        assert_eq!(said("42P01", "parserOpenTable", true), Class::Suspect);
        assert_eq!(said("54000", "GetNewTransactionId", false), Class::Outage);
    }
}

//! The names of the tables that runner keeps for itself.

/// The ledger. One database has one, in any schema.
pub(crate) const LEDGER: &str = "runner_ledger";
/// The version of the ledger, as sea-orm-migration records it; apart from a user's own `seaql_migrations`.
pub(crate) const LEDGER_VERSION: &str = "runner_migrations";

/// Whether a pipeline file may not use this name for a table.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == LEDGER || name == LEDGER_VERSION
}

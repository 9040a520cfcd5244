//! How a command prints its result.

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Text for a person.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

//! `runner permissions`: the least that each command needs, as an IAM policy and as GRANT statements.

use std::path::PathBuf;

use crate::connection::{self, DatabaseFlags};
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output::permissions::Permissions;
use crate::permissions::{Command, Needs};
use crate::{load, output};
use pipeline::Pipeline;

/// Print the least that each command needs: the IAM policy for the queues and the SQL grants for the database
///
/// Reads the pipeline files alone. With --connect it also reads the live tables, whose columns may use sequences and types that no file names.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PermissionsArgs {
    /// Read these pipeline files, or folders of them
    #[arg(value_name = "PIPELINE|DIR", default_value = "pipelines/")]
    paths: Vec<PathBuf>,
    /// The commands that are to be allowed; several are separated by commas
    #[arg(long = "command", value_name = "COMMAND", value_enum, value_delimiter = ',', default_value = "run")]
    commands: Vec<Command>,
    /// Give the privileges to this role of the database
    #[arg(long, value_name = "NAME", default_value = "runner")]
    role: String,
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also read the live tables
    #[arg(long)]
    connect: bool,
    /// Where the database is
    #[command(flatten)]
    database: DatabaseFlags,
}

/// How the permissions are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON object for programs
    Json,
    /// The IAM policy document
    Iam,
    /// The GRANT statements, for psql
    Sql,
}

/// Runs the command.
pub(crate) fn run(args: &PermissionsArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let settings = load::settings(env_file)?;
    let compiled = load::pipelines(&args.paths, &settings)?;
    let pipelines: Vec<&Pipeline> = compiled.iter().map(AsRef::as_ref).collect();
    let mut needs = Needs::of_files(&args.commands, &pipelines);
    if args.connect {
        let server = args.database.server(&settings)?;
        needs = crate::runtime::start()?.block_on(async {
            let db = connection::open(&server, 1).await?;
            Ok::<_, Failure>(needs.read_live(&args.commands, &pipelines, &db.orm()).await?)
        })?;
    }
    let permissions = Permissions {
        commands: &args.commands,
        pipelines: &pipelines,
        needs: &needs,
        role: &args.role,
        connected: args.connect,
    };
    match args.format {
        Format::Human => output::result(permissions.human()),
        Format::Json => output::json(format_args!("{:#}", permissions.json())),
        Format::Iam => output::json(format_args!("{:#}", permissions.iam())),
        Format::Sql => output::result(permissions.sql().trim_end()),
    }
}

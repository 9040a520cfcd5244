//! `runner migrate` (temporary)
use super::{
    connection::{self, Connection},
    exit::Failure,
    load,
};
/// Bring the database to what the pipeline files declare
#[derive(Debug, Clone, clap::Args)]
pub struct MigrateArgs {
    /// files
    pub paths: Vec<std::path::PathBuf>,
    #[command(flatten)]
    connection: Connection,
}
pub(super) fn run(args: &MigrateArgs) -> Result<(), Failure> {
    let settings = load::settings()?;
    let paths: Vec<_> = args.paths.iter().filter(|p| p.as_os_str() != "up").cloned().collect();
    let pipelines = load::pipelines(&paths, &settings)?;
    let url = args.connection.database(&settings)?;
    super::runtime()?.block_on(async {
        let db = connection::open(&url, 2).await?;
        let r = migration::up(&db, &connection::tables(pipelines.iter().map(|p| &**p))).await;
        let r = r.map_err(|e| Failure::Running(super::chain(&e)))?;
        for x in r.refusals {
            eprintln!("{x:?}");
        }
        Ok(())
    })
}

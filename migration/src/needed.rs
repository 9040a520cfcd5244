//! The privileges that a run needs, as the live tables show them.

use sea_orm_migration::sea_orm::DatabaseConnection;

use crate::catalog::{READING, read_only};
use crate::grant::Grant;
use crate::rights::of_target;
use crate::{Error, fit};
use pipeline::Target;

/// The privileges that a run needs: on its tables, and on what their live columns use.
pub async fn needed_to_write(db: &DatabaseConnection, targets: &[Target]) -> Result<Vec<Grant>, Error> {
    let fit = fit(db, targets).await?;
    let transaction = read_only(db).await?;
    let mut grants = Vec::new();
    for (target, types) in targets.iter().zip(&fit.live_types) {
        for grant in of_target(&transaction, target, types).await? {
            if !grants.contains(&grant) {
                grants.push(grant);
            }
        }
    }
    transaction.rollback().await.map_err(Error::during(READING))?;
    Ok(grants)
}

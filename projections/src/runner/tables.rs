//! Making, dropping and swapping a projection's tables.

use campanile_events::db::{DbError, Engine, Transaction};

use crate::{projection::Projection, rows::table_name};

/// Makes the tables of a build, over what an earlier one may have left there.
pub(super) async fn create(
    transaction: &mut dyn Transaction,
    engine: Engine,
    projection: &dyn Projection,
    build: u64,
    beside: bool,
) -> Result<(), DbError> {
    for definition in projection.tables() {
        let name = table_name(definition, beside);
        transaction.execute_script(&format!("drop table if exists {name}")).await?;
        transaction.execute_script(&definition.create(engine, &name, build)).await?;
    }
    Ok(())
}

/// Puts the tables beside the live ones in their place.
pub(super) async fn swap(transaction: &mut dyn Transaction, projection: &dyn Projection) -> Result<(), DbError> {
    for definition in projection.tables() {
        let (live, beside) = (table_name(definition, false), table_name(definition, true));
        transaction.execute_script(&format!("drop table if exists {live}")).await?;
        transaction.execute_script(&format!("alter table {beside} rename to {live}")).await?;
    }
    Ok(())
}

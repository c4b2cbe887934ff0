//! Building a projection anew, beside what is live.

use super::{
    Runner, RunnerError,
    checkpoint::{Checkpoint, Place},
    tables,
};

impl Runner {
    /// Begins to build a projection anew from the start of the log; one that is under way is begun again. The live tables
    /// are kept current until the new ones take their place.
    ///
    /// # Errors
    /// [`RunnerError::Unknown`] for a name that no projection has.
    pub async fn rebuild(&self, name: &str) -> Result<(), RunnerError> {
        let unknown = || RunnerError::Unknown { name: name.to_owned() };
        let projection = self.projection(name).ok_or_else(unknown)?;
        let _turn = self.turn.lock().await;
        let engine = self.db.engine();
        let mut transaction = self.db.begin().await?;
        let checkpoints = Checkpoint::lock_waiting(transaction.as_mut(), engine).await?;
        let own = || checkpoints.iter().filter(|checkpoint| checkpoint.projection == name);
        for beside in own().filter(|checkpoint| checkpoint.place == Place::Beside) {
            beside.delete(transaction.as_mut()).await?;
        }
        let build = 1 + own().map(|checkpoint| checkpoint.build).max().unwrap_or(0);
        tables::create_beside(transaction.as_mut(), engine, projection, build).await?;
        let begun = Checkpoint::begin(name, build, projection.version(), self.epoch, Place::Beside);
        begun.store(transaction.as_mut()).await?;
        transaction.commit().await?;
        self.refresh().await
    }
}

//! The read models as clients' requests may ask them: of one workspace at a time.

use std::sync::Arc;

use campanile_events::db::Database;

/// The read models, for queries that name a workspace. Those that name none take the database itself, which is had by
/// [`ReadModels::everywhere`] alone: so nobody asks of all workspaces by mistake.
///
/// ```
/// # use campanile_events::ids::WorkspaceId;
/// # use campanile_projections::{ReadModels, page::Page, posts};
/// # async fn asked(read: &ReadModels, own: WorkspaceId) {
/// posts::list(read, own, &posts::PostFilter::default(), &Page::first(20)).await;
/// # }
/// ```
/// ```compile_fail
/// # use campanile_projections::{ReadModels, workspaces};
/// # async fn asked(read: &ReadModels) {
/// workspaces::all(read).await;
/// # }
/// ```
/// ```compile_fail
/// # use campanile_projections::ReadModels;
/// # async fn asked(read: &ReadModels) {
/// read.query("select * from posts", vec![]).await;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ReadModels(Arc<dyn Database>);

impl ReadModels {
    /// Those in a database.
    pub fn new(db: Arc<dyn Database>) -> Self {
        Self(db)
    }

    /// All that is in them, of every workspace: for who looks after the engine, never for a client's request.
    pub fn everywhere(&self) -> &Arc<dyn Database> {
        &self.0
    }
}

/// What a query is asked of that names its workspace.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a>(pub(crate) &'a dyn Database);

impl<'a> From<&'a ReadModels> for Bound<'a> {
    fn from(read: &'a ReadModels) -> Self {
        Self(&*read.0)
    }
}

/// Who has all of it may ask of a part.
impl<'a> From<&'a dyn Database> for Bound<'a> {
    fn from(db: &'a dyn Database) -> Self {
        Self(db)
    }
}

//! The same content on the same account within a day: found in the read models by the keyed digest of what the account
//! gets. A claim would hold for ever; a day passes.

use std::{collections::BTreeMap, sync::Arc};

use campanile_events::{
    commands::Sharing,
    db::{Batcher, Database, DbError, Engine},
    ids::{AccountId, Position, PostId, WorkspaceId},
};
use campanile_projections::{
    ReadModels,
    digests::{self, Sought},
    page::QueryError,
};
use chrono::Duration;

use super::turns::{Turn, Turns};
use crate::{
    api::http::{ApiError, Code},
    engine::Core,
};

const WITHIN: Duration = Duration::days(1);
/// How long one waits for others' looks.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Lets equal posts through one after the other, so that the second finds the first.
#[derive(Debug)]
pub struct Duplicates {
    turns: Turns,
    /// Where looking is a way to a server, who looks at the same time looks together.
    looks: Option<Batcher<Sought, Result<Vec<PostId>, QueryError>>>,
}

impl Duplicates {
    /// Among the requests of this process, or of all that share `db`.
    pub async fn open(db: Arc<dyn Database>, sharing: Sharing) -> Result<Self, DbError> {
        let late = || Err(DbError::Unavailable("it doesn't answer in time".to_owned()).into());
        let looks = (db.engine() == Engine::Postgres).then(|| Batcher::with_patience(PATIENCE, late).gathering());
        Ok(Self { turns: Turns::open(db, sharing).await?, looks })
    }

    /// Writes a post while nobody writes an equal one, and until the read models show it: two at once can't both find
    /// none. `written` says where the post is in the log.
    pub(super) async fn in_turn<T>(
        &self,
        core: &Core,
        digests: &BTreeMap<AccountId, String>,
        write: impl Future<Output = Result<T, ApiError>>,
        written: impl FnOnce(&T) -> Position,
    ) -> Result<T, ApiError> {
        let turn: Turn = self.turns.take(digests, core.clock.now()).await?;
        let done = write.await;
        // What isn't shown yet can't be found: such a turn is left to lapse.
        if match &done {
            Ok(done) => core.projected(written(done)).await,
            Err(_) => true,
        } {
            // Nobody but an equal post waits for that.
            tokio::spawn(turn.end());
        }
        done
    }

    /// Refuses content that another post brings to the same account, or brought within a day.
    pub(super) async fn refuse(
        &self,
        core: &Core,
        workspace: WorkspaceId,
        digests: &BTreeMap<AccountId, String>,
        except: Option<PostId>,
    ) -> Result<(), ApiError> {
        let since = core.clock.now() - WITHIN;
        for (account, digest) in digests {
            let look = async || -> Result<Option<PostId>, ApiError> {
                let sought = Sought { workspace, account: *account, digest: digest.clone(), since };
                let others = self.look(&core.read, sought).await?;
                Ok(others.into_iter().find(|other| Some(*other) != except))
            };
            if look().await?.is_none() {
                continue;
            }
            // What was canceled or removed a moment ago may not be shown yet.
            let head = core.journal.head().await?.position;
            core.projected(head).await;
            let Some(other) = look().await? else { continue };
            let message =
                format!("{other} has the same content for {account}; `allow_duplicate` lets this one through");
            let error = ApiError::new(Code::DuplicatePost, message);
            return Err(error.with("post_id", other.to_string()).with("account_id", account.to_string()));
        }
        Ok(())
    }
    async fn look(&self, read: &ReadModels, sought: Sought) -> Result<Vec<PostId>, QueryError> {
        let all = async |sought: Vec<Sought>| match digests::posts(read, &sought).await {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); sought.len()],
        };
        match &self.looks {
            Some(looks) => looks.ask(sought, all).await,
            None => all(vec![sought]).await.swap_remove(0),
        }
    }
}

//! Keys, as this process knows them or the database says.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use campanile_events::{
    commands::{Executor, LoadError, Sharing},
    db::{Database, DbError},
    ids::{KeyId, Position, WorkspaceId},
    key::Key,
    random,
};
use chrono::{DateTime, Utc};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Cache, Follower, Nodes, SETTLED};

/// How soon is asked whether every node has said that it is that far.
const FIRST_ASKED: Duration = Duration::from_millis(2);
const LAST_ASKED: Duration = Duration::from_millis(40);

/// Keys as they are now. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::access) struct CurrentKeys {
    keys: Executor<Key>,
    /// What one of many nodes goes by; a process that is alone has its executor's memory.
    followed: Option<Arc<Followed>>,
}

/// A cache, and who keeps it up.
#[derive(Debug)]
struct Followed {
    cache: Arc<Cache>,
    nodes: Arc<Nodes>,
    wanted: Arc<Notify>,
    /// Dropped, it ends the follower as well.
    stop: watch::Sender<bool>,
    following: Mutex<Option<JoinHandle<()>>>,
}

impl CurrentKeys {
    /// Keys as `keys` has them. If other processes change them, a task on the current runtime follows what they do.
    pub(in crate::access) async fn open(
        db: Arc<dyn Database>,
        keys: &Executor<Key>,
        now: DateTime<Utc>,
    ) -> Result<Self, DbError> {
        let keys = keys.clone();
        if keys.sharing() == Sharing::Alone {
            return Ok(Self { keys, followed: None });
        }
        let nodes = Arc::new(Nodes::open(db, random::uuid_at(now)).await?);
        let (cache, wanted) = (Arc::new(Cache::empty_at(Position(0))), Arc::new(Notify::new()));
        let (stop, stopped) = watch::channel(false);
        let follower = Follower {
            journal: Arc::clone(keys.everywhere()),
            cache: Arc::clone(&cache),
            nodes: Arc::clone(&nodes),
            wanted: Arc::clone(&wanted),
            stop: stopped,
            told: None,
            swept: None,
        };
        let following = Mutex::new(Some(tokio::spawn(follower.run())));
        Ok(Self { keys, followed: Some(Arc::new(Followed { cache, nodes, wanted, stop, following })) })
    }

    /// A key as it is, or as it was when this process last was sure of it, which is [`SETTLED`] ago at most.
    ///
    /// # Errors
    /// If this process isn't sure of it and the journal can't be read, or an event can't.
    pub(in crate::access) async fn get(
        &self,
        workspace: WorkspaceId,
        id: KeyId,
    ) -> Result<Option<Arc<Key>>, LoadError> {
        if let Some(key) = self.followed.as_ref().and_then(|followed| followed.cache.get(workspace, id)) {
            return Ok(Some(key));
        }
        let since = self.followed.as_ref().map(|followed| followed.cache.since());
        let Some(loaded) = self.keys.load(workspace, id.uuid()).await? else { return Ok(None) };
        let key = Arc::clone(&loaded.state);
        if let (Some(followed), Some(since)) = (&self.followed, since) {
            followed.cache.put(id, &loaded, &key, since);
        }
        Ok(Some(key))
    }

    /// Waits until what was committed at `position` counts on every node.
    pub(in crate::access) async fn settled(&self, position: Position) {
        let Some(followed) = &self.followed else { return };
        followed.wanted.notify_one();
        let confirmed = async {
            let mut pause = FIRST_ASKED;
            // A table that can't be read says nothing: then the longest time is waited.
            while !followed.nodes.are_all_at(position).await.unwrap_or(false) {
                sleep(pause).await;
                pause = LAST_ASKED.min(pause * 2);
            }
        };
        // Over is over: by then no node goes by anything older.
        let _ = timeout(SETTLED, confirmed).await;
    }

    /// Ends the following. From now on each key is read from the database.
    pub(in crate::access) async fn retire(&self) {
        let Some(followed) = &self.followed else { return };
        followed.cache.unlisted();
        // An error says that it has ended.
        let _ = followed.stop.send(true);
        let following = followed.following.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(following) = following
            && let Err(error) = following.await
        {
            tracing::error!(%error, "following the keys ended badly");
        }
    }
}

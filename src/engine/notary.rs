//! Signs what the log is, every so often: of many nodes one does, whoever holds the lease, and the others keep a copy.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::SharedClock,
    db::DbError,
    ids::Position,
    journal::{Journal, ReadError},
    merkle::checkpoint::{Checkpoint, NoteName, SigningKey, sign, workspaces_root},
    random,
};
use campanile_workers::leases::{Asked, Leases};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Checkpoints, Store, log::SignedNumbers};

const PAUSE: Duration = Duration::from_secs(10);
const LEASE: &str = "notary";
/// Longer than the pause between two looks: who signs goes on doing so until it ends or dies.
const HELD: Duration = Duration::from_secs(25);

/// Writes signed checkpoints.
#[derive(Debug, Clone)]
pub struct Notary {
    journal: Arc<dyn Journal>,
    key: Arc<SigningKey>,
    checkpoints: Checkpoints,
    clock: SharedClock,
}

/// Whose turn it is.
#[derive(Debug)]
struct Turn {
    leases: Leases,
    node: Uuid,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// The log can't be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The checkpoint can't be kept.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The log moves too fast.
    #[error("the log moved between every two looks at it")]
    Moving,
}

impl Notary {
    /// The notary of an opened folder.
    pub fn of(store: &Store) -> Self {
        Self {
            journal: Arc::clone(&store.journal),
            key: Arc::clone(&store.signing_key),
            checkpoints: store.checkpoints.clone(),
            clock: store.clock.clone(),
        }
    }

    /// Signs every ten seconds, if the log has moved, until told to stop; then once more. With leases, only while no other
    /// node does.
    pub async fn run(self, leases: Option<Leases>, mut stop: watch::Receiver<bool>) {
        let turn = leases.map(|leases| Turn { leases, node: random::uuid_at(self.clock.now()) });
        let mut signed = Position(0);
        loop {
            let stopped = tokio::select! {
                () = tokio::time::sleep(PAUSE) => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            match self.sign_in_turn(turn.as_ref(), signed).await {
                Ok(position) => signed = position,
                Err(error) => tracing::warn!(%error, "no checkpoint was signed"),
            }
            if !stopped {
                continue;
            }
            if let Some(turn) = turn
                && let Err(error) = turn.leases.give_back(LEASE, turn.node).await
            {
                tracing::warn!(%error, "another node signs once this one's lease is over");
            }
            return;
        }
    }

    /// Signs if it is this node's turn; else keeps beside it what another one signed.
    async fn sign_in_turn(&self, turn: Option<&Turn>, signed: Position) -> Result<Position, NotaryError> {
        if let Some(Turn { leases, node }) = turn
            && !matches!(leases.take(LEASE, *node, HELD).await?, Asked::Ours(_))
        {
            self.checkpoints.copy_newest().await?;
            // What was signed meanwhile, by whom it may be, is not asked for.
            return Ok(Position(0));
        }
        self.sign_after(signed).await
    }

    /// Signs the head if it lies after `signed`; answers up to where all is signed.
    pub async fn sign_after(&self, signed: Position) -> Result<Position, NotaryError> {
        if self.journal.head().await?.position <= signed {
            return Ok(signed);
        }
        let look = SignedNumbers::read(self.journal.as_ref()).await?;
        if !look.add_up() {
            return Err(NotaryError::Moving);
        }
        let SignedNumbers { head, workspaces } = look;
        let Some(recorded_at) = head.recorded_at else { return Ok(signed) };
        let log = self.key.verifying_key().name().clone();
        let origin: NoteName =
            format!("{log}/epoch-{}", head.epoch).parse().expect("a name with a number after it is a name");
        let checkpoint = Checkpoint {
            origin,
            size: head.position.0,
            root: head.root,
            workspaces_root: workspaces_root(&workspaces),
            recorded_at,
        };
        let note = sign(&checkpoint, &self.key);
        self.checkpoints.keep(head.epoch, head.position, &note, self.clock.now()).await?;
        Ok(head.position)
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::{clock::SystemClock, db::postgres, seal::MasterKey};
    use campanile_test_servers::Postgres;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::{
        configuration::Folder,
        engine::{Opening, Owner, initialize},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_nodes_one_signs_until_it_ends_and_both_keep_what_it_signed() {
        let server = Postgres::start();
        let database = postgres::Settings::parse(&server.create_database("bells")).expect("an address");
        let dir = tempfile::tempdir().expect("a folder");
        let key = dir.path().join("master.key");
        std::fs::write(&key, MasterKey::generate().to_hex().expose_secret()).expect("a file");
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a file of ours");
        let open = async |name: &str, opening| {
            let path = dir.path().join(name);
            let folder = Folder {
                path,
                master_key_file: Some(key.clone()),
                pepper_file: None,
                database: Some(database.clone()),
            };
            Store::open(&folder, opening, SystemClock::shared()).await.expect("opened")
        };
        let one = open("one", Opening::New).await;
        let owner = Owner { email: "ada@example.com".to_owned(), password: None };
        initialize(&one, owner).await.expect("made");
        let other = open("other", Opening::Existing).await;
        let leases = Leases::open(Arc::clone(&one.side)).await.expect("leases");
        let turn = |node: u128| Turn { leases: leases.clone(), node: Uuid::from_u128(node) };
        let (signs, waits) = (turn(1), turn(2));

        one.side.execute("delete from log_checkpoints", vec![]).await.expect("nothing was signed");
        let signed = Notary::of(&one).sign_in_turn(Some(&signs), Position(0)).await.expect("signed");
        assert_eq!(signed, one.journal.head().await.expect("a head").position);
        let kept = |store: &Store| std::fs::read_to_string(store.folder.join("checkpoint")).ok();
        assert_eq!(kept(&other), None);
        Notary::of(&other).sign_in_turn(Some(&waits), Position(0)).await.expect("it wasn't its turn");
        assert!(kept(&other).is_some() && kept(&other) == kept(&one), "each folder has the newest");

        one.side.execute("delete from log_checkpoints", vec![]).await.expect("nothing is signed");
        Notary::of(&other).sign_in_turn(Some(&waits), Position(0)).await.expect("it isn't its turn");
        assert_eq!(other.checkpoints.newest().await.expect("read"), None, "who waits signs nothing");
        leases.give_back(LEASE, signs.node).await.expect("given back");
        Notary::of(&other).sign_in_turn(Some(&waits), Position(0)).await.expect("signed");
        assert_eq!(other.checkpoints.all().await.expect("read").len(), 1, "who comes next goes on");
    }
}

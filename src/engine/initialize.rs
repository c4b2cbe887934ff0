//! The first events of a folder: an organization, its owner, a workspace, and a key that may do everything.

use std::sync::Arc;

use campanile_events::{
    commands::{Sharing, Streamed, decide, new_events},
    ids::{KeyId, OrganizationId, PersonId, Position, Version, WorkspaceId},
    journal::{Actor, Append, AppendError, Expected, Metadata, NewEvent, StreamId},
    key::{Grant, Key, KeyAction, KeyCommand, KeyMode, NewKey},
    organization::{Organization, OrganizationAction, OrganizationCommand},
    person::{Person, PersonAction, PersonCommand, Role},
    seal::{DataKey, Open, fields},
    workspace::{Workspace, WorkspaceAction, WorkspaceCommand},
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Notary, Store};
use crate::access::{Email, Holder, KeySecret, Passwords, Verifiers};

const WORKSPACE: &str = "default";
const KEY: &str = "init";

/// Who the engine belongs to.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The address that they sign in with.
    pub email: String,
    /// What they sign in with; without it they only have the key.
    pub password: Option<SecretString>,
}

impl Owner {
    /// Whether an engine can be made for this owner; asked before anything is made.
    pub fn check(&self) -> Result<(), InitializeError> {
        self.address()?;
        Ok(self.password.as_ref().map_or(Ok(()), Passwords::check)?)
    }

    fn address(&self) -> Result<Email, InitializeError> {
        Email::read(&self.email).map_err(|_| InitializeError::Email(self.email.clone()))
    }
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Initialized {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The key.
    pub key_id: KeyId,
    /// The key's secret, shown this once.
    pub secret: KeySecret,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum InitializeError {
    /// Something has happened in the folder already.
    #[error("there is an engine in {} already: nothing was changed", .0.display())]
    Used(std::path::PathBuf),
    /// Something has happened in the database already.
    #[error("there is an engine in the database already: nothing was changed")]
    UsedDatabase,
    /// The address is none.
    #[error("`{0}` is not an e-mail address")]
    Email(String),
    /// The password can't be kept.
    #[error(transparent)]
    Password(#[from] crate::access::PasswordError),
    /// It could not be stored.
    #[error("it could not be stored: {0}")]
    Storage(String),
}

/// Makes all four in one append: after a crash there are all or none.
pub async fn initialize(store: &Store, owner: Owner) -> Result<Initialized, InitializeError> {
    let used = || match store.sharing {
        Sharing::Alone => InitializeError::Used(store.folder.clone()),
        Sharing::Shared => InitializeError::UsedDatabase,
    };
    if !store.is_empty().await.map_err(storage)? {
        return Err(used());
    }
    owner.check()?;
    let email = owner.address()?;
    let hash = match owner.password {
        Some(password) => Some(Passwords::hash(password).await?),
        None => None,
    };

    let now = store.clock.now();
    let workspace = WorkspaceId::fresh(now);
    let organization = OrganizationId::fresh(now);
    let person = PersonId::fresh(now);
    let key_id = KeyId::fresh(now);
    let organization_key = store.data_keys.create(organization.uuid(), now).await.map_err(storage)?;
    let workspace_key = store.data_keys.create(workspace.uuid(), now).await.map_err(storage)?;
    let secret = KeySecret::generate(KeyMode::Live);

    let metadata = Metadata::by(Actor::operator());
    let mut first = First { now, metadata, workspace: None, expected: Vec::new(), events: Vec::new() };
    let name = organization_key.seal(fields::ORGANIZATION_NAME, &Open::new(email.host()));
    // Neither belongs to a workspace: there may be more of those.
    first.workspace = Some(WorkspaceId::default());
    first
        .decide::<Organization>(
            organization.uuid(),
            vec![OrganizationCommand { now, action: OrganizationAction::Create { name } }],
        )
        .await?;
    first.decide::<Person>(person.uuid(), owning(now, organization, workspace, &organization_key, &email)).await?;
    first.workspace = None;
    let name = workspace_key.seal(fields::WORKSPACE_NAME, &Open::new(WORKSPACE));
    let action = WorkspaceAction::Create { organization_id: organization, name };
    first.decide::<Workspace>(workspace.uuid(), vec![WorkspaceCommand { now, action }]).await?;
    let name = workspace_key.seal(fields::KEY_NAME, &Open::new(KEY));
    let new = NewKey::new(workspace, name, secret.prefix(), Grant::everything());
    let action = KeyAction::Create(Box::new(new));
    first.decide::<Key>(key_id.uuid(), vec![KeyCommand { now, action }]).await?;

    let verifiers = Verifiers::open(Arc::clone(&store.side), store.pepper_file.clone(), None).await.map_err(storage)?;
    verifiers.keep(&secret, Holder { key_id, workspace }).await.map_err(storage)?;
    if let Some(hash) = hash {
        Passwords::open(Arc::clone(&store.side)).await.map_err(storage)?.keep(person, hash, now).await?;
    }
    let append =
        Append { workspace, expected: first.expected, events: first.events, receipts: Vec::new(), begins: true };
    store.journal.append(append).await.map_err(|error| match error {
        AppendError::NotEmpty(_) => used(),
        error => storage(error),
    })?;
    // Of a log that was to come here and didn't. Not before: a log that came meanwhile needs its own.
    store.marks.clear().await.map_err(storage)?;
    store.checkpoints.clear().await.map_err(storage)?;
    // From the first event on there is something signed to hold the log to.
    Notary::of(store).sign_after(Position(0)).await.map_err(storage)?;
    Ok(Initialized { workspace_id: workspace, key_id, secret })
}

fn owning(
    now: DateTime<Utc>,
    organization_id: OrganizationId,
    workspace_id: WorkspaceId,
    key: &DataKey,
    email: &Email,
) -> Vec<PersonCommand> {
    let register = PersonAction::Register {
        organization_id,
        email: key.seal(fields::PERSON_EMAIL, email.open()),
        email_index: key.digest(fields::PERSON_EMAIL, email.as_str().as_bytes()),
    };
    let own = PersonAction::GiveRole { workspace_id, role: Role::Owner, other_owner: None };
    [register, own].into_iter().map(|action| PersonCommand { now, action }).collect()
}

/// The append as it grows.
struct First {
    now: DateTime<Utc>,
    metadata: Metadata,
    /// Where it isn't the one that is made.
    workspace: Option<WorkspaceId>,
    expected: Vec<Expected>,
    events: Vec<NewEvent>,
}

impl First {
    /// What a stream begins with.
    async fn decide<A>(&mut self, id: Uuid, commands: Vec<A::Command>) -> Result<(), InitializeError>
    where
        A: Streamed<Services = ()>,
    {
        let mut state = A::default();
        for command in commands {
            let (events, after) = decide(&state, command, &()).await.map_err(storage)?;
            let mut events = new_events::<A>(id, &events, &self.metadata, self.now).map_err(storage)?;
            for event in &mut events {
                event.workspace = self.workspace;
            }
            self.events.append(&mut events);
            state = after;
        }
        self.expected.push(Expected { stream: StreamId::new(A::KIND, id), version: Version(0) });
        Ok(())
    }
}

fn storage(error: impl std::fmt::Display) -> InitializeError {
    InitializeError::Storage(error.to_string())
}

//! From what a person shows to who they are.

use std::{net::IpAddr, sync::Arc};

use campanile_events::{
    clock::SharedClock,
    commands::{Executor, LoadError},
    db::{Database, DbError},
    ids::{OrganizationId, PersonId, Position, SessionId, WorkspaceId},
    invitation::Invitation,
    journal::{Actor, Journal, ReadError, StreamKind},
    person::{EMAIL_CLAIM, Person, Role},
    seal::{DataKey, DataKeys, MasterKey, Open, SealError, fields},
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::{
    Attempts, Caller, Denied, Email, Links, PasswordError, Passwords, Purpose, Session, Sessions, Token, TokenKind,
    sessions::NewSession,
};

/// The organization stands among the first events of a log.
const FIRST: usize = 50;

/// The people of the organization. Cheap to clone.
#[derive(Debug, Clone)]
pub struct People(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    persons: Executor<Person>,
    invitations: Executor<Invitation>,
    data_keys: Arc<DataKeys>,
    passwords: Passwords,
    sessions: Sessions,
    links: Links,
    attempts: Attempts,
    home: OnceCell<Home>,
    clock: SharedClock,
}

/// Where people's records are: an address is claimed there, so that no two people of the organization share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// The organization, whose data key seals their addresses.
    pub organization: OrganizationId,
    /// The workspace that its events belong to.
    pub workspace: WorkspaceId,
}

/// A person who is signed in, as of this request.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub id: PersonId,
    /// Their record.
    pub person: Arc<Person>,
    /// In which session.
    pub session: Session,
}

/// From where somebody signs in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// Their address, where it can be told.
    pub address: Option<IpAddr>,
    /// Their program, by its own word.
    pub client: Option<&'a str>,
}

/// Why something about people could not be done now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PeopleError {
    /// A table.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The log.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A data key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A password, for another reason than its length.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The log begins without one.
    #[error("the log names no organization")]
    NoOrganization,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInError {
    /// The address, the password or both: nobody is told which.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// There were too many attempts; from then on another is let through.
    #[error("there were too many attempts to sign in")]
    TooOften(DateTime<Utc>),
    /// It can't be told now.
    #[error(transparent)]
    People(#[from] PeopleError),
}

/// Why a signed-in person opens no workspace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// They may enter several and named none.
    #[error("say which workspace")]
    Unsaid(Vec<WorkspaceId>),
    /// They may enter none.
    #[error("no workspace is open to this person")]
    Nowhere,
    /// They may not enter that one, whether it is there or not.
    #[error("there is no such workspace")]
    NotThere,
}

impl SignedIn {
    /// Who stands in the events of their commands.
    pub fn actor(&self) -> Actor {
        Actor::of(self.id)
    }

    /// What they are in a workspace.
    pub fn role(&self, workspace: WorkspaceId) -> Option<Role> {
        self.person.roles.get(&workspace).copied()
    }

    /// What they may do in the workspace that they name, or in their only one.
    pub fn enter(&self, named: Option<WorkspaceId>) -> Result<Caller, NoPlace> {
        let roles = &self.person.roles;
        let (workspace, role) = match (named, roles.len()) {
            (Some(workspace), _) => (workspace, self.role(workspace).ok_or(NoPlace::NotThere)?),
            (None, 0) => return Err(NoPlace::Nowhere),
            (None, 1) => roles.first_key_value().map(|(id, role)| (*id, *role)).ok_or(NoPlace::Nowhere)?,
            (None, _) => return Err(NoPlace::Unsaid(roles.keys().copied().collect())),
        };
        Ok(Caller::person(self.clone(), workspace, role))
    }
}

impl People {
    /// Gives up what its executors remember.
    pub fn rest(&self) {
        self.0.persons.rest();
        self.0.invitations.rest();
    }

    /// Opens what is kept of people in `side`.
    pub async fn open(
        side: &Arc<dyn Database>,
        master: &MasterKey,
        data_keys: &Arc<DataKeys>,
        persons: Executor<Person>,
        invitations: Executor<Invitation>,
        clock: SharedClock,
    ) -> Result<Self, DbError> {
        let passwords = Passwords::open(Arc::clone(side)).await?;
        let sessions = Sessions::open(Arc::clone(side), master).await?;
        let links = Links::open(Arc::clone(side), master).await?;
        let attempts = Attempts::open(Arc::clone(side), master).await?;
        let (home, data_keys) = (OnceCell::new(), Arc::clone(data_keys));
        Ok(Self(Arc::new(Inner { persons, invitations, data_keys, passwords, sessions, links, attempts, home, clock })))
    }

    /// Signs a person in; takes as long for an address that nobody has. Who did with the same `once` within a day gets the
    /// session of then, as long as it holds: that is told, too.
    pub async fn sign_in(
        &self,
        email: &Email,
        password: SecretString,
        origin: Origin<'_>,
        once: Option<&str>,
    ) -> Result<(Token, SignedIn, bool), SignInError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let attempt = inner.attempts.begin(email, origin.address, now).await.map_err(PeopleError::from)?;
        let attempt = attempt.map_err(SignInError::TooOften)?;
        let found = self.find(email).await?;
        let since = inner.passwords.verify(found, password).await.map_err(PeopleError::from)?;
        let (Some(id), Some(since)) = (found, since) else { return Err(SignInError::Wrong) };
        inner.attempts.succeeded(&attempt).await.map_err(PeopleError::from)?;
        let person = self.load(id).await?.ok_or(SignInError::Wrong)?;
        let key = self.key().await?;
        let address = origin.address.map(|it| key.seal(fields::SESSION_ADDRESS, &Open::new(it.to_string())));
        let client = origin.client.map(|it| key.seal(fields::SESSION_CLIENT, &Open::new(it)));
        let new = NewSession { person: id, password_of: since, address, client, once: once.map(|it| (it, &*key)) };
        let begun = inner.sessions.begin(new, now).await.map_err(PeopleError::from)?;
        let (token, session, before) = begun.ok_or(SignInError::Wrong)?;
        Ok((token, SignedIn { id, person, session }, before))
    }

    /// Whether this is the person's password. Counts as an attempt on their account, as signing in does.
    pub async fn prove(
        &self,
        id: PersonId,
        email: &Email,
        password: SecretString,
        address: Option<IpAddr>,
    ) -> Result<(), SignInError> {
        let inner = &self.0;
        let attempt = inner.attempts.begin(email, address, inner.clock.now()).await.map_err(PeopleError::from)?;
        let attempt = attempt.map_err(SignInError::TooOften)?;
        let since = inner.passwords.verify(Some(id), password).await.map_err(PeopleError::from)?;
        since.ok_or(SignInError::Wrong)?;
        Ok(inner.attempts.succeeded(&attempt).await.map_err(PeopleError::from)?)
    }

    /// Who shows this token.
    ///
    /// # Errors
    /// Why it opens nothing. A session that has ended and one that never was are the same.
    pub async fn signed_in(&self, token: &str) -> Result<SignedIn, Denied> {
        let token = Token::read(TokenKind::Session, token).map_err(|_| Denied::Invalid)?;
        let session = self.0.sessions.used(&token, self.0.clock.now()).await.map_err(|error| unavailable(&error))?;
        let session = session.ok_or(Denied::SessionEnded)?;
        let id = session.person;
        let person = self.load(id).await.map_err(|error| unavailable(&error))?.ok_or(Denied::SessionEnded)?;
        Ok(SignedIn { id, person, session })
    }

    /// Whether what a person began in a session may go on, and what they are in that workspace by now.
    ///
    /// # Errors
    /// Why it may not.
    pub async fn holds(&self, id: PersonId, session: SessionId, workspace: WorkspaceId) -> Result<Role, Denied> {
        let held = self.0.sessions.holds(id, session, self.0.clock.now()).await;
        if !held.map_err(|error| unavailable(&error))? {
            return Err(Denied::SessionEnded);
        }
        let person = self.load(id).await.map_err(|error| unavailable(&error))?;
        // Who left the workspace has no say there any more, whatever else is open to them.
        person.and_then(|person| person.roles.get(&workspace).copied()).ok_or(Denied::SessionEnded)
    }

    /// Who has this address.
    pub async fn find(&self, email: &Email) -> Result<Option<PersonId>, PeopleError> {
        let home = self.home().await?;
        let index = self.index(email).await?;
        let holder = self.journal().holder(home.workspace, EMAIL_CLAIM, &index).await?;
        Ok(holder.filter(|stream| stream.kind == StreamKind::Person).map(|stream| stream.id.into()))
    }

    /// A person's record.
    pub async fn load(&self, id: PersonId) -> Result<Option<Arc<Person>>, PeopleError> {
        let home = self.home().await?;
        let loaded = self.0.persons.load(home.workspace, id.uuid()).await?;
        Ok(loaded.map(|loaded| loaded.state))
    }

    /// A person's address, opened.
    pub async fn email(&self, person: &Person) -> Result<Open, PeopleError> {
        Ok(self.key().await?.open(fields::PERSON_EMAIL, &person.email)?)
    }

    /// The digest that an address is claimed by.
    pub async fn index(&self, email: &Email) -> Result<String, PeopleError> {
        Ok(self.key().await?.digest(fields::PERSON_EMAIL, email.as_str().as_bytes()))
    }

    /// The organization's data key.
    pub async fn key(&self) -> Result<Arc<DataKey>, PeopleError> {
        Ok(self.0.data_keys.get(self.home().await?.organization.uuid()).await?)
    }

    /// Where the records are.
    pub async fn home(&self) -> Result<Home, PeopleError> {
        let read = async || {
            let first = self.journal().read(Position(0), FIRST).await?;
            let organization = first.iter().find(|event| event.stream.kind == StreamKind::Organization);
            let found = organization.ok_or(PeopleError::NoOrganization)?;
            Ok(Home { organization: found.stream.id.into(), workspace: found.workspace })
        };
        self.0.home.get_or_try_init(read).await.copied()
    }

    /// Carries out commands to people's records.
    pub fn persons(&self) -> &Executor<Person> {
        &self.0.persons
    }

    /// Carries out commands to invitations.
    pub fn invitations(&self) -> &Executor<Invitation> {
        &self.0.invitations
    }

    /// Their passwords' hashes.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Their sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// The links by which they come in, or set another password.
    pub fn links(&self) -> &Links {
        &self.0.links
    }

    /// Sets a person's password, and ends their sessions but one, if one is named, and the link to reset it.
    pub async fn set_password(
        &self,
        id: PersonId,
        password: SecretString,
        but: Option<SessionId>,
    ) -> Result<(), PasswordError> {
        let hash = Passwords::hash(password).await?;
        // In this order: a session that begins with the password of before is there to be ended, or doesn't begin.
        self.0.passwords.keep(id, hash, self.0.clock.now()).await?;
        self.0.sessions.end_all(id, but).await?;
        // A link that somebody asked for before would set it back.
        self.0.links.withdraw(id.uuid(), Purpose::Reset).await?;
        Ok(())
    }

    /// Sets a password that is on record since `at`, unless that was done, or another has been set since: a crash may have
    /// come between record and hash.
    pub async fn finish_password(
        &self,
        id: PersonId,
        password: SecretString,
        but: Option<SessionId>,
        at: DateTime<Utc>,
    ) -> Result<(), PasswordError> {
        if self.0.passwords.changed_at(id).await?.is_some_and(|changed| changed >= at) {
            return Ok(());
        }
        self.set_password(id, password, but).await
    }

    /// Forgets what time is over for: sessions, links, attempts.
    pub async fn forget(&self) -> Result<(), DbError> {
        let now = self.0.clock.now();
        self.0.sessions.forget(now).await?;
        self.0.links.forget(now).await?;
        self.0.attempts.forget(now).await.map(drop)
    }

    fn journal(&self) -> &Arc<dyn Journal> {
        self.0.persons.everywhere()
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Denied {
    Denied::Unavailable(error.to_string())
}

//! The way there and the way back.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use campanile_events::{
    db::{Database, DbError},
    random,
    seal::{MasterKey, SealError},
    timing::Timing,
};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde_json::Value;
use url::Url;

use super::{
    apps::Apps,
    states::{Beginner, States, Taken},
};
use crate::platforms::{
    ConnectError, ConnectRequest, Connected, Fields, Platform, REDIRECT_URI, RedirectUri, SignInRequest,
};

/// How long somebody may take on the platform's page.
const GOOD_FOR: Duration = Duration::minutes(10);

/// What was begun, and what it was begun as.
#[derive(Debug)]
pub struct SignIns {
    states: States,
    apps: Apps,
}

/// Where somebody is to go.
pub struct Invitation {
    /// The platform's page.
    pub auth_url: Url,
    /// What comes back from there with the code.
    pub state: String,
    /// Until when it is taken.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Why there is no way there, or none back.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The platform has no such page.
    #[error("this platform is connected directly")]
    NotOffered,
    /// This key began nothing under this state for this platform, or has finished it.
    #[error("the state is not known")]
    UnknownState,
    /// Its time is over.
    #[error("the state has expired")]
    ExpiredState,
    /// As when an account is connected directly.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// What is kept can't be read or written.
    #[error(transparent)]
    Kept(#[from] SealError),
}

impl SignIns {
    /// What is kept in `db`, whose tables are made if need be.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn open(db: Arc<dyn Database>, master: &MasterKey) -> Result<Self, DbError> {
        let states = States::open(Arc::clone(&db), master.clone()).await?;
        Ok(Self { states, apps: Apps::open(db, master.clone()).await? })
    }

    /// Says where somebody is to go. `given` has the fields that the platform's description names.
    ///
    /// # Errors
    /// [`SignInError::NotOffered`] where nobody can go anywhere.
    pub async fn begin(
        &self,
        platform: &dyn Platform,
        beginner: Beginner,
        mut given: Value,
        timing: Timing,
        now: DateTime<Utc>,
    ) -> Result<Invitation, SignInError> {
        let sign_in = platform.sign_in().ok_or(SignInError::NotOffered)?;
        let redirect_uri = redirect_uri(&given)?;
        given.as_object_mut().map(|fields| fields.remove(REDIRECT_URI.name));
        let state = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        let begun = sign_in
            .begin(SignInRequest {
                given: &ConnectRequest { body: given, timing },
                redirect_uri: &redirect_uri,
                state: &state,
                apps: &self.apps.of(platform.name(), redirect_uri.as_str(), now),
            })
            .await?;
        let expires_at = (now + GOOD_FOR).trunc_subsecs(3);
        self.states.keep(&state, beginner, platform.name(), &begun.kept, expires_at, now).await?;
        Ok(Invitation { auth_url: begun.auth_url, state, expires_at })
    }

    /// Takes what the page gave. Whatever comes of it, the state is used.
    ///
    /// # Errors
    /// [`SignInError::UnknownState`] for whoever did not begin it with this key.
    pub async fn finish(
        &self,
        platform: &dyn Platform,
        beginner: Beginner,
        given: &Value,
        timing: &Timing,
        now: DateTime<Utc>,
    ) -> Result<Connected, SignInError> {
        let sign_in = platform.sign_in().ok_or(SignInError::NotOffered)?;
        let mut fields = Fields::of(given)?;
        let (code, state) = (fields.text("code")?, fields.text("state")?);
        fields.finish()?;
        match self.states.take(state, beginner, platform.name(), now).await? {
            Taken::Begun(kept) => Ok(sign_in.finish(code, &kept, timing).await?),
            Taken::Expired => Err(SignInError::ExpiredState),
            Taken::Unknown => Err(SignInError::UnknownState),
        }
    }
}

fn redirect_uri(given: &Value) -> Result<RedirectUri, ConnectError> {
    let text = Fields::of(given)?.text(REDIRECT_URI.name)?;
    text.parse().map_err(|error| ConnectError::invalid(REDIRECT_URI.name, "invalid", format!("{error}")))
}

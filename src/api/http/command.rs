//! Commands of a caller, and what their outcome means to it.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use campanile_events::{
    commands::{CommandError, Committed, Executor, Request, Streamed},
    ids::Position,
    journal::{Counted, Metadata, NewReceipt, StreamId},
    seal::Sealed,
};
use uuid::Uuid;

use super::{
    Answer, ApiError, Code, RequestIds,
    idempotency::{Keyed, in_progress},
};
use crate::{
    access::{Caller, NoPlace},
    api::Api,
};

/// Who asks, and for which request.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The key.
    pub caller: Caller,
    /// The request's own name.
    pub request_id: String,
    /// What its command leaves a receipt of, if it has an idempotency key.
    keyed: Option<Keyed>,
    /// The status that it is answered with when all goes well.
    status: StatusCode,
    /// What its answer shows once.
    sealed: Option<Sealed>,
    /// What its command counts against the workspace's plan.
    counted: Option<Box<Counted>>,
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(parts)
    }
}

impl Asker {
    /// Who sent this request, once the guard has let it in.
    pub(super) fn of(parts: &Parts) -> Result<Self, ApiError> {
        if let Some(why) = parts.extensions.get::<NoPlace>() {
            return Err(why.clone().into());
        }
        let caller = parts.extensions.get::<Caller>().cloned();
        // The table has no such route; a route beside it would be a defect.
        let caller = caller.ok_or_else(|| ApiError::internal("a handler asked for a caller on an open route"))?;
        let request_id = parts.extensions.get::<RequestIds>().map(|ids| ids.own.to_string()).unwrap_or_default();
        let keyed = parts.extensions.get::<Keyed>().cloned();
        Ok(Self { caller, request_id, keyed, status: StatusCode::OK, sealed: None, counted: None })
    }

    /// Says that the command makes something: the same request again is answered so, too.
    #[must_use]
    pub fn creating(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }

    /// Keeps what only this answer shows, for the same request again.
    #[must_use]
    pub fn showing_once(mut self, sealed: Sealed) -> Self {
        self.sealed = Some(sealed);
        self
    }

    /// Counts something against the workspace's plan with what its command stores, or is refused with it.
    #[must_use]
    pub fn counting(mut self, counted: Option<Box<Counted>>) -> Self {
        self.counted = counted;
        self
    }

    /// What its events say of where they come from.
    pub fn metadata(&self) -> Metadata {
        let counted = self.counted.clone();
        Metadata { request_id: Some(self.request_id.clone()), counted, ..Metadata::by(self.caller.actor()) }
    }

    /// Refuses who lacks a scope that the route's table doesn't ask for.
    pub fn require(&self, scope: campanile_events::key::Scope) -> Result<(), ApiError> {
        self.caller.require(scope)
    }

    /// Gives a command to a stream, in this caller's name and workspace.
    pub async fn execute<A>(
        &self,
        executor: &Executor<A>,
        id: Uuid,
        command: A::Command,
    ) -> Result<Committed<A>, CommandError<A::Error>>
    where
        A: Streamed,
        A::Command: Clone + Send + Sync + 'static,
        A::Error: Clone + Send + 'static,
        A::Services: 'static,
    {
        executor.execute(self.asking::<A>(id, command)).await
    }

    /// The same for what is made, with an id that was made for it.
    pub async fn begin<A>(
        &self,
        executor: &Executor<A>,
        id: Uuid,
        command: A::Command,
    ) -> Result<Committed<A>, CommandError<A::Error>>
    where
        A: Streamed,
        A::Command: Clone + Send + Sync + 'static,
        A::Error: Clone + Send + 'static,
        A::Services: 'static,
    {
        executor.begin(self.asking::<A>(id, command)).await
    }

    fn asking<A: Streamed>(&self, id: Uuid, command: A::Command) -> Request<A::Command> {
        let (workspace, metadata) = (self.caller.workspace, self.metadata());
        let receipt = self.keyed.as_ref().map(|keyed| NewReceipt {
            key: keyed.key.clone(),
            request_digest: keyed.request.clone(),
            status: self.status.as_u16(),
            resource: StreamId::new(A::KIND, id),
            sealed: self.sealed.as_ref().map(|sealed| sealed.as_str().to_owned()),
        });
        Request { workspace, id, command, metadata, receipt }
    }
}

impl Caller {
    /// Refuses who lacks a scope: a person by their role.
    pub(in crate::api) fn require(&self, scope: campanile_events::key::Scope) -> Result<(), ApiError> {
        match self.role() {
            _ if self.may(scope) => Ok(()),
            Some(role) => Err(ApiError::role_without(role, scope)),
            None => Err(ApiError::scope(scope)),
        }
    }
}

impl Api {
    /// Puts a command's place in the log on its answer, once the read models show it or the wait is over.
    pub async fn placed(&self, answer: Answer, position: Position) -> Answer {
        let projected = self.0.projected(position).await;
        answer.at_position(self.0.log_position(position), projected)
    }
}

/// What a command's failure means that no aggregate decided.
pub fn refused_anyway<E>(error: CommandError<E>, what: &str, refused: impl FnOnce(E) -> ApiError) -> ApiError {
    match error {
        CommandError::Refused(error) => refused(error),
        CommandError::NotFound => ApiError::not_found(what),
        CommandError::QuotaExceeded(exceeded) => exceeded.as_ref().into(),
        CommandError::Contended => ApiError::unavailable("the stream kept moving"),
        CommandError::Unavailable(reason) => ApiError::unavailable(reason),
        CommandError::Unreadable(error) => ApiError::unavailable(error),
        CommandError::ClaimTaken { kind, .. } => {
            ApiError::new(Code::Conflict, format!("the {kind} belongs to another already"))
        }
        // Who looks for the receipt again finds it.
        CommandError::ReceiptExists(_) => in_progress(),
        CommandError::Invalid(reason) => ApiError::internal(reason),
    }
}

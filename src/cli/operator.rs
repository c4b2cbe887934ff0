//! The way of a command to the engine: through the socket of the process that has the folder, or to an engine of its own
//! on the folder, which then keeps the read models current and does nothing else; or to the one at `--server`, whose API
//! is asked as any other client asks it.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{Failure, refused::words, session::Away};
use crate::{
    api,
    configuration::{Configuration, FolderFlags, Role, Roles},
    engine::{Engine, LockError, OpenError, PATIENCE, Socket},
};

/// How long the read models may take to show what a command reads.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// An engine that takes an operator's requests.
pub(super) enum Operator {
    /// The one that runs.
    Running(Socket),
    /// One of this command's own.
    Own(Box<Engine>, Router),
    /// One at an address, as who is signed in there.
    Away(Away),
}

impl Operator {
    /// Carries out `work` on the folder's engine.
    pub(super) fn run<T>(
        flags: FolderFlags,
        work: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let configuration = Configuration::of_command(flags)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(async {
            let operator = Self::reach(configuration).await?;
            let done = work(&operator).await;
            if let Self::Own(engine, _) = &operator {
                engine.drain(PATIENCE).await;
            }
            done
        })
    }

    /// Carries out `work` on an engine at an address.
    pub(super) fn run_away<T>(away: Away, work: impl AsyncFnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(work(&Self::Away(away)))
    }

    async fn reach(configuration: Configuration) -> Result<Self, Failure> {
        let socket = Socket::of(&configuration.folder.path);
        let configuration = Configuration { roles: Roles::only([Role::Projector]), ..configuration };
        match Engine::open(&configuration).await {
            Ok(engine) => Self::own(engine).await,
            Err(OpenError::Lock(held @ LockError::Held { .. })) => {
                let operator = Self::Running(socket);
                let answers = operator.get("/operator/log").await;
                answers.map(|_| operator).map_err(|error| match error {
                    Failure::Failed(reason) => {
                        Failure::Failed(format!("{held}, and its socket does not answer: {reason}"))
                    }
                    error => error,
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn own(engine: Engine) -> Result<Self, Failure> {
        let core = engine.core();
        let head = core.journal.head().await.map_err(|error| Failure::Failed(error.to_string()))?;
        if !core.runner.wait_for(head.position, SHOWN_WITHIN).await {
            return Err(Failure::Failed("the read models don't come up to the log".to_owned()));
        }
        let router = api::operator_router(&Arc::clone(core));
        Ok(Self::Own(Box::new(engine), router))
    }

    /// Reads.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None).await
    }

    /// Goes through a list to its end.
    pub(super) async fn all(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{joint}limit=50&cursor={cursor}")).await?;
            if let Some(rows) = page["data"].as_array_mut() {
                found.append(rows);
            }
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return Ok(found),
            }
        }
    }

    /// Asks for something to be done.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let request = Request::builder().method(&method).uri(path).header(CONTENT_TYPE, "application/json");
        let request = request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
        let request = request.map_err(|error| Failure::Refused(error.to_string()))?;
        let (status, bytes) = match self {
            Self::Away(away) => return away.ask(method, path, body).await,
            Self::Running(socket) => {
                socket.ask(request).await.map_err(|error| Failure::Failed(format!("{error:#}")))?
            }
            Self::Own(_, router) => {
                let Ok(response) = router.clone().oneshot(request).await;
                let (status, body) = (response.status(), response.into_body());
                (status, body.collect().await.map_err(|error| Failure::Failed(error.to_string()))?.to_bytes())
            }
        };
        let answer: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Failed(format!("the engine's answer ({status}) doesn't read: {error}")))?;
        if status.is_success() { Ok(answer) } else { Err(refusal(status, &answer)) }
    }
}

fn refusal(status: StatusCode, answer: &Value) -> Failure {
    let message = words(answer).unwrap_or_else(|| status.to_string());
    if status.is_client_error() { Failure::Refused(message) } else { Failure::Failed(message) }
}

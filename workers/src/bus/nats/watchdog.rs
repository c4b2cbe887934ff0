//! Makes anew what is missing or deaf, and sends the canary round.
//!
//! A server that lost the end of its stream, but not how far its consumers are, gives numbers to new messages that those
//! consumers take for done: it acknowledges them and never delivers them. That is seen by a consumer that is further than
//! the stream, or, once the stream has grown past it, by a message that is still there although the consumer is done
//! with it. And a server that is asked for a stream anew while it still clears away the old one's files may give one whose
//! messages count and can't be read: no new consumer helps there, only a new stream.

use std::{collections::HashMap, sync::Arc};

use async_nats::{
    Subscriber,
    jetstream::{
        self, ErrorCode, consumer,
        context::{ConsumerInfoErrorKind, CreateStreamError, CreateStreamErrorKind, GetStreamErrorKind},
        stream::{self, LastRawMessageErrorKind},
    },
};
use futures::StreamExt;

use super::{engine::Shared, layout::Layout, server::Put};

pub(super) struct Watchdog {
    shared: Arc<Shared>,
    /// The stream as it was first seen: what is missing then was never there.
    seen: Option<stream::Info>,
    /// Messages that a platform's consumer seemed to be done with when it was last looked at.
    suspects: HashMap<String, u64>,
}

/// Why the stream could not be looked at or made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Troubled {
    #[error("NATS runs without JetStream")]
    NoJetStream,
    #[error("NATS is no cluster, and can't keep the stream of jobs on several servers")]
    NoCluster,
    #[error("{0}")]
    Other(String),
}

impl Troubled {
    fn other(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

impl Watchdog {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, seen: None, suspects: HashMap::new() }
    }

    pub async fn run(mut self) {
        let mut connection = self.shared.state.connection();
        loop {
            if connection.wait_for(|connected| *connected).await.is_err() {
                return;
            }
            if let Err(error) = self.look().await {
                self.shared.state.stream(false);
                self.shared.state.trouble(&error.to_string());
                tracing::warn!(%error, "the stream of jobs can't be looked at");
            }
            tokio::select! {
                () = tokio::time::sleep(self.shared.settings.watch) => {}
                // Those who ask may be many: one look serves them all.
                () = self.shared.state.wanted() => tokio::time::sleep(self.shared.settings.watch / 10).await,
            }
        }
    }

    /// Looks at stream and consumers, and makes anew what is missing or deaf.
    pub async fn look(&mut self) -> Result<(), Troubled> {
        let shared = Arc::clone(&self.shared);
        let context = shared.jetstream();
        let stream = context.get_stream_no_info(shared.layout.stream()).await.map_err(Troubled::other)?;
        // The consumers first: the stream only grows, so none can seem further than it is.
        let mut consumers = Vec::new();
        for platform in &shared.settings.platforms {
            let known = match stream.consumer_info(Layout::consumer(platform)).await {
                Ok(known) => Some(known),
                Err(error) => match error.kind() {
                    ConsumerInfoErrorKind::NotFound | ConsumerInfoErrorKind::StreamNotFound => None,
                    ConsumerInfoErrorKind::JetStream(error) => none_if_missing(&error)?,
                    // Nobody listens where JetStream would.
                    ConsumerInfoErrorKind::NoResponders => return Err(Troubled::NoJetStream),
                    _ => return Err(Troubled::other(error)),
                },
            };
            consumers.push((platform, known));
        }
        let info = match context.get_stream(shared.layout.stream()).await {
            Ok(there) => there.cached_info().clone(),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) => {
                    none_if_missing::<()>(&error)?;
                    // With it went its consumers, even those that were seen a moment ago.
                    for (_, known) in &mut consumers {
                        *known = None;
                    }
                    self.make_stream_again().await?
                }
                _ => return Err(Troubled::other(error)),
            },
        };
        let first = self.seen.is_none();
        if self.seen.as_ref().is_some_and(|before| before.created != info.created) {
            shared.desk.orphan_all();
        }
        if first {
            self.bring_up_to_date(&context, &info).await?;
        }
        let last = info.state.last_sequence;
        self.seen = Some(info);
        for (platform, known) in consumers {
            match known {
                Some(known) if !first => self.judge(&stream, platform, known, last).await?,
                Some(known) if known.delivered.stream_sequence > last => self.make_anew(&stream, platform).await?,
                known => {
                    // With the first look the consumer takes on this node's settings.
                    create(&stream, &shared.layout, platform).await?;
                    if known.is_none() {
                        shared.repaired.send_modify(|times| *times += 1);
                    }
                    if known.is_none() && !first {
                        tracing::warn!(%platform, "the consumer was missing, and is made anew");
                        shared.state.repaired();
                    }
                }
            }
        }
        shared.state.stream(true);
        Ok(())
    }

    /// Changes a stream that was made by a node with other settings, or of another build.
    async fn bring_up_to_date(&self, context: &jetstream::Context, info: &stream::Info) -> Result<(), Troubled> {
        let (there, wanted) = (&info.config, self.shared.layout.stream_config());
        // A server that is alone makes no such stream, but lets one be changed to it.
        if wanted.num_replicas > 1 && info.cluster.is_none() {
            return Err(Troubled::NoCluster);
        }
        if !drifted(there, &wanted) {
            return Ok(());
        }
        let refused = match context.update_stream(&wanted).await {
            Ok(changed) => {
                tracing::info!(
                    replicas = changed.config.num_replicas,
                    "the stream of jobs is changed to this node's settings"
                );
                return Ok(());
            }
            Err(error) => error,
        };
        let as_it_is = stream::Config { num_replicas: there.num_replicas, ..wanted.clone() };
        if drifted(there, &as_it_is) {
            return Err(troubled(&refused));
        }
        // Such as one that asks for more servers than are up: jobs flow all the same.
        let trouble =
            format!("the stream of jobs stays on {} of {} servers: {refused}", there.num_replicas, wanted.num_replicas);
        tracing::warn!("{trouble}");
        self.shared.state.trouble(&trouble);
        Ok(())
    }

    async fn make_stream(&self) -> Result<stream::Info, Troubled> {
        let made = self.shared.jetstream().create_stream(self.shared.layout.stream_config()).await;
        let made = made.map_err(|error| troubled(&error))?;
        Ok(made.cached_info().clone())
    }

    /// The stream that wasn't there, made for the first time or anew.
    async fn make_stream_again(&self) -> Result<stream::Info, Troubled> {
        if self.seen.is_none() {
            return self.make_stream().await;
        }
        // The server forgets a stream's name before it has removed its files.
        tokio::time::sleep(self.shared.settings.watch / 2).await;
        let made = self.make_stream().await?;
        tracing::warn!("the stream of jobs was missing, and is made anew");
        self.shared.state.repaired();
        Ok(made)
    }

    /// Whether a consumer that is there also delivers.
    async fn judge(
        &mut self,
        stream: &stream::Stream<()>,
        platform: &str,
        known: consumer::Info,
        last: u64,
    ) -> Result<(), Troubled> {
        let shared = Arc::clone(&self.shared);
        shared.state.pending(platform, known.num_pending as usize);
        let mut deaf = known.delivered.stream_sequence > last;
        let oldest = match stream
            .raw_message_builder()
            .sequence(1)
            .next_by_subject(shared.layout.platform(platform))
            .send()
            .await
        {
            Ok(message) => Some(message.sequence),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => None,
            Err(error) => return Err(Troubled::other(error)),
        };
        // Twice in a row: between a message's ack and its leaving there is a moment.
        let suspect = oldest.filter(|oldest| *oldest <= known.ack_floor.stream_sequence);
        deaf |= suspect.is_some() && self.suspects.get(platform).copied() == suspect;
        match suspect {
            Some(suspect) => self.suspects.insert(platform.to_owned(), suspect),
            None => self.suspects.remove(platform),
        };
        if shared.desk.takers() > 0 {
            let due = shared.state.since_heard(platform).is_none_or(|since| since >= shared.settings.canary);
            let mut put = None;
            if due {
                shared.state.canary_sent(platform);
                put = shared.store(&shared.layout.canary(platform), Vec::new()).await.ok();
            }
            // With as much in hand as may be, nothing is delivered, and rightly.
            let room = known.num_ack_pending < shared.settings.in_flight;
            let waited = shared.state.waits_in_vain(platform, put == Some(Put::WaitsAlready) && room);
            let silent = waited > shared.settings.silence;
            // It takes no message because one waits, and has none.
            if silent && oldest.is_none() {
                return self.replace_stream().await;
            }
            deaf |= silent;
        } else {
            shared.state.waits_in_vain(platform, false);
        }
        if deaf { self.make_anew(stream, platform).await } else { Ok(()) }
    }

    /// Throws a stream away whose messages can't be read. What stood there is put again by the sweeper.
    async fn replace_stream(&mut self) -> Result<(), Troubled> {
        tracing::warn!("the stream of jobs counts messages that it can't read, and is made anew");
        let shared = Arc::clone(&self.shared);
        // Another node may have been faster; the next look tells.
        let _gone_already = shared.jetstream().delete_stream(shared.layout.stream()).await;
        self.make_stream().await?;
        for platform in &shared.settings.platforms {
            shared.state.waits_in_vain(platform, false);
        }
        self.suspects.clear();
        shared.state.repaired();
        Ok(())
    }

    async fn make_anew(&mut self, stream: &stream::Stream<()>, platform: &str) -> Result<(), Troubled> {
        tracing::warn!(%platform, "the consumer doesn't deliver what is there, and is made anew");
        // Another node may have been faster.
        let _gone_already = stream.delete_consumer(&Layout::consumer(platform)).await;
        create(stream, &self.shared.layout, platform).await?;
        self.suspects.remove(platform);
        self.shared.state.waits_in_vain(platform, false);
        self.shared.state.repaired();
        self.shared.repaired.send_modify(|times| *times += 1);
        Ok(())
    }
}

/// Hears of canaries that came round on any node.
pub(super) async fn hear_canaries(shared: Arc<Shared>, mut told: Subscriber) {
    while let Some(message) = told.next().await {
        if let Ok(platform) = std::str::from_utf8(&message.payload) {
            shared.state.heard(platform);
        }
    }
}

async fn create(stream: &stream::Stream<()>, layout: &Layout, platform: &str) -> Result<(), Troubled> {
    stream.create_consumer(layout.consumer_config(platform)).await.map(drop).map_err(Troubled::other)
}

fn troubled(error: &CreateStreamError) -> Troubled {
    match error.kind() {
        CreateStreamErrorKind::JetStreamUnavailable => Troubled::NoJetStream,
        CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED => {
            Troubled::NoCluster
        }
        CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_SUBJECT_OVERLAP => {
            let found =
                "another stream has subjects of this engine's: one that is called CAMPANILE_JOBS was a former build's";
            Troubled::Other(found.to_owned())
        }
        CreateStreamErrorKind::JetStream(error) => none_if_missing::<()>(&error).err().unwrap_or(Troubled::NoJetStream),
        _ => Troubled::other(error),
    }
}

/// What the server says of something that isn't there is no trouble.
fn none_if_missing<T>(error: &async_nats::jetstream::Error) -> Result<Option<T>, Troubled> {
    match error.error_code() {
        ErrorCode::STREAM_NOT_FOUND | ErrorCode::CONSUMER_NOT_FOUND => Ok(None),
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => Err(Troubled::NoJetStream),
        _ => Err(Troubled::other(error)),
    }
}

/// Whether a stream that was there is not as it has to be. What can't be changed shows when that is tried.
fn drifted(there: &stream::Config, wanted: &stream::Config) -> bool {
    there.subjects != wanted.subjects
        || there.max_messages_per_subject != wanted.max_messages_per_subject
        || there.discard_new_per_subject != wanted.discard_new_per_subject
        || there.discard != wanted.discard
        || there.retention != wanted.retention
        || there.max_age != wanted.max_age
        || there.num_replicas != wanted.num_replicas
}

//! A medium's state, folded from its events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{MediaCommand, MediaError, MediaEvent, MediaRequested, Size};

/// A medium.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Media {
    /// What was announced; `None` before anything was.
    pub announced: Option<MediaRequested>,
    /// What its bytes turned out to be; `None` until they were read.
    pub confirmed: Option<Confirmed>,
    /// Counts changes.
    pub revision: u32,
}

/// What a medium's bytes turned out to be, besides what was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// A keyed digest of them.
    pub digest: String,
    /// Width and height, where they could be read.
    pub size: Option<Size>,
    /// Since when that is known.
    pub at: DateTime<Utc>,
}

impl Media {
    /// What it is, once its content is known to be that.
    pub fn ready(&self) -> Option<(&MediaRequested, &Confirmed)> {
        self.announced.as_ref().zip(self.confirmed.as_ref())
    }
}

impl cqrs_es::Aggregate for Media {
    const TYPE: &'static str = "media";
    type Command = MediaCommand;
    type Event = MediaEvent;
    type Error = MediaError;
    type Services = ();

    async fn handle(
        &mut self,
        command: MediaCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), MediaError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: MediaEvent) {
        self.fold(event);
    }
}

//! What follows from a command to a medium, and how events change it.

use chrono::{DateTime, Utc};

use super::{
    Confirmed, Content, Media, MediaAction, MediaCommand, MediaConfirmed, MediaError, MediaEvent, MediaRequested,
};

impl Media {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the medium's state or its content forbids it. Then nothing follows.
    pub fn decide(&self, command: MediaCommand) -> Result<Vec<MediaEvent>, MediaError> {
        let MediaCommand { now: at, action } = command;
        match (&self.announced, action) {
            (None, MediaAction::Request { file_name, kind, bytes, alt_text, expires_at }) => {
                let event = MediaRequested { file_name, kind, bytes, alt_text, expires_at, at };
                Ok(vec![MediaEvent::Requested(event)])
            }
            (Some(_), MediaAction::Request { .. }) => Err(MediaError::Exists),
            (None, MediaAction::Confirm(_)) => Err(MediaError::NotFound),
            (Some(announced), MediaAction::Confirm(content)) => self.confirm(announced, content, at),
        }
    }

    fn confirm(
        &self,
        announced: &MediaRequested,
        content: Content,
        at: DateTime<Utc>,
    ) -> Result<Vec<MediaEvent>, MediaError> {
        if announced.kind != content.kind {
            return Err(MediaError::OtherKind { declared: announced.kind, actual: content.kind });
        }
        if announced.bytes != content.bytes {
            return Err(MediaError::OtherLength { declared: announced.bytes, actual: content.bytes });
        }
        let Content { digest, size, .. } = content;
        match &self.confirmed {
            Some(known) if known.digest == digest => Ok(Vec::new()),
            Some(_) => Err(MediaError::Changed),
            None => Ok(vec![MediaEvent::Confirmed(MediaConfirmed { digest, size, at })]),
        }
    }

    pub(super) fn fold(&mut self, event: MediaEvent) {
        self.revision += 1;
        match event {
            MediaEvent::Requested(event) => self.announced = Some(event),
            MediaEvent::Confirmed(MediaConfirmed { digest, size, at }) => {
                self.confirmed = Some(Confirmed { digest, size, at });
            }
        }
    }
}

//! The media that a post names.

use campanile_events::{
    ids::{MediaId, WorkspaceId},
    post::MediaFacts,
    seal::{DataKey, fields},
};

use crate::{
    api::http::{ApiError, Detail},
    engine::Core,
};

const MOST: usize = 50;

/// Media of a workspace, with what platforms' rules ask of them.
#[derive(Debug, Clone)]
pub(in crate::api) struct Attached {
    /// Which, in the post's order.
    pub ids: Vec<MediaId>,
    /// What is known of each.
    pub facts: Vec<MediaFacts>,
}

/// The media of these names.
///
/// # Errors
/// `invalid_request` names each that isn't there, is another workspace's, or was not confirmed.
pub(in crate::api) async fn attached(
    core: &Core,
    workspace: WorkspaceId,
    key: &DataKey,
    named: &[String],
) -> Result<Attached, ApiError> {
    if named.len() > MOST {
        return Err(ApiError::invalid("media_ids", "too_many", format!("may name at most {MOST} media")));
    }
    let mut attached = Attached { ids: Vec::new(), facts: Vec::new() };
    let mut wrong = Vec::new();
    for (at, name) in named.iter().enumerate() {
        let mut refuse = |code: &str, message: &str| wrong.push(detail(at, code, message));
        let id = name.parse::<MediaId>().ok();
        let media = match id {
            Some(id) => core.library.of(workspace, id).await?.map(|media| (id, media)),
            None => None,
        };
        let Some((id, media)) = media else {
            match id {
                Some(_) => refuse("not_found", "there is no such media"),
                None => refuse("invalid", "is not the id of a medium"),
            }
            continue;
        };
        let Some((announced, _)) = media.ready() else {
            refuse("not_confirmed", "was not confirmed: upload it, then `POST /v1/media/{id}/confirm`");
            continue;
        };
        if attached.ids.contains(&id) {
            refuse("repeated", "is named twice");
            continue;
        }
        let alt_text = announced.alt_text.as_ref();
        let alt_text = alt_text.map(|text| key.open(fields::MEDIA_ALT_TEXT, text)).transpose()?;
        let alt_text = alt_text.map_or(0, |text| u32::try_from(text.as_str().chars().count()).unwrap_or(u32::MAX));
        attached.ids.push(id);
        attached.facts.push(MediaFacts { kind: announced.kind, bytes: announced.bytes, alt_text });
    }
    if wrong.is_empty() { Ok(attached) } else { Err(ApiError::unnamed_all(wrong)) }
}

fn detail(at: usize, code: &str, message: &str) -> Detail {
    Detail {
        field: format!("media_ids[{at}]"),
        code: code.to_owned(),
        message: message.to_owned(),
        account_id: None,
        platform: None,
    }
}

//! Pictures and films: brought as a form, asked for until they are done, named by a status.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
};
use serde_json::json;

use super::{
    MediaMood,
    oauth::may,
    routes::error,
    server::{Medium, Shared, State as Truth},
};

/// The id of the first medium.
const FIRST_ID: u64 = 115_000_000_000_000_001;

pub(super) async fn bring(State(shared): State<Shared>, headers: HeaderMap, body: axum::body::Bytes) -> Response<Body> {
    if let Err(refused) = may(&shared.lock(), &headers, "write:media") {
        return *refused;
    }
    let mut state = shared.lock();
    let in_process = match state.media_moods.pop_front() {
        Some(MediaMood::Status(status)) => {
            return error(StatusCode::from_u16(status).expect("a status"), "Validation failed: File is not taken");
        }
        Some(MediaMood::InProcess(times)) => times,
        None => 0,
    };
    let Some((content_type, bytes, description)) = form(&headers, &body) else {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed: File can't be blank");
    };
    let id = (FIRST_ID + state.media.len() as u64).to_string();
    state.media.push(Medium { id: id.clone(), content_type, description, bytes, in_process });
    let status = if in_process > 0 { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, Json(json!({"id": id, "type": "image", "url": null}))).into_response()
}

pub(super) async fn ask(State(shared): State<Shared>, Path(id): Path<String>, headers: HeaderMap) -> Response<Body> {
    if let Err(refused) = may(&shared.lock(), &headers, "write:media") {
        return *refused;
    }
    let mut state = shared.lock();
    let Some(medium) = state.media.iter_mut().find(|medium| medium.id == id) else {
        return error(StatusCode::NOT_FOUND, "Record not found");
    };
    let status = if medium.in_process > 1 { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    medium.in_process = medium.in_process.saturating_sub(1);
    (status, Json(json!({"id": id, "type": "image"}))).into_response()
}

/// The media of these names; `None` if one isn't there or not done.
pub(super) fn named(state: &Truth, ids: &[String]) -> Option<Vec<Medium>> {
    ids.iter().map(|id| state.media.iter().find(|it| it.id == *id && it.in_process == 0).cloned()).collect()
}

/// The file's type and bytes, and the description, of a form with parts.
fn form(headers: &HeaderMap, body: &[u8]) -> Option<(String, Vec<u8>, Option<String>)> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = kind.strip_prefix("multipart/form-data; boundary=")?;
    let (mut file, mut description) = (None, None);
    let mut rest = after(body, format!("--{boundary}\r\n").as_bytes())?;
    let end = format!("\r\n--{boundary}");
    loop {
        let head_ends = find(rest, b"\r\n\r\n")?;
        let head = std::str::from_utf8(&rest[..head_ends]).ok()?;
        let content = &rest[head_ends + 4..];
        let length = find(content, end.as_bytes())?;
        if head.contains("name=\"file\"; filename=") {
            let content_type = head.lines().find_map(|line| line.strip_prefix("Content-Type: "))?;
            file = Some((content_type.to_owned(), content[..length].to_vec()));
        } else if head.contains("name=\"description\"") {
            description = Some(String::from_utf8(content[..length].to_vec()).ok()?);
        }
        rest = &content[length + end.len()..];
        if rest.starts_with(b"--") {
            let (content_type, bytes) = file?;
            return Some((content_type, bytes, description));
        }
        rest = rest.strip_prefix(b"\r\n")?;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn after<'a>(bytes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    find(bytes, wanted).map(|at| &bytes[at + wanted.len()..])
}

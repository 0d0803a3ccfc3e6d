//! What the simulator answers where it does not do what was asked: RFC 9457.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The problems of the interface, each with a sentence for people.
#[derive(Debug)]
pub enum Problem {
    /// Not in the state that was asked for.
    Conflict(String),
    /// Not as the interface describes.
    Malformed(String),
    /// No such thing.
    NotFound(String),
    /// A body beyond its bound.
    TooLarge,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title, detail) = match self {
            Self::Conflict(detail) => (
                StatusCode::CONFLICT,
                "conflict",
                "Not in this state",
                detail,
            ),
            Self::Malformed(detail) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "malformed",
                "Not as the interface describes",
                detail,
            ),
            Self::NotFound(detail) => (StatusCode::NOT_FOUND, "not-found", "Unknown", detail),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Body too large",
                "a body holds at most 8 MiB".to_owned(),
            ),
        };
        let body = json!({
            "type": format!("/problems/{kind}"),
            "title": title,
            "status": status.as_u16(),
            "detail": detail,
        });
        let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, media_type, body.to_string()).into_response()
    }
}

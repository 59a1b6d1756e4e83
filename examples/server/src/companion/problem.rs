//! Refusals: a status, a stable code and a sentence, as JSON `{error, code}`, with `requestId` where the store refused.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::borrow::Cow;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    /// Stable; the store's own code where the store refused.
    pub code: Cow<'static, str>,
    /// For people.
    pub error: Cow<'static, str>,
    /// The store's, to quote to its support.
    pub request_id: Option<String>,
    /// Seconds.
    pub retry_after: Option<u32>,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        error: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code: code.into(), error: error.into(), request_id: None, retry_after: None }
    }

    /// 429: asked too often; a second later it may do.
    pub fn too_often(error: &'static str) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", error);
        Self { retry_after: Some(1), ..problem }
    }

    /// 400: what was sent cannot be understood or used.
    pub fn bad(code: &'static str, error: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = serde_json::json!({ "error": self.error, "code": self.code });
        if let (Some(id), Some(body)) = (self.request_id, body.as_object_mut()) {
            body.insert("requestId".to_owned(), id.into());
        }
        let mut reply = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            reply.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        reply
    }
}

/// Gives the framework's own refusals (unknown method, unreadable path) the same form.
pub async fn as_json(reply: Response) -> Response {
    let json = reply.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if json || !reply.status().is_client_error() {
        return reply;
    }
    let status = reply.status();
    let allow = reply.headers().get(header::ALLOW).cloned();
    let reason = status.canonical_reason().unwrap_or("Refused");
    let mut plain = Problem::new(status, reason.replace(' ', ""), reason).into_response();
    if let Some(allow) = allow {
        plain.headers_mut().insert(header::ALLOW, allow);
    }
    plain
}

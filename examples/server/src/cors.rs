//! Cross-origin rules (Fetch standard, "CORS protocol"): who may read replies, and which of their headers.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Seconds a browser may remember the answer to a preflight.
const MAX_AGE: &str = "3600";

/// One rule for all paths of an application. Cheap to clone.
#[derive(Clone)]
pub struct Cors {
    allow: Arc<Allow>,
    expose: Option<HeaderValue>,
}

enum Allow {
    Any,
    /// Pages served from this machine, on any port.
    Local,
    These(Vec<String>),
}

impl Cors {
    /// Any origin, without cookies; `expose` lists the reply headers pages may read, empty for none.
    pub fn any(expose: &str) -> Self {
        Self::new(Allow::Any, expose)
    }

    /// The origins named, or pages on this machine when none is named; `*` names all.
    pub fn these(origins: Vec<String>, expose: &str) -> Self {
        let allow = if origins.iter().any(|origin| origin == "*") {
            Allow::Any
        } else if origins.is_empty() {
            Allow::Local
        } else {
            Allow::These(origins)
        };
        Self::new(allow, expose)
    }

    fn new(allow: Allow, expose: &str) -> Self {
        let expose = HeaderValue::from_str(expose.trim()).ok().filter(|value| !value.is_empty());
        Self { allow: Arc::new(allow), expose }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        match &*self.allow {
            Allow::Any => true,
            Allow::Local => is_local(origin),
            Allow::These(origins) => origins.iter().any(|allowed| allowed == origin),
        }
    }

    /// Headers every reply to an allowed origin carries.
    fn mark(&self, headers: &mut HeaderMap, origin: HeaderValue) {
        let any = matches!(*self.allow, Allow::Any);
        let origin = if any { HeaderValue::from_static("*") } else { origin };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !any {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(expose) = &self.expose {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
    }
}

fn is_local(origin: &str) -> bool {
    origin.parse::<Uri>().is_ok_and(|uri| matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]")))
}

/// Answers preflights and marks all other replies, errors included: an error a page cannot read looks like an outage.
pub async fn apply(cors: Cors, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let allowed = cors.allows(&origin);
    let asks = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD).is_some();
    let mut reply = match (request.method() == Method::OPTIONS && asks, allowed) {
        (true, true) => preflight(request.headers()),
        (true, false) => StatusCode::FORBIDDEN.into_response(),
        (false, _) => next.run(request).await,
    };
    if allowed {
        cors.mark(reply.headers_mut(), origin);
    }
    reply
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut reply = StatusCode::NO_CONTENT.into_response();
    let headers = reply.headers_mut();
    let methods = HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_only_pages_on_this_machine_are_allowed() {
        let cors = Cors::these(Vec::new(), "");
        for origin in
            ["http://127.0.0.1:5173", "http://localhost", "https://localhost:8443", "http://[::1]:80"]
        {
            assert!(cors.allows(&HeaderValue::from_static(origin)), "{origin}");
        }
        for origin in
            ["null", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://example.com"]
        {
            assert!(!cors.allows(&HeaderValue::from_static(origin)), "{origin}");
        }
    }

    #[test]
    fn named_origins_replace_the_default() {
        let cors = Cors::these(vec!["https://app.example.com".to_owned()], "");
        assert!(cors.allows(&HeaderValue::from_static("https://app.example.com")));
        assert!(!cors.allows(&HeaderValue::from_static("http://localhost:8080")));
    }
}

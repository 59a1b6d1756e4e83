//! Query strings and JSON bodies of the signing routes.

use super::problem::Problem;
use axum::{body::Body, http::StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

/// Largest JSON body: the list of 10 000 parts fits.
const MAX_BODY: usize = 1024 * 1024;

/// Decoded parameters of a query string.
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: Option<&str>) -> Self {
        Self(form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of this name, or 400.
    pub fn need(&self, name: &str) -> Result<&str, Problem> {
        self.get(name)
            .ok_or_else(|| Problem::bad("BadRequest", format!("The parameter “{name}” is missing.")))
    }

    /// Parameters spelled `name[key]`.
    pub fn map(&self, name: &str) -> Vec<(String, String)> {
        let inside =
            |known: &str| known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
        self.0.iter().filter_map(|(known, value)| Some((inside(known)?, value.clone()))).collect()
    }
}

/// Reads a JSON body of at most 1 MiB.
pub async fn json<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let error = "The body is larger than 1 MiB.";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BodyTooLarge", error)
        } else {
            Problem::bad("BadRequest", "The body could not be read.")
        }
    })?;
    serde_json::from_slice(&body.to_bytes())
        .map_err(|error| Problem::bad("BadJson", format!("The body is not the JSON expected: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_spelled_with_brackets() {
        let query = Query::parse(Some("metadata[name]=a%20b&metadata%5Bx%5D=1&metadata=no&filename=f"));
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        assert_eq!(query.map("metadata"), [pair("name", "a b"), pair("x", "1")]);
        assert_eq!(query.get("filename"), Some("f"));
        assert!(query.need("key").is_err());
    }
}

//! Static files: the demo page and the built package.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use std::path::{Path, PathBuf};

/// Files of `page` at `/`, files of `dist` at `/partwise/`.
pub fn router(page: PathBuf, dist: PathBuf) -> Router {
    Router::new().fallback(move |request: Request| {
        let path = request.uri().path();
        let (root, path) = match path.strip_prefix("/partwise/") {
            Some(path) => (dist.clone(), path.to_owned()),
            None => (page.clone(), path.trim_start_matches('/').to_owned()),
        };
        let method = request.method().clone();
        async move { answer(&method, &root, &path).await }
    })
}

async fn answer(method: &Method, root: &Path, path: &str) -> Response {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let Some(relative) = locate(path) else { return missing() };
    let Ok(content) = tokio::fs::read(root.join(&relative)).await else { return missing() };
    let mut reply = content.into_response();
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime(&relative)));
    // A rebuilt package must be what the next reload shows.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

fn missing() -> Response {
    let why = "Not found below the folder of --page, nor, for /partwise/, that of --dist. In the repository, npm run build makes \
               what the page needs.\n";
    (StatusCode::NOT_FOUND, why).into_response()
}

/// The file a URL path names, if every segment is a plain name; hidden files are not served.
fn locate(path: &str) -> Option<PathBuf> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let path = if decoded.is_empty() || decoded.ends_with('/') { decoded + "index.html" } else { decoded };
    let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['\\', ':', '\0']);
    path.split('/').all(plain).then(|| PathBuf::from(path.as_ref()))
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "ts" | "md" | "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_mean_their_index() {
        assert_eq!(locate(""), Some("index.html".into()));
        assert_eq!(locate("a/"), Some("a/index.html".into()));
        assert_eq!(locate("a%20b.js"), Some("a b.js".into()));
    }

    #[test]
    fn nothing_outside_the_folder_is_named() {
        for path in [
            "..",
            "../x",
            "a/../../x",
            "%2e%2e/x",
            "%2e%2e%2fx",
            "a//b",
            "/etc/passwd",
            "..%5cx",
            "%00",
            ".git/x",
        ] {
            assert_eq!(locate(path), None, "{path}");
        }
    }
}

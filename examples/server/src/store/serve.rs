//! The store over HTTP: signatures, cross-origin rules, request ids.

use super::{Config, Store};
use crate::cors::Cors;
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::HeaderValue,
    middleware,
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// How much of a refused body is read and thrown away.
const MAX_WASTE: usize = 256 * 1024 * 1024;

/// The store as a web application, path style.
pub fn router(config: Config) -> io::Result<Router> {
    let store = Store::open(config.data, &config.bucket, config.max_body, config.min_part)?;
    let mut builder = S3ServiceBuilder::new(store);
    builder.set_auth(SimpleAuth::from_single(config.access_key, config.secret_key));
    let service = builder.build();
    let cors = Cors::any(&config.expose);
    let router = Router::new().fallback(move |request| answer(service.clone(), request));
    Ok(router
        .layer(middleware::from_fn(move |request, next| crate::cors::apply(cors.clone(), request, next))))
}

async fn answer(service: S3Service, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (body, rest) = lend(body);
    let request = Request::from_parts(parts, s3s::Body::http_body_unsync(body));
    let mut reply = match service.call(request).await {
        Ok(reply) => reply.map(Body::new),
        Err(error) => {
            eprintln!("store: {error:?}");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    rest.waste();
    if let Ok(id) = HeaderValue::try_from(crate::random::hex()) {
        reply.headers_mut().entry("x-amz-request-id").or_insert(id);
    }
    reply
}

/// A request's body on loan: what the borrower leaves unread comes back.
///
/// A server that refuses a request (an expired URL, say) without reading its body must close the connection, and a
/// browser still sending then often reports a network error instead of the refusal. So the rest is read and dropped
/// while the reply is already on its way.
fn lend(body: Body) -> (Lent, Rest) {
    let home = Rest::default();
    (Lent { body: Some(body), home: home.clone() }, home)
}

struct Lent {
    body: Option<Body>,
    home: Rest,
}

#[derive(Clone, Default)]
struct Rest(Arc<Mutex<Option<Body>>>);

impl Rest {
    fn waste(self) {
        let Some(mut body) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        tokio::spawn(async move {
            let mut left = MAX_WASTE;
            while let Some(Ok(frame)) = body.frame().await {
                left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len()));
                if left == 0 {
                    return;
                }
            }
        });
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !HttpBody::is_end_stream(body)) {
            *self.home.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

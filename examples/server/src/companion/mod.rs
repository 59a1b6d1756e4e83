//! The signing server: routes as Uppy Companion has them, a policy in front, a store behind.
//!
//! Browsers get presigned URLs for content only. What decides about an upload (begin, list, complete, abort) is done
//! here, so that no page can complete what the policy refuses.

mod contents;
mod policy;
mod problem;
mod query;
mod rate;
mod resolver;
mod routes;
mod uploads;
mod upstream;

use crate::{
    cli::Options,
    cors::{self, Cors},
};
use axum::{
    Router, middleware,
    routing::{delete, get, post},
};
use contents::Contents;
use policy::Policy;
use std::sync::Arc;
use uploads::Uploads;
use upstream::Upstream;

/// Reply headers pages of other origins may read.
const EXPOSE: &str = "Date, Retry-After";

/// What all routes share.
struct Signer {
    policy: Policy,
    store: Upstream,
    /// The token `/session` hands out; `None` when it does not.
    session: Option<String>,
    uploads: Uploads,
    contents: Contents,
}

/// The user behind `/session`.
const DEMO_USER: &str = "demo";

/// The routes under `/s3`, and `/session`.
///
/// `store` is the store's address, where it is not the vendor's own.
///
/// # Errors
/// When the machine's root certificates are needed and cannot be read.
pub fn router(options: &Options, store: Option<&str>) -> Result<Router, std::io::Error> {
    let session = options.session.then(crate::random::hex);
    let mut tokens = options.tokens.clone();
    tokens.extend(session.clone().map(|token| (DEMO_USER.to_owned(), token)));
    let signer = Arc::new(Signer {
        policy: Policy::new(tokens, options),
        store: Upstream::new(options, store)?,
        session,
        uploads: Uploads::default(),
        contents: Contents::default(),
    });
    let cors = Cors::these(options.origins.clone(), EXPOSE);
    let routes = Router::new()
        .route("/params", get(routes::params).post(routes::params_of_several))
        .route("/multipart", post(routes::create))
        .route("/multipart/{id}", get(routes::list_parts).merge(delete(routes::abort)))
        .route("/multipart/{id}/batch", get(routes::sign_batch))
        .route("/multipart/{id}/complete", post(routes::complete))
        .route("/multipart/{id}/{number}", get(routes::sign_part))
        .route("/object", get(routes::object))
        .route("/lookup", post(routes::lookup));
    Ok(Router::new()
        .nest("/s3", routes.fallback(routes::unknown))
        .route("/session", get(routes::session))
        .layer(middleware::from_fn_with_state(signer.clone(), routes::slow_down))
        .layer(middleware::map_response(problem::as_json))
        .layer(middleware::from_fn(move |request, next| cors::apply(cors.clone(), request, next)))
        .with_state(signer))
}

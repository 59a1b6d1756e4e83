//! Every request with its times: where a contender has waited, and for what.

use crate::http::{Body, Request};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

/// One request. Times are milliseconds since 1970, with fractions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    method: String,
    path: String,
    /// The `partNumber` parameter.
    part: Option<u32>,
    /// Bytes of its body that arrived.
    bytes: u64,
    /// When its head was there.
    began: f64,
    /// When its body was there, or the connection was not any more.
    received: f64,
    /// `None` when it broke before it could be answered.
    status: Option<u16>,
}

/// The requests since the last reset, in the order of their ends.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Vec<Exchange>>);

impl Journal {
    /// Notes a request that has ended.
    pub fn note(&self, request: &Request, body: &Body<'_>, began: f64, status: Option<u16>) {
        let exchange = Exchange {
            method: request.method.clone(),
            path: request.path.clone(),
            part: request.number("partNumber"),
            bytes: request.length - body.left(),
            began,
            received: now(),
            status,
        };
        self.noted().push(exchange);
    }

    /// All of them.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.noted().clone()
    }

    /// How many, by method.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for exchange in self.noted().iter() {
            *counts.entry(exchange.method.clone()).or_default() += 1;
        }
        counts
    }

    fn noted(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970, with fractions.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

//! Names of hosts. Like browsers, it takes what ends in `.localhost` for this machine (RFC 6761, 6.3), whatever the system
//! knows: buckets of a store that runs here are names of such hosts.

use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use std::{
    future::Future,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    vec,
};
use tower::util::ServiceFn;

/// Connects to hosts by these names.
pub type Connector = HttpConnector<ServiceFn<fn(Name) -> Resolving>>;

type Resolving = Pin<Box<dyn Future<Output = io::Result<vec::IntoIter<SocketAddr>>> + Send>>;

/// Takes `https://` too, which whoever wraps it has to speak.
pub fn connector() -> Connector {
    let mut connector = HttpConnector::new_with_resolver(tower::service_fn(resolve as fn(Name) -> Resolving));
    connector.enforce_http(false);
    connector
}

fn resolve(name: Name) -> Resolving {
    Box::pin(async move {
        let addresses = if is_here(name.as_str()) {
            vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))]
        } else {
            tokio::net::lookup_host((name.as_str(), 0)).await?.collect()
        };
        Ok(addresses.into_iter())
    })
}

fn is_here(name: &str) -> bool {
    name.trim_end_matches('.').to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_under_localhost_are_this_machine() {
        assert!(["bucket.localhost", "a.B.LocalHost."].into_iter().all(is_here));
        assert!(
            !["localhost", "localhost.example.com", "notlocalhost", "127.0.0.1"].into_iter().any(is_here)
        );
    }
}

//! Who may upload what: users, keys, sizes, types, rates. Pure decisions; every refusal says why.

use super::{problem::Problem, rate::Rate};
use crate::cli::Options;
use axum::http::StatusCode;
use partwise::core::store::Limits;
use partwise::core::store::check_key;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, net::IpAddr, time::Instant};

/// Most bytes of metadata names and values, S3's own limit.
const MAX_METADATA: usize = 2048;

/// Longest content type; none registered comes near.
const MAX_TYPE: usize = 255;

/// What stores call content nobody named.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Stands for a token, which is not kept.
pub type TokenDigest = [u8; 32];

/// The rules.
pub struct Policy {
    /// By digest, so that looking a token up takes no time that tells how much of a guess is right.
    users: HashMap<TokenDigest, String>,
    /// Bytes, when the operator limits it.
    max_size: Option<u64>,
    allow: Vec<String>,
    rate: Rate<TokenDigest>,
    addresses: Rate<IpAddr>,
}

impl Policy {
    /// What the command line says, with `tokens` for those it names.
    pub fn new(tokens: Vec<(String, String)>, options: &Options) -> Self {
        let users = tokens.into_iter().map(|(user, token)| (Sha256::digest(token).into(), user)).collect();
        Self {
            users,
            max_size: options.max_size,
            allow: options.allow.clone(),
            rate: Rate::new(options.rate),
            addresses: Rate::new(options.rate_address),
        }
    }

    /// The token in an `Authorization` header and the user it stands for.
    pub fn user(&self, authorization: Option<&str>, now: Instant) -> Result<(TokenDigest, &str), Problem> {
        let token = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let digest = token.map(|token| TokenDigest::from(Sha256::digest(token)));
        let Some((digest, user)) = digest.and_then(|digest| self.users.get_key_value(&digest)) else {
            let error = "Send a valid token: Authorization: Bearer TOKEN.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "Unauthorized", error));
        };
        self.count(digest, 1, now)?;
        Ok((*digest, user))
    }

    /// Refuses whoever asks for too much with one token.
    pub fn count(&self, token: &TokenDigest, requests: usize, now: Instant) -> Result<(), Problem> {
        if self.rate.take_many(*token, requests, now) {
            Ok(())
        } else {
            Err(Problem::too_often("Too many requests with this token."))
        }
    }

    /// Refuses whoever asks too often from one address, with or without a token: guessing tokens takes many requests. The
    /// address is the connection's own; headers such as `X-Forwarded-For` are what the client says they are.
    pub fn address(&self, address: IpAddr, now: Instant) -> Result<(), Problem> {
        if self.addresses.take(network(address), now) {
            Ok(())
        } else {
            Err(Problem::too_often("Too many requests from this address."))
        }
    }

    /// The key a new file gets: `USER/UUID/FILENAME`, folders of the name kept.
    pub fn new_key(&self, user: &str, filename: &str) -> Result<String, Problem> {
        let key = format!("{user}/{}/{filename}", crate::random::uuid());
        well_formed(&key)?;
        Ok(key)
    }

    /// Refuses keys that are not the user's own.
    pub fn own_key(&self, user: &str, key: &str) -> Result<(), Problem> {
        well_formed(key)?;
        match key.split_once('/') {
            Some((owner, _)) if owner == user => Ok(()),
            _ => {
                Err(Problem::new(StatusCode::FORBIDDEN, "AccessDenied", "This key belongs to somebody else."))
            }
        }
    }

    /// Refuses files that are too large.
    pub fn size(&self, bytes: u64) -> Result<(), Problem> {
        let max = self.max_size.unwrap_or(Limits::S3.max_object).min(Limits::S3.max_object);
        within(bytes, max)
    }

    /// Refuses what cannot go in one request. Where the operator limits the size, it must be declared: only a size that
    /// is signed can be enforced by the store.
    pub fn single_size(&self, bytes: Option<u64>) -> Result<(), Problem> {
        match (bytes, self.max_size) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Problem::bad("SizeRequired", "Say how large the file is: size=BYTES.")),
            (Some(bytes), _) => self.size(bytes).and_then(|()| within(bytes, Limits::S3.max_part)),
        }
    }

    /// Refuses parts that are too large, as far as their size is declared: then it is signed, and the store sees to it.
    pub fn part_size(&self, bytes: Option<u64>) -> Result<(), Problem> {
        bytes.map_or(Ok(()), |bytes| self.size(bytes).and_then(|()| within(bytes, Limits::S3.max_part)))
    }

    /// The content type to store, if it is one that may be.
    pub fn content_type(&self, asked: &str) -> Result<String, Problem> {
        let asked = asked.trim();
        if asked.len() > MAX_TYPE || !asked.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Problem::bad("BadType", "The content type is not one."));
        }
        let asked = if asked.is_empty() { UNKNOWN_TYPE } else { asked };
        let essence = asked.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let fits = |allowed: &String| match allowed.strip_suffix('*') {
            Some("*/") => true,
            Some(prefix) => essence.starts_with(prefix),
            None => essence == *allowed,
        };
        if self.allow.is_empty() || self.allow.iter().any(fits) {
            return Ok(asked.to_owned());
        }
        let error = format!("Files of type {essence} are not taken here, only {}.", self.allow.join(", "));
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "TypeNotAllowed", error))
    }

    /// Refuses more metadata than stores take.
    pub fn metadata(&self, metadata: &[(String, String)]) -> Result<(), Problem> {
        let bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_METADATA || metadata.iter().any(|(name, _)| name.is_empty()) {
            return Err(Problem::bad("BadMetadata", "Metadata has names, and 2048 bytes in all at most."));
        }
        Ok(())
    }
}

fn within(bytes: u64, max: u64) -> Result<(), Problem> {
    if bytes <= max {
        return Ok(());
    }
    let error = format!("The file has {bytes} bytes; at most {max} are taken here.");
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "EntityTooLarge", error))
}

fn well_formed(key: &str) -> Result<(), Problem> {
    check_key(key).map_err(|error| Problem::bad("BadKey", error.into_message()))?;
    if key.split('/').any(str::is_empty) {
        return Err(Problem::bad("BadKey", "The key has an empty segment."));
    }
    Ok(())
}

/// An IPv6 client has a whole network of 2⁶⁴ addresses to ask from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(max_size: Option<u64>, allow: &[&str]) -> Policy {
        let tokens = vec![("ann".to_owned(), "secret".to_owned())];
        let allow = allow.iter().map(|t| (*t).to_owned()).collect();
        Policy::new(tokens, &Options { max_size, allow, rate: 1, rate_address: 1, ..Options::default() })
    }

    fn code<T>(result: Result<T, Problem>) -> String {
        result.map_or_else(|problem| problem.code.into_owned(), |_| "ok".to_owned())
    }

    #[test]
    fn a_token_stands_for_its_user() {
        let (policy, now) = (policy(None, &[]), Instant::now());
        let user = |authorization| policy.user(authorization, now).map(|(_, user)| user);
        assert_eq!(user(Some("Bearer secret")), Ok("ann"));
        for wrong in [None, Some("secret"), Some("Bearer wrong"), Some("Basic secret"), Some("Bearer")] {
            assert_eq!(code(policy.user(wrong, now)), "Unauthorized");
        }
        assert_eq!(user(Some("bearer secret")), Ok("ann"));
        assert_eq!(code(policy.user(Some("Bearer secret"), now)), "TooManyRequests");
    }

    #[test]
    fn an_ipv6_client_is_known_by_its_network() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::7"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn an_address_is_served_so_often() {
        let (policy, now) = (policy(None, &[]), Instant::now());
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        for expected in ["ok", "ok", "TooManyRequests"] {
            assert_eq!(code(policy.address(one, now)), expected);
        }
        assert_eq!(code(policy.address(other, now)), "ok");
    }

    #[test]
    fn keys_keep_the_folders_of_a_name_under_the_users_own() {
        let policy = policy(None, &[]);
        let key = policy.new_key("ann", "照片/a b+c%.jpg").unwrap();
        assert!(key.starts_with("ann/") && key.ends_with("/照片/a b+c%.jpg"));
        assert_eq!(policy.own_key("ann", &key), Ok(()));
        for name in ["", "a/../b", "..", ".", "a//b", "/a", "a/", "a\nb", &"x".repeat(1024)] {
            assert_eq!(code(policy.new_key("ann", name)), "BadKey", "{name:?}");
        }
    }

    #[test]
    fn keys_of_others_are_refused() {
        let policy = policy(None, &[]);
        for key in ["bob/1/f", "annie/1/f", "ann"] {
            assert_eq!(code(policy.own_key("ann", key)), "AccessDenied", "{key}");
        }
        for key in ["ann/../bob/f", "", "ann//f"] {
            assert_eq!(code(policy.own_key("ann", key)), "BadKey", "{key}");
        }
    }

    #[test]
    fn a_size_limit_must_be_met_and_cannot_be_dodged() {
        assert_eq!(code(policy(Some(100), &[]).size(101)), "EntityTooLarge");
        assert_eq!(code(policy(Some(100), &[]).size(100)), "ok");
        assert_eq!(code(policy(Some(100), &[]).single_size(None)), "SizeRequired");
        assert_eq!(code(policy(None, &[]).single_size(None)), "ok");
        assert_eq!(code(policy(None, &[]).single_size(Some(Limits::S3.max_part + 1))), "EntityTooLarge");
        assert_eq!(code(policy(None, &[]).size(Limits::S3.max_object + 1)), "EntityTooLarge");
    }

    #[test]
    fn only_allowed_types_are_taken() {
        let policy = policy(None, &["image/*", "text/plain"]);
        for fine in ["image/png", "IMAGE/PNG", "text/plain; charset=utf-8"] {
            assert_eq!(policy.content_type(fine), Ok(fine.to_owned()));
        }
        for refused in ["", "imagex/png", "text/html", "text/plainer"] {
            assert_eq!(code(policy.content_type(refused)), "TypeNotAllowed", "{refused}");
        }
        assert_eq!(code(policy.content_type("a\r\nb: c")), "BadType");
    }
}

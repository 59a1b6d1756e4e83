//! The command line.

use lexopt::{Arg, Parser, ValueExt};
use partwise::core::sign::sigv4::MAX_EXPIRES_SECS;
use std::{ffi::OsString, path::PathBuf};

/// What `--help` prints.
pub const HELP: &str = "\
Serves the partwise demo page, signs uploads, and stores them.

Usage: partwise-demo-server [OPTIONS]

Pages
  --port PORT           Port of the page and the signing routes; 0 takes any free one [8080]
  --page DIR            Folder served at / [examples/script-tag]
  --dist DIR            Folder served at /partwise/, the built npm package [dist]

Embedded store
  --store-port PORT     Its port, and so another origin than the page's; 0 takes any free one [8081]
  --data DIR            Where it keeps its files [target/demo-store]
  --cors-expose LIST    Reply headers pages may read; '' hides them all
                        [ETag, Date, x-amz-request-id, Content-Length]

Another store, instead of the embedded one
  --store URL           Any S3: https://s3.eu-west-1.amazonaws.com, http://127.0.0.1:3900 …
  --store-public URL    Where browsers reach the store, if not at the same address
  --virtual-hosted      Address it as https://bucket.host/key instead of https://host/bucket/key

Signing
  --bucket NAME         [demo]
  --region NAME         [us-east-1]
  --access-key ID       [demoaccess, or AWS_ACCESS_KEY_ID with --store]
  --secret-key KEY      [demosecret, or AWS_SECRET_ACCESS_KEY with --store]
  --session-token T     Of temporary credentials [none, or AWS_SESSION_TOKEN with --store]
  --url-expires SECS    How long a signed URL lives, 1 to 604800 [800]

Policy
  --token USER=TOKEN …  Users and their bearer tokens, beside those of /session
  --no-session          Hand out no tokens at /session
  --max-size BYTES      Largest file [as large as the store takes]
  --allow TYPE …        Content types taken, such as image/* application/pdf [all]
  --rate N              Signing requests per second and token; 0 is unlimited [200]
  --origin ORIGIN …     Pages of other origins that may use the signing routes, * for all
                        [http://localhost:* and http://127.0.0.1:*]

  -h, --help            Print this
";

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    pub port: u16,
    pub page: PathBuf,
    pub dist: PathBuf,
    pub store_port: u16,
    pub data: PathBuf,
    pub cors_expose: String,
    /// `None`: the embedded store.
    pub store: Option<String>,
    pub store_public: Option<String>,
    pub virtual_hosted: bool,
    pub bucket: String,
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    pub session_token: Option<String>,
    /// Seconds.
    pub url_expires: u32,
    /// User and token.
    pub tokens: Vec<(String, String)>,
    pub session: bool,
    /// Bytes.
    pub max_size: Option<u64>,
    /// Empty: all.
    pub allow: Vec<String>,
    /// Per second; 0: unlimited.
    pub rate: u32,
    /// Empty: this machine's.
    pub origins: Vec<String>,
}

/// What to do.
#[derive(Debug)]
pub enum Command {
    Serve(Box<Options>),
    Help,
}

/// Reads the command line; `environment` answers for environment variables.
///
/// # Errors
/// A sentence naming the option at fault.
pub fn parse<I>(arguments: I, environment: impl Fn(&str) -> Option<String>) -> Result<Command, String>
where
    I: IntoIterator<Item: Into<OsString>>,
{
    read(Parser::from_args(arguments), environment).map_err(|error| error.to_string())
}

fn read(mut args: Parser, environment: impl Fn(&str) -> Option<String>) -> Result<Command, lexopt::Error> {
    let mut options = Options {
        port: 8080,
        page: "examples/script-tag".into(),
        dist: "dist".into(),
        store_port: 8081,
        data: "target/demo-store".into(),
        cors_expose: "ETag, Date, x-amz-request-id, Content-Length".to_owned(),
        store: None,
        store_public: None,
        virtual_hosted: false,
        bucket: "demo".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: String::new(),
        secret_key: String::new(),
        session_token: None,
        url_expires: 800,
        tokens: Vec::new(),
        session: true,
        max_size: None,
        allow: Vec::new(),
        rate: 200,
        origins: Vec::new(),
    };
    let (mut access_key, mut secret_key) = (None, None);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("port") => options.port = args.value()?.parse()?,
            Arg::Long("page") => options.page = args.value()?.into(),
            Arg::Long("dist") => options.dist = args.value()?.into(),
            Arg::Long("store-port") => options.store_port = args.value()?.parse()?,
            Arg::Long("data") => options.data = args.value()?.into(),
            Arg::Long("cors-expose") => options.cors_expose = args.value()?.string()?,
            Arg::Long("store") => options.store = Some(args.value()?.parse_with(store_url)?),
            Arg::Long("store-public") => options.store_public = Some(args.value()?.parse_with(store_url)?),
            Arg::Long("virtual-hosted") => options.virtual_hosted = true,
            Arg::Long("bucket") => options.bucket = args.value()?.parse_with(bucket)?,
            Arg::Long("region") => options.region = args.value()?.string()?,
            Arg::Long("access-key") => access_key = Some(args.value()?.string()?),
            Arg::Long("secret-key") => secret_key = Some(args.value()?.string()?),
            Arg::Long("session-token") => options.session_token = Some(args.value()?.string()?),
            Arg::Long("url-expires") => options.url_expires = args.value()?.parse_with(expires)?,
            Arg::Long("token") => {
                for value in args.values()? {
                    options.tokens.push(value.parse_with(token)?);
                }
            }
            Arg::Long("no-session") => options.session = false,
            Arg::Long("max-size") => options.max_size = Some(args.value()?.parse()?),
            Arg::Long("allow") => {
                for value in args.values()? {
                    options.allow.push(value.parse_with(content_type)?);
                }
            }
            Arg::Long("rate") => options.rate = args.value()?.parse()?,
            Arg::Long("origin") => {
                for value in args.values()? {
                    options.origins.push(value.string()?);
                }
            }
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    let variable = |name| environment(name).filter(|value| !value.is_empty());
    let either = |given: Option<String>, name, embedded: &str, option| match (given, &options.store) {
        (Some(value), _) => Ok(value),
        (None, None) => Ok(embedded.to_owned()),
        (None, Some(_)) => variable(name).ok_or(format!("--store needs {option} or {name}")),
    };
    options.access_key = either(access_key, "AWS_ACCESS_KEY_ID", "demoaccess", "--access-key")?;
    options.secret_key = either(secret_key, "AWS_SECRET_ACCESS_KEY", "demosecret", "--secret-key")?;
    if options.store.is_some() && options.session_token.is_none() {
        options.session_token = variable("AWS_SESSION_TOKEN");
    }
    if !options.session && options.tokens.is_empty() {
        return Err("--no-session needs at least one --token".into());
    }
    Ok(Command::Serve(Box::new(options)))
}

fn store_url(text: &str) -> Result<String, &'static str> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', '@']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("a store is given as http://HOST[:PORT] or https://HOST[:PORT]"),
    }
}

fn bucket(name: &str) -> Result<String, &'static str> {
    if s3s::path::check_bucket_name(name) { Ok(name.to_owned()) } else { Err("not a bucket name S3 takes") }
}

fn expires(text: &str) -> Result<u32, &'static str> {
    match text.parse() {
        Ok(secs) if (1..=MAX_EXPIRES_SECS).contains(&secs) => Ok(secs),
        _ => Err("must be 1 to 604800 seconds"),
    }
}

/// A user's name is the first segment of all their keys, so it must be a plain one.
fn token(text: &str) -> Result<(String, String), &'static str> {
    let (user, token) = text.split_once('=').ok_or("must be USER=TOKEN")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if user.is_empty() || !user.chars().all(plain) || matches!(user, "." | "..") {
        return Err("a user's name is made of letters, digits and - _ . @");
    }
    if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err("a token is made of visible ASCII characters");
    }
    Ok((user.to_owned(), token.to_owned()))
}

fn content_type(text: &str) -> Result<String, &'static str> {
    match text.split_once('/') {
        Some((kind, sub)) if !kind.is_empty() && !sub.is_empty() => Ok(text.to_ascii_lowercase()),
        _ => Err("must be a content type such as image/png or image/*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(line: &str) -> Result<Options, String> {
        let arguments = std::iter::once("server").chain(line.split_whitespace());
        match parse(arguments, |name| (name == "AWS_ACCESS_KEY_ID").then(|| "from-environment".to_owned()))? {
            Command::Serve(options) => Ok(*options),
            Command::Help => Err("help".to_owned()),
        }
    }

    #[test]
    fn without_options_it_is_the_demo() {
        let options = serve("").unwrap();
        assert_eq!((options.port, options.store_port, options.url_expires), (8080, 8081, 800));
        assert_eq!((options.access_key.as_str(), options.secret_key.as_str()), ("demoaccess", "demosecret"));
        assert_eq!(options.store, None);
    }

    #[test]
    fn lists_take_several_values_and_may_be_repeated() {
        let options = serve("--allow image/* Text/Plain --token a=1 b=2 --token c=3").unwrap();
        assert_eq!(options.allow, ["image/*", "text/plain"]);
        assert_eq!(options.tokens.len(), 3);
    }

    #[test]
    fn another_store_needs_its_own_credentials() {
        assert!(serve("--store http://127.0.0.1:3900").unwrap_err().contains("--secret-key"));
        let options = serve("--store http://127.0.0.1:3900/ --secret-key s").unwrap();
        assert_eq!(options.store.as_deref(), Some("http://127.0.0.1:3900"));
        assert_eq!(options.access_key, "from-environment");
    }

    #[test]
    fn mistakes_are_named() {
        for (line, named) in [
            ("--prot 1", "--prot"),
            ("--port x", "--port"),
            ("--url-expires 0", "604800"),
            ("--store ftp://x", "http://"),
            ("--token x", "USER=TOKEN"),
            ("--token ../x=1", "letters"),
            ("--bucket ../x", "bucket"),
            ("--allow png", "image/png"),
            ("--no-session", "--token"),
            ("stray", "stray"),
        ] {
            let error = serve(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}

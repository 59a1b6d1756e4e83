//! The command line.

use crate::store::MIN_PART;
use lexopt::{Arg, Parser, ValueExt};
use partwise::core::{
    sign::MAX_EXPIRES_SECS,
    store::{Bucket, Kind},
};
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
  --min-part BYTES      Smallest part but the last, for tests; S3's is the default [5242880]

Another store, instead of the embedded one
  --kind NAME           Whose protocol it speaks: s3, oss (Aliyun), cos (Tencent) or bos (Baidu) [s3]
  --store URL           Where it is: https://s3.eu-west-1.amazonaws.com, http://127.0.0.1:3900 …
                        [of oss, cos and bos: the vendor's own for --region]
  --store-public URL    Where browsers reach the store, if not at the same address
  --virtual-hosted      Address it as https://bucket.host/key [so are oss, cos and bos]
  --path-style          Address it as https://host/bucket/key [so is s3]

Signing
  --bucket NAME         [demo]
  --region NAME         [us-east-1; oss, cos and bos need one: cn-hangzhou, ap-guangzhou, bj …]
  --access-key ID       [demoaccess; of another store as in the environment, see below]
  --secret-key KEY      [demosecret; of another store as in the environment]
  --session-token T     Of temporary credentials [none; of another store as in the environment]
  --url-expires SECS    How long a signed URL lives, 1 to 604800 [800]

Policy
  --token USER=TOKEN …  Users and their bearer tokens, beside those of /session
  --no-session          Hand out no tokens at /session
  --max-size BYTES      Largest file [as large as the store takes]
  --allow TYPE …        Content types taken, such as image/* application/pdf [all]
  --rate N              Signing requests per second and token; 0 is unlimited [200]
  --rate-address N      Requests per second and address, with or without a token; 0 is unlimited [1000]
  --origin ORIGIN …     Pages of other origins that may use the signing routes, * for all
                        [http://localhost:* and http://127.0.0.1:*]

  --until-stdin-closes  End with whoever started this, even if that one is killed
  -h, --help            Print this

Environment, with another store
  s3   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  oss  OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN
  cos  TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_TOKEN
  bos  BCE_ACCESS_KEY_ID, BCE_SECRET_ACCESS_KEY, BCE_SESSION_TOKEN
";

/// The variables of access key, secret key and session token.
fn variables(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::S3 => ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
        Kind::Oss => ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
        Kind::Cos => ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"],
        Kind::Bos => ["BCE_ACCESS_KEY_ID", "BCE_SECRET_ACCESS_KEY", "BCE_SESSION_TOKEN"],
    }
}

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    pub port: u16,
    pub page: PathBuf,
    pub dist: PathBuf,
    pub store_port: u16,
    pub data: PathBuf,
    pub cors_expose: String,
    /// Bytes.
    pub min_part: u64,
    pub kind: Kind,
    /// `None`: the embedded store of an S3, the vendor's own endpoint of others.
    pub store: Option<String>,
    pub store_public: Option<String>,
    /// `None`: what the kind of store is used to.
    pub path_style: Option<bool>,
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
    /// Per second and token; 0: unlimited.
    pub rate: u32,
    /// Per second and address; 0: unlimited.
    pub rate_address: u32,
    /// Empty: this machine's.
    pub origins: Vec<String>,
    /// Ends with its parent, even if that one is killed: the pipe closes then.
    pub until_stdin_closes: bool,
}

/// What to do.
#[derive(Debug)]
pub enum Command {
    Serve(Box<Options>),
    Help,
}

/// Reads the command line, without the program's own name; `environment` answers for environment variables.
///
/// # Errors
/// A sentence naming the option at fault.
pub fn parse<I>(arguments: I, environment: impl Fn(&str) -> Option<String>) -> Result<Command, String>
where
    I: IntoIterator<Item: Into<OsString>>,
{
    let mut args = Parser::from_args(arguments);
    let mut options = Options::default();
    while let Some(arg) = args.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Long(name) => {
                let name = name.to_owned();
                options.set(&name, &mut args).map_err(|error| format!("--{name}: {error}"))?;
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    options.finish(|name| environment(name).filter(|value| !value.is_empty()))?;
    Ok(Command::Serve(Box::new(options)))
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 8080,
            page: "examples/script-tag".into(),
            dist: "dist".into(),
            store_port: 8081,
            data: "target/demo-store".into(),
            cors_expose: "ETag, Date, x-amz-request-id, Content-Length".to_owned(),
            min_part: MIN_PART,
            kind: Kind::S3,
            store: None,
            store_public: None,
            path_style: None,
            bucket: "demo".to_owned(),
            region: String::new(),
            access_key: String::new(),
            secret_key: String::new(),
            session_token: None,
            url_expires: 800,
            tokens: Vec::new(),
            session: true,
            max_size: None,
            allow: Vec::new(),
            rate: 200,
            rate_address: 1000,
            origins: Vec::new(),
            until_stdin_closes: false,
        }
    }
}

impl Options {
    fn set(&mut self, name: &str, args: &mut Parser) -> Result<(), lexopt::Error> {
        match name {
            "port" => self.port = args.value()?.parse()?,
            "page" => self.page = args.value()?.into(),
            "dist" => self.dist = args.value()?.into(),
            "store-port" => self.store_port = args.value()?.parse()?,
            "data" => self.data = args.value()?.into(),
            "cors-expose" => self.cors_expose = args.value()?.string()?,
            "min-part" => self.min_part = args.value()?.parse()?,
            "store" => self.store = Some(args.value()?.parse_with(store_url)?),
            "store-public" => self.store_public = Some(args.value()?.parse_with(store_url)?),
            "kind" => self.kind = args.value()?.parse_with(kind)?,
            "virtual-hosted" => self.path_style = Some(false),
            "path-style" => self.path_style = Some(true),
            "bucket" => self.bucket = args.value()?.parse_with(bucket)?,
            "region" => self.region = args.value()?.string()?,
            "access-key" => self.access_key = args.value()?.string()?,
            "secret-key" => self.secret_key = args.value()?.string()?,
            "session-token" => self.session_token = Some(args.value()?.string()?),
            "url-expires" => self.url_expires = args.value()?.parse_with(expires)?,
            "token" => {
                for value in args.values()? {
                    self.tokens.push(value.parse_with(token)?);
                }
            }
            "no-session" => self.session = false,
            "max-size" => self.max_size = Some(args.value()?.parse()?),
            "allow" => {
                for value in args.values()? {
                    self.allow.push(value.parse_with(content_type)?);
                }
            }
            "rate" => self.rate = args.value()?.parse()?,
            "rate-address" => self.rate_address = args.value()?.parse()?,
            "origin" => {
                for value in args.values()? {
                    self.origins.push(value.string()?);
                }
            }
            "until-stdin-closes" => self.until_stdin_closes = true,
            _ => return Err("there is no such option".into()),
        }
        Ok(())
    }

    /// Whether the store is part of this process.
    pub fn is_embedded(&self) -> bool {
        self.store.is_none() && self.kind == Kind::S3
    }

    /// The bucket at an address, `None` being the vendor's own.
    pub fn bucket_at(&self, endpoint: Option<&str>) -> Bucket {
        Bucket {
            endpoint: endpoint.map(str::to_owned),
            path_style: self.path_style.unwrap_or(self.kind == Kind::S3),
            ..Bucket::new(self.kind, &self.bucket, &self.region)
        }
    }

    /// Fills in what depends on other options, and checks what only makes sense together.
    fn finish(&mut self, environment: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        let embedded = self.is_embedded();
        let [access_key, secret_key, session_token] = variables(self.kind);
        for (value, option, variable, default) in [
            (&mut self.access_key, "--access-key", access_key, "demoaccess"),
            (&mut self.secret_key, "--secret-key", secret_key, "demosecret"),
        ] {
            if value.is_empty() {
                let found = if embedded { Some(default.to_owned()) } else { environment(variable) };
                *value = found.ok_or(format!("another store needs {option} or {variable}"))?;
            }
        }
        if !embedded && self.session_token.is_none() {
            self.session_token = environment(session_token);
        }
        if self.region.is_empty() {
            if self.kind != Kind::S3 {
                return Err(format!("--kind {} needs a --region", self.kind.as_str()));
            }
            "us-east-1".clone_into(&mut self.region);
        }
        if !self.session && self.tokens.is_empty() {
            return Err("--no-session needs at least one --token".to_owned());
        }
        Ok(())
    }
}

fn kind(name: &str) -> Result<Kind, &'static str> {
    Kind::from_name(name).ok_or("must be s3, oss, cos or bos")
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
        match parse(line.split_whitespace(), |name| {
            (name == "AWS_ACCESS_KEY_ID").then(|| "from-environment".to_owned())
        })? {
            Command::Serve(options) => Ok(*options),
            Command::Help => Err("help".to_owned()),
        }
    }

    #[test]
    fn without_options_it_is_the_demo() {
        let options = serve("").unwrap();
        assert_eq!((options.port, options.store_port, options.url_expires), (8080, 8081, 800));
        assert_eq!((options.access_key.as_str(), options.secret_key.as_str()), ("demoaccess", "demosecret"));
        assert!(options.is_embedded());
        assert_eq!(options.region, "us-east-1");
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
    fn other_clouds_have_their_own_place_and_credentials() {
        let options = serve("--kind oss --region cn-hangzhou --access-key a --secret-key s").unwrap();
        assert!(!options.is_embedded());
        assert_eq!(options.bucket_at(None).address("k").origin, "https://demo.oss-cn-hangzhou.aliyuncs.com");
        assert!(serve("--kind cos --region r").unwrap_err().contains("TENCENTCLOUD_SECRET_ID"));
        assert!(serve("--kind bos --access-key a --secret-key s").unwrap_err().contains("--region"));
        let options = serve("--kind bos --region bj --access-key a --secret-key s --path-style").unwrap();
        assert_eq!(options.bucket_at(None).address("k").path, "/demo/k");
        assert_eq!(serve("").unwrap().bucket_at(Some("http://h")).address("k").path, "/demo/k");
    }

    #[test]
    fn mistakes_are_named() {
        for (line, named) in [
            ("--prot 1", "--prot"),
            ("--port x", "--port"),
            ("--url-expires 0", "604800"),
            ("--store ftp://x", "http://"),
            ("--kind gcs", "bos"),
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

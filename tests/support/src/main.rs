//! `fault-proxy --upstream HOST:PORT [--port 0] [--control-port 0] [--until-stdin-closes]`
//!
//! Prints `fault-proxy: proxy=PORT control=PORT` when both are listening, on 127.0.0.1.

use partwise_test_support::{control, proxy::Proxy};
use std::{env, io};
use tokio::net::TcpListener;

const USAGE: &str = "fault-proxy --upstream HOST:PORT [--port 0] [--control-port 0] [--until-stdin-closes]";

struct Options {
    upstream: String,
    port: u16,
    control_port: u16,
    /// Ends with its parent, even if that one is killed: the pipe closes then.
    until_stdin_closes: bool,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = options().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, USAGE))?;
    let proxy = Proxy::start(options.port, options.upstream)?;
    let control = TcpListener::bind(("127.0.0.1", options.control_port)).await?;
    println!("fault-proxy: proxy={} control={}", proxy.address().port(), control.local_addr()?.port());
    let parent_gone = async {
        match options.until_stdin_closes {
            true => tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await.map(drop),
            false => std::future::pending().await,
        }
    };
    tokio::select! {
        () = control::serve(control, proxy) => Ok(()),
        ended = parent_gone => ended,
    }
}

fn options() -> Option<Options> {
    let mut options =
        Options { upstream: String::new(), port: 0, control_port: 0, until_stdin_closes: false };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--upstream" => options.upstream = arguments.next()?,
            "--port" => options.port = arguments.next()?.parse().ok()?,
            "--control-port" => options.control_port = arguments.next()?.parse().ok()?,
            "--until-stdin-closes" => options.until_stdin_closes = true,
            _ => return None,
        }
    }
    if options.upstream.is_empty() { None } else { Some(options) }
}

//! The demo: a page, a signing server with a policy, and an S3 store, in one process.
//!
//! * `pages` serves the demo page and the built npm package.
//! * `companion` signs uploads with partwise's own native code, on the routes of Uppy Companion.
//! * `store` is the embedded S3 store; with `--store` another one takes its place.

mod cli;
mod companion;
mod cors;
mod pages;
mod random;
mod store;

use axum::{Router, serve::ListenerExt};
use cli::{Command, Options};
use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match cli::parse(std::env::args_os().skip(1), |name| std::env::var(name).ok()) {
        Ok(Command::Serve(options)) => *options,
        Ok(Command::Help) => {
            print!("{}", cli::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\nSee --help.");
            return ExitCode::from(2);
        }
    };
    if options.until_stdin_closes {
        std::thread::spawn(end_with_stdin);
    }
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Not a task: reading standard input cannot be given up, and would keep what else ends the program waiting.
fn end_with_stdin() {
    // What cannot be read is closed as well.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    std::process::exit(0);
}

/// Serves until a listener fails.
async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let listener = listen(options.port, "--port").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let store = match &options.store {
        None if options.is_embedded() => Some(start_store(&options).await?),
        url => url.clone(),
    };
    let signer = companion::router(&options, store.as_deref())?;
    let app = pages::router(options.page.clone(), options.dist.clone()).merge(signer);
    let bucket = options.bucket_at(store.as_deref()).address("");
    println!("store: {}{}", bucket.origin, bucket.path.trim_end_matches('/'));
    println!("partwise demo: {address}/");
    serve(listener, app).await
}

/// Starts the embedded store and returns its address.
async fn start_store(options: &Options) -> Result<String, Box<dyn Error>> {
    let listener = listen(options.store_port, "--store-port").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let store = store::router(store::Config {
        data: options.data.clone(),
        bucket: options.bucket.clone(),
        access_key: options.access_key.clone(),
        secret_key: options.secret_key.clone(),
        expose: options.cors_expose.clone(),
        // No part of a file that is taken is larger than the file.
        max_body: options.max_size,
        min_part: options.min_part,
    });
    let store = store.map_err(|error| format!("--data {}: {error}", options.data.display()))?;
    tokio::spawn(async move {
        if let Err(error) = serve(listener, store).await {
            eprintln!("error: the store stopped: {error}");
            std::process::exit(1);
        }
    });
    Ok(address)
}

/// Only this machine may connect: the session route hands out tokens to whoever asks.
async fn listen(port: u16, option: &str) -> Result<TcpListener, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("port {port} is taken; choose another one with {option}"),
        _ => format!("port {port}: {error}"),
    })
}

async fn serve(listener: TcpListener, app: Router) -> Result<(), Box<dyn Error>> {
    // Replies are small and awaited; delaying them to fill packets helps nobody. A socket that cannot be told works too.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    Ok(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?)
}

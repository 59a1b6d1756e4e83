//! `bench-sink serve`: prints `bench-sink: store=PORT backend=PORT` when both are listening, on 127.0.0.1, and ends with its
//! parent. Both serve everything; of two origins a browser has six connections each.
//!
//! `bench-sink make FOLDER FIRST SIZE COUNT`: writes files of the bench, named by their numbers, unless they are there.

mod chunks;
mod companion;
mod content;
mod digests;
mod form;
mod http;
mod journal;
mod receive;
mod server;
mod store;
mod tus;
mod world;

use content::FileNumber;
use server::Server;
use std::{
    env, fs,
    io::{self, Read},
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
};

const USAGE: &str = "bench-sink serve | bench-sink make FOLDER FIRST SIZE COUNT";

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => serve(),
        ["make", folder, first, size, count] => {
            let number = |text: &str| text.parse::<u32>().map_err(|_| usage());
            make(Path::new(folder), number(first)?, size.parse().map_err(|_| usage())?, number(count)?)
        }
        _ => Err(usage()),
    }
}

fn make(folder: &Path, first: u32, size: u64, count: u32) -> io::Result<()> {
    for number in first..first.saturating_add(count) {
        let path = folder.join(format!("{number}.bin"));
        let file = FileNumber::new(number).ok_or_else(usage)?;
        if !file.is_at(&path, size) {
            // Under its name only when it is whole.
            let unfinished = path.with_extension("part");
            file.write(&unfinished, size)?;
            fs::rename(unfinished, path)?;
        }
    }
    Ok(())
}

fn serve() -> io::Result<()> {
    let server = Arc::new(Server::default());
    let mut ports = Vec::new();
    for _ in 0..2 {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        ports.push(listener.local_addr()?.port());
        let server = server.clone();
        thread::spawn(move || server.serve(listener));
    }
    if let [store, backend] = ports.as_slice() {
        println!("bench-sink: store={store} backend={backend}");
    }
    // Its standard input is a pipe that closes when the parent is gone, however that ends.
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

fn usage() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, USAGE)
}

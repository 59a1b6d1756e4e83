//! One thread for each connection, of which a browser has six: nothing is faster, and nothing simpler.

use crate::{
    chunks, companion,
    content::FileNumber,
    digests::Digests,
    http::{Body, Connection, Reply, Request, invalid},
    store, tus,
    world::{Plan, PlannedFile, Preparation, World},
};
use std::{
    io,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// Seconds for which a browser may remember the answer to a preflight.
const MAX_AGE: u32 = 3600;
/// Headers of replies that pages may read.
const EXPOSE: &str =
    "Date, ETag, Location, Tus-Resumable, Upload-Length, Upload-Offset, x-cos-request-id, x-oss-request-id";

/// What all connections share.
#[derive(Default)]
pub struct Server {
    digests: Digests,
    /// The present contender's. Requests of the one before end in theirs.
    world: Mutex<Arc<World>>,
}

impl Server {
    /// Serves a listener for as long as the process lives.
    pub fn serve(self: Arc<Self>, listener: TcpListener) {
        for stream in listener.incoming().flatten() {
            let server = self.clone();
            thread::spawn(move || {
                // A browser that goes away in the middle of a request is what some scenarios are about.
                let _ = Connection::new(stream).and_then(|connection| server.talk(connection));
            });
        }
    }

    fn talk(&self, mut connection: Connection) -> io::Result<()> {
        while let Some(request) = connection.request()? {
            let mut body = connection.body(&request);
            let reply = self.answer(&request, &mut body)?;
            while body.piece()?.is_some() {}
            connection.reply(&request, &reply.for_all_origins(&request, EXPOSE))?;
        }
        Ok(())
    }

    fn answer(&self, request: &Request, body: &mut Body<'_>) -> io::Result<Reply> {
        if let Some(command) = request.path.strip_prefix("/bench/") {
            return self.control(command, body);
        }
        let world = self.world();
        world.count_request(&request.method);
        if request.method == "OPTIONS" {
            return Ok(preflight(request));
        }
        if let Some(reply) = companion::answer(request, body, &world)? {
            return Ok(reply);
        }
        let Some(_pass) = world.admit() else {
            while let Some(piece) = body.piece()? {
                world.count_content(piece.len());
            }
            return Ok(store::slow_down());
        };
        if let Some(reply) = tus::answer(request, body, &world)? {
            return Ok(reply);
        }
        if let Some(reply) = chunks::answer(request, body, &world, &self.digests)? {
            return Ok(reply);
        }
        store::answer(request, body, &world, &self.digests)
    }

    /// `POST /bench/prepare` with a [`Preparation`] hashes what is going to arrive, `POST /bench/reset` with a [`Plan`] begins anew,
    /// `GET /bench/stats` tells what has arrived since.
    fn control(&self, command: &str, body: &mut Body<'_>) -> io::Result<Reply> {
        let text = body.text()?;
        Ok(match command {
            "prepare" => {
                let Preparation { files, part_sizes } = serde_json::from_str(&text)?;
                for PlannedFile { number, size } in files {
                    let file = FileNumber::new(number).ok_or_else(|| invalid("there is no such file"))?;
                    part_sizes.iter().for_each(|&part| self.digests.prepare(file, size, part));
                }
                Reply::empty(204)
            }
            "reset" => {
                let plan: Plan = serde_json::from_str(&text)?;
                *self.world.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(World::new(plan));
                Reply::empty(204)
            }
            "stats" => Reply::json(&self.world().stats(self.digests.hashed())),
            _ => Reply::empty(404),
        })
    }

    fn world(&self) -> Arc<World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn preflight(request: &Request) -> Reply {
    let headers = request.header("access-control-request-headers").unwrap_or_default();
    Reply::empty(204)
        .with("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, PATCH, DELETE")
        .with("Access-Control-Allow-Headers", headers)
        .with("Access-Control-Max-Age", MAX_AGE)
}

//! One thread for each connection, of which a browser has six: nothing is faster, and nothing simpler.

use crate::{
    chunks, companion,
    content::FileNumber,
    digests::Digests,
    http::{Body, Connection, Reply, Request, invalid},
    journal::now,
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
            let reply = match request.path.strip_prefix("/bench/") {
                Some(command) => self.control(command, &mut body)?,
                None => self.noted(&request, &mut body)?,
            };
            connection.reply(&request, &reply.for_all_origins(&request, EXPOSE))?;
        }
        Ok(())
    }

    /// Answers and notes it, whether or not it gets to its end.
    fn noted(&self, request: &Request, body: &mut Body<'_>) -> io::Result<Reply> {
        let world = self.world();
        let began = now();
        let reply = self.answer(request, body, &world).and_then(|reply| body.rest().map(|()| reply));
        world.journal.note(request, body, began, reply.as_ref().ok().map(Reply::status));
        reply
    }

    fn answer(&self, request: &Request, body: &mut Body<'_>, world: &World) -> io::Result<Reply> {
        if request.method == "OPTIONS" {
            return Ok(preflight(request));
        }
        if let Some(reply) = companion::answer(request, body, world)? {
            return Ok(reply);
        }
        let Some(_pass) = world.admit() else {
            while let Some(piece) = body.piece()? {
                world.count_content(piece.len());
            }
            return Ok(store::slow_down());
        };
        if let Some(reply) = tus::answer(request, body, world)? {
            return Ok(reply);
        }
        if let Some(reply) = chunks::answer(request, body, world, &self.digests)? {
            return Ok(reply);
        }
        store::answer(request, body, world, &self.digests)
    }

    /// `POST /bench/prepare` with a [`Preparation`] hashes what is going to arrive, `POST /bench/reset` with a [`Plan`] begins anew,
    /// `GET /bench/stats` tells what has arrived since, `GET /bench/journal` when.
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
            "journal" => Reply::json(&self.world().journal.exchanges()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpStream},
    };

    const FILE: u32 = 3;
    const SIZE: u64 = 1000;

    /// A sink that expects one file.
    fn sink(more: &str) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || Arc::new(Server::default()).serve(listener));
        let plan = format!(r#"{{"files":[{{"number":{FILE},"size":{SIZE}}}],"store":"http://s"{more}}}"#);
        assert!(ask(address, "POST /bench/reset", plan.as_bytes()).starts_with("HTTP/1.1 204"));
        address
    }

    fn content(offset: u64, length: u64) -> Vec<u8> {
        let mut all = vec![0; SIZE as usize];
        FileNumber::new(FILE).unwrap().fill(0, &mut all);
        all[offset as usize..(offset + length) as usize].to_vec()
    }

    /// Sends a request line, perhaps with headers, and a body; the whole reply.
    fn ask(address: SocketAddr, request: &str, body: &[u8]) -> String {
        let mut stream = begin(address, request, body.len());
        stream.write_all(body).unwrap();
        finish(stream)
    }

    fn begin(address: SocketAddr, request: &str, length: usize) -> TcpStream {
        let (line, headers) = request.split_once('\n').unwrap_or((request, ""));
        let headers = headers.replace('\n', "\r\n");
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("{line} HTTP/1.1\r\nContent-Length: {length}\r\n{headers}\r\n\r\n");
        stream.write_all(head.replace("\r\n\r\n\r\n", "\r\n\r\n").as_bytes()).unwrap();
        stream
    }

    fn finish(mut stream: TcpStream) -> String {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    fn stats(address: SocketAddr) -> serde_json::Value {
        let reply = ask(address, "GET /bench/stats", b"");
        serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        text.split_once(start).unwrap().1.split_once(end).unwrap().0
    }

    #[test]
    fn parts_in_any_order_make_the_object_with_the_etag_of_s3() {
        let sink = sink("");
        let reply = ask(sink, "POST /bucket/a?uploads", b"");
        let id = between(&reply, "<UploadId>", "<");
        let part = |number: u32, offset, length| {
            let line = format!("PUT /bucket/a?partNumber={number}&uploadId={id}");
            between(&ask(sink, &line, &content(offset, length)), "ETag: \"", "\"").to_owned()
        };
        let second = part(2, 600, 400);
        let first = part(1, 0, 600);
        let listed = format!(
            "<Part><PartNumber>1</PartNumber><ETag>{first}</ETag></Part><Part><PartNumber>2</PartNumber><ETag>{second}</ETag></Part>"
        );
        let reply = ask(sink, &format!("POST /bucket/a?uploadId={id}"), listed.as_bytes());
        assert!(between(&reply, "<ETag>", "</ETag>").ends_with("-2&quot;"), "{reply}");
        let stats = stats(sink);
        assert_eq!(
            (&stats["right"], &stats["wrong"], &stats["contentBytes"]),
            (&1.into(), &0.into(), &SIZE.into())
        );
    }

    #[test]
    fn a_part_that_is_left_out_makes_the_object_wrong() {
        let sink = sink("");
        let id = between(&ask(sink, "POST /a?uploads", b""), "<UploadId>", "<").to_owned();
        let mut listed = String::new();
        for (number, offset) in [(1, 0), (2, 504)] {
            let reply =
                ask(sink, &format!("PUT /a?partNumber={number}&uploadId={id}"), &content(offset, 496));
            let etag = between(&reply, "ETag: ", "\r\n").to_owned();
            listed += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }
        ask(sink, &format!("POST /a?uploadId={id}"), listed.as_bytes());
        let stats = stats(sink);
        assert_eq!((&stats["right"], &stats["wrong"]), (&0.into(), &1.into()));
    }

    #[test]
    fn a_changed_byte_is_refused_and_told() {
        let sink = sink("");
        let mut bytes = content(0, SIZE);
        bytes[700] ^= 1;
        assert!(ask(sink, "PUT /bucket/a", &bytes).starts_with("HTTP/1.1 400"));
        assert_eq!(stats(sink)["wrong"], 1);
        assert!(ask(sink, "PUT /bucket/a", &content(0, SIZE)).starts_with("HTTP/1.1 200"));
        assert_eq!(stats(sink)["right"], 1);
    }

    #[test]
    fn tus_goes_on_where_a_broken_request_has_ended() {
        let sink = sink("");
        let reply = ask(sink, &format!("POST /files\nUpload-Length: {SIZE}"), b"");
        let url = between(&reply, "Location: http://s", "\r\n").to_owned();
        let patch =
            |offset: u64, length| begin(sink, &format!("PATCH {url}\nUpload-Offset: {offset}"), length);
        let mut broken = patch(0, SIZE as usize);
        broken.write_all(&content(0, 333)).unwrap();
        finish(broken);
        let reply = ask(sink, &format!("HEAD {url}"), b"");
        assert_eq!(between(&reply, "Upload-Offset: ", "\r\n"), "333");
        let mut rest = patch(333, 667);
        rest.write_all(&content(333, 667)).unwrap();
        assert_eq!(between(&finish(rest), "Upload-Offset: ", "\r\n"), "1000");
        let stats = stats(sink);
        assert_eq!((&stats["right"], &stats["contentBytes"]), (&1.into(), &SIZE.into()));
    }

    #[test]
    fn tus_is_told_of_bytes_that_belong_elsewhere() {
        let sink = sink("");
        let reply = ask(sink, &format!("POST /files\nUpload-Length: {SIZE}"), b"");
        let url = between(&reply, "Location: http://s", "\r\n").to_owned();
        let mut bytes = content(0, SIZE);
        bytes[3] ^= 1;
        let reply = ask(sink, &format!("PATCH {url}\nUpload-Offset: 0"), &bytes);
        assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
        assert_eq!(stats(sink)["wrong"], 1);
    }

    #[test]
    fn chunks_arrive_in_forms_and_are_told_when_they_are_there() {
        let sink = sink("");
        for (number, offset, length) in [(1, 0, 400), (2, 400, 600)] {
            let test = format!("GET /chunks?chunkNumber={number}&identifier=i");
            assert!(ask(sink, &test, b"").starts_with("HTTP/1.1 204"));
            let mut form = Vec::new();
            for (name, value) in
                [("chunkNumber", &*number.to_string()), ("totalChunks", "2"), ("identifier", "i")]
            {
                form.extend(
                    format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                        .bytes(),
                );
            }
            form.extend(b"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: a/b\r\n\r\n");
            form.extend(content(offset, length));
            form.extend(b"\r\n--xx--\r\n");
            let reply = ask(sink, "POST /chunks\nContent-Type: multipart/form-data; boundary=xx", &form);
            assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
            assert!(ask(sink, &test, b"").starts_with("HTTP/1.1 200"));
        }
        assert_eq!(stats(sink)["right"], 1);
    }

    #[test]
    fn more_requests_than_the_store_serves_are_refused_after_they_were_read() {
        let sink = sink(r#","atOnce":1"#);
        let mut first = begin(sink, "PUT /bucket/a", SIZE as usize);
        first.write_all(&content(0, 500)).unwrap();
        while stats(sink)["contentBytes"] != 500 {
            thread::yield_now();
        }
        assert!(ask(sink, "PUT /bucket/b", &content(0, SIZE)).starts_with("HTTP/1.1 503"));
        first.write_all(&content(500, 500)).unwrap();
        assert!(finish(first).starts_with("HTTP/1.1 200"));
        let stats = stats(sink);
        assert_eq!(
            (&stats["refused"], &stats["right"], &stats["contentBytes"]),
            (&1.into(), &1.into(), &(2 * SIZE).into())
        );
    }

    #[test]
    fn every_request_is_noted_with_its_times_those_that_break_too() {
        let sink = sink("");
        let mut broken = begin(sink, "PUT /bucket/a?partNumber=7&uploadId=u", SIZE as usize);
        broken.write_all(&content(0, 100)).unwrap();
        finish(broken);
        ask(sink, "PUT /bucket/a", &content(0, SIZE));
        let reply = ask(sink, "GET /bench/journal", b"");
        let noted: serde_json::Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(
            (&noted[0]["part"], &noted[0]["bytes"], &noted[0]["status"]),
            (&7.into(), &100.into(), &().into())
        );
        assert_eq!((&noted[1]["bytes"], &noted[1]["status"]), (&SIZE.into(), &200.into()));
        assert!(noted[1]["began"].as_f64() <= noted[1]["received"].as_f64());
        assert_eq!(stats(sink)["requests"]["PUT"], 2);
    }

    #[test]
    fn a_page_may_read_what_it_needs() {
        let sink = sink("");
        let asked = "OPTIONS /bucket/a\nOrigin: http://p\nAccess-Control-Request-Headers: content-type";
        let reply = ask(sink, asked, b"");
        assert!(reply.contains("Access-Control-Allow-Headers: content-type\r\n"), "{reply}");
        let reply = ask(sink, "PUT /bucket/a\nOrigin: http://p", &content(0, SIZE));
        assert!(reply.contains("Access-Control-Allow-Origin: http://p\r\n"), "{reply}");
        assert!(between(&reply, "Access-Control-Expose-Headers: ", "\r\n").contains("ETag"));
    }
}

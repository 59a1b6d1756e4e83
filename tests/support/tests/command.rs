//! The command as the end-to-end tests run it.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

fn ask(port: u16, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn it_prints_its_ports_obeys_and_ends_with_its_parent() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fault-proxy"))
        .args(["--upstream", "127.0.0.1:9", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = |name: &str| -> u16 {
        let rest = line.split(&format!("{name}=")).nth(1).unwrap();
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    let rules = r#"[{"match":{"method":"GET"},"action":{"do":"reply","status":418}}]"#;
    assert!(ask(port("control"), "POST /rules", rules).starts_with("HTTP/1.1 200"));
    assert!(ask(port("control"), "POST /rules", "[{}]").starts_with("HTTP/1.1 400"));
    assert!(ask(port("proxy"), "GET /x?partNumber=7", "").starts_with("HTTP/1.1 418"));
    let log = ask(port("control"), "GET /log", "");
    assert!(log.contains(r#""outcome":"injected""#) && log.contains(r#""partNumber":7"#), "{log}");
    assert!(ask(port("control"), "GET /open", "").ends_with(r#"{"open":0}"#));
    assert!(ask(port("control"), "POST /reset", "").starts_with("HTTP/1.1 200"));
    assert!(ask(port("control"), "GET /log", "").ends_with("[]"));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

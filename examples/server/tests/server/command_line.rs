use crate::harness::{Server, command, new_folder};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

#[test]
fn an_unknown_option_is_named_and_nothing_starts() {
    let output = command(&new_folder()).arg("--prot").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--prot"));
    assert!(output.stdout.is_empty());
}

#[test]
fn help_lists_the_options() {
    let output = command(&new_folder()).arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for option in ["--port", "--store-port", "--store URL", "--url-expires", "--max-size", "--cors-expose"] {
        assert!(help.contains(option), "{option}");
    }
}

#[test]
fn a_taken_port_is_named() {
    let server = Server::start(&[]);
    let port = server.url.rsplit(':').next().unwrap();
    let output = command(&new_folder()).args(["--port", port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains(port));
}

#[test]
fn it_ends_with_its_parent_where_that_is_asked_for() {
    let mut command = command(&new_folder());
    let pipes = command.arg("--until-stdin-closes").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("partwise demo: ")));
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    for _ in 0..500 {
        if let Some(status) = child.try_wait().unwrap() {
            return assert!(status.success());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it has not ended");
}

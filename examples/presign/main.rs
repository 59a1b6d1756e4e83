//! Checks presigned URLs that others have made: `cargo run -q --example presign -- FILE.json`.
//!
//! FILE is an array of objects as in `tests/vectors/presign.json`. Each is signed here anew; what does not come out as the
//! same URL is named. Ends with the line `N passed, M failed`.

mod vector;

use std::env;
use std::fs;
use std::process::ExitCode;
use vector::Vector;

fn main() -> ExitCode {
    let Some(file) = env::args().nth(1) else {
        eprintln!("usage: presign FILE.json");
        return ExitCode::from(2);
    };
    let read = fs::read_to_string(&file).map_err(|error| error.to_string());
    let vectors: Vec<serde_json::Value> =
        match read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
            Ok(vectors) => vectors,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        };
    let mut failed = 0;
    for (place, value) in vectors.iter().enumerate() {
        let id = value["id"].as_str().map_or_else(|| format!("vector {place}"), str::to_owned);
        let vector: Result<Vector, _> = serde_json::from_value(value.clone());
        if let Err(why) = vector.map_err(|error| error.to_string()).and_then(|vector| vector.check()) {
            failed += 1;
            println!("{id}: {why}");
        }
    }
    println!("{} passed, {failed} failed", vectors.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! Slices of files.

use super::callback::{defer, name_of, settle};
use crate::core::units::ByteRange;
use web_sys::Blob;

/// A slice of a file, without a type and without reading anything.
///
/// # Errors
/// The name of the exception thrown; browsers throw none for a range inside the file.
pub fn slice(file: &Blob, range: ByteRange) -> Result<Blob, String> {
    file.slice_with_f64_and_f64(range.start as f64, range.end as f64).map_err(|thrown| name_of(&thrown))
}

/// Reads the first and the last byte of a range, to tell whether the file is still there and unchanged. An empty range
/// is always readable. Reports the exception's name otherwise, such as `NotReadableError`.
pub fn check_readable(file: &Blob, range: ByteRange, then: impl FnOnce(Result<(), String>) + 'static) {
    if range.len() == 0 {
        return defer(move || then(Ok(())));
    }
    let first = ByteRange { start: range.start, end: range.start.saturating_add(1) };
    let last = ByteRange { start: range.end.saturating_sub(1), end: range.end };
    let file = file.clone();
    check_byte(
        &file.clone(),
        first,
        Box::new(move |readable| match readable {
            Ok(()) => check_byte(&file, last, Box::new(then)),
            Err(name) => then(Err(name)),
        }),
    );
}

type Then = Box<dyn FnOnce(Result<(), String>)>;

fn check_byte(file: &Blob, byte: ByteRange, then: Then) {
    match slice(file, byte) {
        Ok(byte) => {
            settle(byte.array_buffer(), move |read| then(read.map(drop).map_err(|thrown| name_of(&thrown))))
        }
        Err(name) => defer(move || then(Err(name))),
    }
}

//! Small files, which are read once and as a whole. Each slice and each reading costs the main thread half a millisecond
//! (Chromium 150), and a worker costs another process its time: more than hashing and sending what is read.

use super::callback::{defer, name_of, settle};
use js_sys::Uint8Array;
use std::{cell::RefCell, rc::Rc};
use web_sys::File;

/// Up to so many bytes are hashed on the main thread: half a millisecond on a laptop, five on a phone.
const SMALL: u64 = 256 * 1024;

type Then = Box<dyn FnOnce(Result<Uint8Array, String>)>;

/// A small file.
pub struct Small {
    file: File,
    /// Asking the file for it is not for nothing either.
    size: u64,
    content: RefCell<Content>,
}

enum Content {
    Unread,
    Reading {
        waiting: Vec<Then>,
        /// Nobody has let go of it meanwhile.
        keeps: bool,
    },
    Read(Uint8Array),
}

impl Small {
    /// `None` for one that is not.
    pub fn of(file: &File, size: u64) -> Option<Rc<Self>> {
        let content = RefCell::new(Content::Unread);
        (size <= SMALL).then(|| Rc::new(Self { file: file.clone(), size, content }))
    }

    /// All of its bytes, or the name of the exception, such as `NotReadableError`; never from inside this call.
    pub fn read(self: &Rc<Self>, then: impl FnOnce(Result<Uint8Array, String>) + 'static) {
        let mut content = self.content.borrow_mut();
        match &mut *content {
            Content::Read(bytes) => {
                let bytes = bytes.clone();
                defer(move || then(Ok(bytes)));
            }
            Content::Reading { waiting, keeps } => {
                *keeps = true;
                waiting.push(Box::new(then));
            }
            Content::Unread => {
                *content = Content::Reading { waiting: vec![Box::new(then)], keeps: true };
                let small = self.clone();
                settle(self.file.array_buffer(), move |read| {
                    let read = read.map(|buffer| Uint8Array::new(&buffer)).map_err(|thrown| name_of(&thrown));
                    small.have(read);
                });
            }
        }
    }

    fn have(&self, read: Result<Uint8Array, String>) {
        let is_whole = |bytes: &Uint8Array| u64::from(bytes.length()) == self.size;
        let read = match read {
            // A file that became shorter.
            Ok(bytes) if !is_whole(&bytes) => Err("NotReadableError".to_owned()),
            read => read,
        };
        if let Content::Reading { waiting, keeps } = self.content.replace(Content::Unread) {
            if let (Ok(bytes), true) = (&read, keeps) {
                self.content.replace(Content::Read(bytes.clone()));
            }
            waiting.into_iter().for_each(|then| then(read.clone()));
        }
    }

    /// Whether that has been done: what is on the disk does not matter any more.
    pub fn is_read(&self) -> bool {
        matches!(*self.content.borrow(), Content::Read(_))
    }

    /// Lets go of the bytes.
    pub fn forget(&self) {
        match &mut *self.content.borrow_mut() {
            Content::Reading { keeps, .. } => *keeps = false,
            content => *content = Content::Unread,
        }
    }
}

//! What happened, line by line: always hashed, kept as text only when somebody will read it.

use std::fmt::{self, Write};

pub struct Trace {
    hash: u64,
    lines: u64,
    line: String,
    kept: Option<Vec<String>>,
}

impl Trace {
    pub fn new(keep: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, lines: 0, line: String::new(), kept: keep.then(Vec::new) }
    }

    /// `time` in virtual milliseconds.
    pub fn say(&mut self, time: u64, what: fmt::Arguments<'_>) {
        self.line.clear();
        let (seconds, millis) = (time / 1000, time % 1000);
        let _ = write!(
            self.line,
            "{:3}:{:02}:{:02}.{millis:03}  {what}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        // FNV-1a.
        for byte in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        self.lines += 1;
        if let Some(kept) = &mut self.kept {
            kept.push(self.line.clone());
        }
    }

    /// Differs when anything that happened differs.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn len(&self) -> u64 {
        self.lines
    }

    pub fn lines(&self) -> &[String] {
        self.kept.as_deref().unwrap_or_default()
    }
}

/// `say!(world, "…", …)`: one line of the trace.
#[macro_export]
macro_rules! say {
    ($world:expr, $($what:tt)*) => {{
        let now = $world.agenda.now();
        $world.trace.say(now, format_args!($($what)*));
    }};
}

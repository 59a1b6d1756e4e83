//! What can go wrong, how likely each of it is in a run, and how often it did.

use crate::rng::Rng;

macro_rules! faults {
    ($($name:ident $text:literal,)*) => {
        /// One way for something to go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($name,)* }

        impl Fault {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

faults! {
    Refused "connection refused",
    ResetDuring "reset during the body",
    ResetAfter "reset after the body",
    ReplyLost "reply lost after the store acted",
    HangBefore "black hole before the body",
    HangDuring "black hole during the body",
    HangReply "black hole after the store acted",
    Slow "link slow for a while",
    Replay "browser replays a PUT",
    CorsHidden "status 0 for an error reply",
    RequestTimeout "400 RequestTimeout",
    UrlExpired "403 expired URL",
    Skewed "403 skewed clock",
    TokenExpired "expired token",
    TooSlow408 "408",
    Many429 "429",
    Many429After "429 with Retry-After",
    SlowDown503 "503",
    SlowDown503After "503 with Retry-After",
    Server500 "500",
    Gateway502 "502 with HTML",
    ErrorIn200 "200 with an error in its body",
    EmptyIn200 "200 with an empty body",
    EtagMissing "missing ETag",
    EtagWrong "wrong ETag",
    Corrupt "corrupt body stored",
    DigestRefused "body refused by its Content-MD5",
    ListShort "short part list",
    ListHoled "part list with holes",
    ListForeign "foreign parts listed",
    ListForeignSize "parts of foreign size listed",
    ListEndless "part list without end",
    SessionGone "upload id vanished",
    PartGone "stored part lost",
    PartForeign "part replaced by somebody else",
    CompletedBehind "completed behind our back",
    CompleteLost "completed, reply lost",
    CompleteLies "completed, yet 200 with an error",
    StoreDown "store down for minutes",
    BackendDown "backend down for minutes",
    Backend401 "backend answers 401",
    BackendHtml "backend answers HTML",
    SignSlow "signing slow",
    SignNever "signing never answers",
    SignExpired "signed URL already expired",
    CallbackThrows "page function throws",
    MessageTells "error message quotes a signed URL",
    Outage "no network",
    LiesOffline "offline event while online",
    LiesOnline "online event while offline",
    Sleep "laptop sleeps",
    Frozen "tab frozen",
    ClockStep "wall clock steps",
    Killed "page killed",
    BrowserKilled "browser killed, late writes lost",
    KilledAtWrite "page killed at a storage write",
    Reload "page reloaded",
    Dispose "uploader disposed",
    StorageFull "storage full",
    StorageDenied "storage denied",
    StorageCleared "storage cleared",
    StorageGarbage "storage garbled",
    StorageOlder "record of another version",
    StorageBack "storage as it was earlier",
    SecondTab "the file in another tab",
    SameTwice "the file added twice",
    TellLost "message between tabs lost",
    Paused "user pauses",
    Resumed "user resumes",
    Cancelled "user cancels",
    InListener "user acts in a listener",
    FileChanged "file changed on disk",
    FileUnreadable "file unreadable for a while",
    WorkerDied "worker died",
}

/// How likely each fault is where it can strike: once in so many, 0 for never. Differs from run to run, so that there
/// are calm runs, runs with one plague and runs with all of them.
pub struct Weather {
    once_in: Vec<u64>,
}

impl Weather {
    pub fn draw(rng: &mut Rng) -> Self {
        let storminess = rng.pick(&[0, 3, 8, 30]);
        let rate = |rng: &mut Rng| if rng.below(100) < storminess { rng.pick(&[3, 10, 40]) } else { 0 };
        Self { once_in: Fault::ALL.iter().map(|_| rate(rng)).collect() }
    }

    pub fn calm() -> Self {
        Self { once_in: vec![0; Fault::ALL.len()] }
    }

    pub fn strikes(&self, fault: Fault, rng: &mut Rng) -> bool {
        match self.once_in[fault as usize] {
            0 => false,
            times => rng.once_in(times),
        }
    }
}

/// How often each fault struck.
#[derive(Clone)]
pub struct Tally(Vec<u64>);

impl Tally {
    pub fn new() -> Self {
        Self(vec![0; Fault::ALL.len()])
    }

    pub fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, count)| *sum += count);
    }

    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (Fault, u64)> + '_ {
        Fault::ALL.iter().copied().zip(self.0.iter().copied())
    }
}

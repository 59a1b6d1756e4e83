//! Everything together: pages, network, server, store, storage, locks and the clock that moves them.

use crate::clock::Agenda;
use crate::faults::{Fault, Tally, Weather};
use crate::instance::Instance;
use crate::learning::Ledger;
use crate::locks::Locks;
use crate::model::store::{Again, FirstEtag, Flavour, Store};
use crate::network::{Doing, Request, Step};
use crate::page::{Delivery, Page, Who};
use crate::rng::Rng;
use crate::sabotage::Sabotage;
use crate::say;
use crate::storage::LocalStorage;
use crate::trace::Trace;
use crate::user::Tab;
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::companion::Companion;
use partwise::core::backend::direct::LocalSigner;
use partwise::core::config::{Config, Identity, RawOptions, Verify};
use partwise::core::plan::PartSize;
use partwise::core::schedule::Parallel;
use partwise::core::store::{Bucket, Kind, Limits};
use partwise::core::units::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// When the world begins, in milliseconds since 1970.
pub const WALL: u64 = 1_767_323_045_000;

/// Who performs what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    DirectRemote,
    DirectLocal,
    CallbacksWithObject,
    Callbacks,
    /// Uppy's: 500 for everything, own keys, form posts, no `/object`.
    PlainCompanion,
    RichCompanion,
}

/// What is fixed for a run.
#[derive(Clone)]
pub struct Settings {
    pub config: Config,
    pub way: Way,
    pub url_seconds: u64,
    /// Whether signers tell how long a signature lives.
    pub tells_life: bool,
    /// Whether the monotonic clock stops while the device sleeps.
    pub clock_sleeps: bool,
}

pub struct File {
    pub name: String,
    pub key: String,
    pub key_is_explicit: bool,
    pub modified: u64,
    pub bytes: Rc<[u8]>,
    /// What reading throws.
    pub exception: Option<&'static str>,
}

/// An object as it was stored.
pub struct Written {
    pub at: u64,
    pub bytes: Rc<[u8]>,
    /// By whom, and what it was to be; nothing that an upload has anything to do with, if `None`.
    pub meant: Option<(Who, Rc<[u8]>)>,
}

/// Something due.
pub enum Happening {
    Timer(usize),
    Deliver(Delivery),
    Net(u64, Step),
    /// A page comes to life again, of the same tab.
    Reopen(usize),
    Thaw(usize),
    Wake(u64),
    Unplug(Ending),
    FileBack(usize),
    /// A page's copy of a record reaches IndexedDB, or that one is removed, or all below a prefix.
    Copied(usize, String, Option<String>),
    /// Who waited for the network has had a second to go on.
    BackOnline(Who),
    Act,
}

/// What ends after a while.
#[derive(Clone, Copy, Debug)]
pub enum Ending {
    Outage,
    StoreDown,
    BackendDown,
}

pub struct World {
    pub settings: Settings,
    pub rng: Rng,
    pub trace: Trace,
    pub tally: Tally,
    pub weather: Weather,
    /// Nothing goes wrong any more.
    pub healed: bool,
    pub agenda: Agenda<Happening>,
    pub store: Store,
    pub storage: LocalStorage,
    /// Keys that are not ours.
    pub foreign: BTreeSet<String>,
    pub backups: Vec<BTreeMap<String, String>>,
    pub locks: Locks,
    pub pages: Vec<Page>,
    pub tabs: Vec<Tab>,
    pub files: Vec<File>,
    pub requests: BTreeMap<u64, Request>,
    pub requested: u64,
    pub outage: bool,
    /// The browser says that there is no network, in peace.
    pub lies_offline: bool,
    pub store_down: bool,
    pub backend_down: bool,
    /// A rule that is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// The device sleeps: nobody does anything.
    pub asleep: bool,
    /// All requests with file content that left.
    pub sent: Vec<Doing>,
    /// Parts that were being sent when a page last died.
    pub in_flight: u64,
    /// Times that an upload was completed whose completion has to be found out.
    pub armed: u64,
    /// Pages of part lists that the store served after the first thousand parts.
    pub second_pages: u64,
    /// Uploads that the store put together.
    pub completions: u64,
    /// Storage writes so far.
    pub writes: u64,
    /// The write before (`false`) or after (`true`) which a page dies.
    pub dies_at: Option<(u64, bool)>,
    pub instances: BTreeMap<Who, Instance>,
    /// What each session at the store is to become.
    pub contents: BTreeMap<String, Rc<[u8]>>,
    /// What was stored under each key, one after the other.
    pub written: BTreeMap<String, Vec<Written>>,
    /// Keys by session.
    pub keys: BTreeMap<String, String>,
    pub ledger: Ledger,
    /// Acts that this run's user and surroundings are capable of, and how many are left.
    pub acts: Vec<Fault>,
    pub acts_left: u64,
}

/// Bytes of a part; few, since hashing takes most of the time.
pub const PART: u64 = 16;

impl Settings {
    pub fn draw(rng: &mut Rng) -> Self {
        let limits = Limits {
            min_part: PART,
            max_part: 1 << 30,
            max_parts: 10_000,
            max_object: 1 << 40,
            auto_part: PART,
        };
        let mut config = Config::new(&RawOptions::default(), "sim".into(), limits).unwrap();
        config.part_size = PartSize::Bytes(PART);
        config.parallel = match rng.below(3) {
            0 => Parallel::Auto,
            _ => Parallel::Fixed(rng.between(1, 4) as u32),
        };
        config.verify = rng.pick(&[Verify::Etag, Verify::Etag, Verify::ContentMd5, Verify::Off]);
        config.identity = rng.pick(&[Identity::Fast, Identity::Fast, Identity::Md5]);
        config.retry_for = Millis::from_secs(rng.pick(&[30, 120, 600]));
        config.offline_timeout = rng.once_in(3).then_some(Millis::from_secs(90));
        let way = rng.pick(&[
            Way::DirectRemote,
            Way::DirectRemote,
            Way::DirectLocal,
            Way::CallbacksWithObject,
            Way::Callbacks,
            Way::PlainCompanion,
            Way::RichCompanion,
        ]);
        config.overwrite = !matches!(way, Way::DirectRemote | Way::DirectLocal) || !rng.once_in(4);
        Self {
            config,
            way,
            url_seconds: rng.pick(&[20, 900, 900]),
            tells_life: rng.once_in(2),
            clock_sleeps: rng.once_in(2),
        }
    }

    pub fn verifies(&self) -> bool {
        self.config.verify != Verify::Off
    }

    pub fn backend(&self) -> (Backend, Option<LocalSigner>) {
        match self.way {
            Way::DirectRemote => (Backend::Direct(Kind::S3), None),
            Way::DirectLocal => {
                let bucket = Bucket {
                    endpoint: Some("https://store".into()),
                    path_style: true,
                    ..Bucket::new(Kind::S3, "b", "r")
                };
                (Backend::Direct(Kind::S3), Some(LocalSigner::new(bucket)))
            }
            Way::CallbacksWithObject => {
                (Backend::Callbacks(Callbacks { has_object: true, has_batch: true, has_find: false }), None)
            }
            Way::Callbacks => {
                (Backend::Callbacks(Callbacks { has_object: false, has_batch: false, has_find: false }), None)
            }
            Way::PlainCompanion | Way::RichCompanion => (Backend::Companion(Companion::new("/s3")), None),
        }
    }
}

/// A store as no vendor runs it, perhaps.
pub fn draw_flavour(rng: &mut Rng) -> Flavour {
    Flavour {
        again: rng.pick(&[Again::Ok, Again::EmptyEtag, Again::NotFound, Again::NotFound, Again::Denied]),
        first_etag: rng.pick(&[FirstEtag::Quoted, FirstEtag::Entities, FirstEtag::Empty]),
        page: rng.pick(&[1, 2, 3, 1000]),
        min_part: if rng.once_in(20) { PART as usize + 1 } else { rng.pick(&[0, PART as usize]) },
        etags_are_md5: !rng.once_in(8),
        head_hides: rng.once_in(6),
        expired_is_400: rng.once_in(3),
        refused_spoils: rng.once_in(4),
        object_etag: None,
    }
}

impl World {
    pub fn new(settings: Settings, flavour: Flavour, weather: Weather, rng: Rng, keep_trace: bool) -> Self {
        let mut world = Self {
            settings,
            rng,
            trace: Trace::new(keep_trace),
            tally: Tally::new(),
            weather,
            healed: false,
            agenda: Agenda::new(),
            store: Store::new(flavour),
            storage: LocalStorage::new(),
            foreign: BTreeSet::new(),
            backups: Vec::new(),
            locks: Locks::default(),
            pages: Vec::new(),
            tabs: Vec::new(),
            files: Vec::new(),
            requests: BTreeMap::new(),
            requested: 0,
            outage: false,
            lies_offline: false,
            store_down: false,
            backend_down: false,
            sabotage: None,
            asleep: false,
            sent: Vec::new(),
            in_flight: 0,
            armed: 0,
            second_pages: 0,
            completions: 0,
            writes: 0,
            dies_at: None,
            instances: BTreeMap::new(),
            contents: BTreeMap::new(),
            written: BTreeMap::new(),
            keys: BTreeMap::new(),
            ledger: Ledger::default(),
            acts: Vec::new(),
            acts_left: 0,
        };
        let Settings { way, config, .. } = &world.settings;
        let settings = format!(
            "{way:?}, {:?}, {:?}, {:?}, retry for {} s, offline for {:?}",
            config.parallel,
            config.verify,
            config.identity,
            config.retry_for.0 / 1000,
            config.offline_timeout
        );
        say!(world, "{settings}, {flavour:?}");
        world
    }

    /// The store takes parts of this size and refuses to put them together, for which there is no remedy.
    pub fn is_too_small(&self, file: usize) -> bool {
        let is_multipart = self.files[file].bytes.len() as u64 > PART;
        is_multipart && self.store.flavour.min_part as u64 > PART
    }

    /// Milliseconds since 1970, as the store's clock has it.
    pub fn wall(&self) -> u64 {
        WALL + self.agenda.now()
    }

    /// Whether a fault strikes now.
    pub fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = !self.healed && self.weather.strikes(fault, &mut self.rng);
        if strikes {
            self.count(fault);
        }
        strikes
    }

    pub fn count(&mut self, fault: Fault) {
        self.tally.count(fault);
        say!(self, "! {}", fault.name());
    }

    /// The next thing that is due happens; `false` when nothing is.
    pub fn step(&mut self) -> bool {
        let Some(happening) = self.agenda.next() else { return false };
        match happening {
            Happening::Timer(page) => self.timer(page),
            Happening::Deliver(delivery) => self.deliver(delivery),
            Happening::Net(id, step) => self.net(id, step),
            Happening::Reopen(tab) => self.reopen(tab),
            Happening::Thaw(page) if self.asleep => {
                self.agenda.after(10_000, Happening::Thaw(page));
            }
            Happening::Thaw(page) => self.thaw(page),
            Happening::Wake(slept) => self.wake(slept),
            Happening::Unplug(ending) => self.ends(ending),
            Happening::FileBack(file) => self.file_back(file),
            Happening::Copied(page, key, value) if self.is_open(page) => self.storage.copy(key, value),
            Happening::Copied(..) => {}
            Happening::BackOnline(who) => self.check_back_online(who),
            Happening::Act => self.act(),
        }
        true
    }
}

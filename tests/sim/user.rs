//! The user, the browser's whims and the world's: everything that happens by itself, one act after the other.

use crate::faults::{Fault, Weather};
use crate::page::{Page, Who};
use crate::rng::Rng;
use crate::sabotage::Sabotage;
use crate::say;
use crate::world::{File, Happening, PART, World};
use partwise::core::checkpoint::PREFIX;
use partwise::core::engine::Engine;
use partwise::core::upload::{Input, State};
use std::rc::Rc;

/// A tab: pages come and go in it, and the user wants the same files in each.
pub struct Tab {
    pub page: usize,
    /// No storage for this one (cookies blocked, sandboxed).
    denied: bool,
    wants: Vec<Want>,
}

struct Want {
    file: usize,
    who: Option<Who>,
}

/// What acts can be; the other faults strike where something is under way.
const ACTS: &[(Fault, u64)] = &[
    (Fault::SecondTab, 6),
    (Fault::SameTwice, 3),
    (Fault::Paused, 6),
    (Fault::Resumed, 12),
    (Fault::Cancelled, 2),
    (Fault::Killed, 6),
    (Fault::BrowserKilled, 3),
    (Fault::Reload, 4),
    (Fault::Dispose, 3),
    (Fault::Frozen, 4),
    (Fault::Sleep, 2),
    (Fault::ClockStep, 3),
    (Fault::Outage, 5),
    (Fault::LiesOffline, 4),
    (Fault::LiesOnline, 4),
    (Fault::StoreDown, 3),
    (Fault::BackendDown, 3),
    (Fault::StorageFull, 3),
    (Fault::StorageDenied, 2),
    (Fault::StorageCleared, 2),
    (Fault::StorageGarbage, 3),
    (Fault::StorageOlder, 2),
    (Fault::StorageBack, 2),
    (Fault::FileChanged, 1),
    (Fault::FileUnreadable, 3),
    (Fault::SessionGone, 3),
    (Fault::PartGone, 4),
    (Fault::PartForeign, 4),
    (Fault::CompletedBehind, 3),
];

/// The content follows from the number alone.
pub fn content(rng: &mut Rng, small: bool) -> Rc<[u8]> {
    let long = match rng.below(1_000) {
        // More than a store lists at once.
        0..10 => 1_003 * PART,
        10..35 => 120 * PART,
        _ => 9 * PART + 1,
    };
    let all = [0, 1, PART - 1, PART, 2 * PART + 7, 4 * PART, 5 * PART + 3, 7 * PART, long];
    let len = rng.pick(if small { &all[..4] } else { &all });
    // All parts alike, and so all their ETags.
    let salt = if rng.once_in(5) { 0 } else { rng.next() | 1 };
    (0..len).map(|at| (at.wrapping_mul(salt).wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

impl World {
    /// Tabs, files, and what this run's surroundings are capable of.
    pub fn populate(&mut self, acts: u64) {
        // Those that go in one request are signed together.
        let many = self.rng.once_in(20);
        let count = if many { self.rng.between(4, 20) } else { self.rng.between(1, 4) };
        for file in 0..count {
            let mut bytes = content(&mut self.rng, many);
            if file > 0 && self.rng.once_in(6) {
                // The same content under another name.
                bytes = self.files[0].bytes.clone();
            }
            let name = format!("f{file}");
            let key_is_explicit = self.rng.once_in(3);
            // Two files may go to one key.
            let shared = self.rng.once_in(8).then(|| self.files.first().map(|first| first.key.clone()));
            let own = if key_is_explicit { format!("k{file}") } else { name.clone() };
            let key = shared.flatten().filter(|_| key_is_explicit).unwrap_or(own);
            self.make_file(File { key, name, key_is_explicit, modified: 1, bytes, exception: None });
        }
        let share = self.rng.pick(&[10, 40, 80]);
        for (act, weight) in ACTS {
            if self.rng.below(100) < share {
                self.acts.extend(std::iter::repeat_n(*act, *weight as usize));
            }
        }
        self.acts_left = acts;
        for _ in 0..self.rng.between(1, 3) {
            self.open_tab();
        }
        for file in 0..self.files.len() {
            self.want(0, file);
        }
        self.agenda.after(1, Happening::Act);
    }

    /// A file on disk. Its parts are listed by the thousand if there are so many, as real stores do.
    pub fn make_file(&mut self, file: File) {
        if file.bytes.len() as u64 > 1_000 * PART {
            self.store.flavour.page = 1_000;
            say!(self, "store: lists 1000 parts at once from now on");
        }
        self.files.push(file);
    }

    /// A tab with a page of its own.
    pub fn open_tab(&mut self) -> usize {
        let page = self.open_page(false);
        self.tabs.push(Tab { page, denied: false, wants: Vec::new() });
        page
    }

    fn open_page(&mut self, denied: bool) -> usize {
        let (backend, signer) = self.settings.backend();
        let seed = self.rng.next();
        let skew = if !self.healed && self.rng.once_in(10) { self.draw_skew() } else { 0 };
        let online = self.draw_online();
        let mut config = self.settings.config.clone();
        if self.sabotage == Some(Sabotage::GivesUpEarly) {
            config.retry_for.0 /= 4;
        }
        let engine = Engine::new(config, backend, signer, online, seed);
        self.pages.push(Page::open(engine, denied, self.agenda.now(), skew, online));
        let page = self.pages.len() - 1;
        if denied {
            self.count(Fault::StorageDenied);
        } else if self.sabotage != Some(Sabotage::CopiesForgotten) {
            match self.storage.put_back(PREFIX) {
                Ok(replaced) => self.learn_replaced(&replaced),
                Err(_) => self.lose_records(),
            }
        }
        say!(self, "page {page} opens{}", if denied { ", without storage" } else { "" });
        page
    }

    fn draw_skew(&mut self) -> i64 {
        let minutes = self.rng.pick(&[1, 10, 20, 180, 1_440]);
        let skew = minutes * 60_000;
        if self.rng.once_in(2) { skew } else { -skew }
    }

    /// The user adds a file to a tab.
    pub fn want(&mut self, tab: usize, file: usize) -> Option<Who> {
        let who = self.add_file(self.tabs[tab].page, file);
        self.tabs[tab].wants.push(Want { file, who });
        who
    }

    /// The page of a tab dies, and the user opens it again.
    pub fn kill_and_come_back(&mut self, page: usize) {
        self.kill(page);
        if let Some(tab) = self.tabs.iter().position(|tab| tab.page == page) {
            let wait = self.rng.pick(&[10, 500, 5_000, 60_000]);
            self.agenda.after(wait, Happening::Reopen(tab));
        }
    }

    /// The page lets go of its uploader and makes another, which has the same clock and the same files to send.
    pub fn dispose(&mut self, page: usize) {
        self.count(Fault::Dispose);
        self.kill(page);
        let Some(tab) = self.tabs.iter().position(|tab| tab.page == page) else { return };
        let next = self.open_page(self.tabs[tab].denied);
        let Page { behind, skew, .. } = self.pages[page];
        (self.pages[next].behind, self.pages[next].skew) = (behind, skew);
        self.add_again(tab, next);
    }

    /// A page of its own again in a tab whose page is gone, and what was unfinished is added again.
    pub fn reopen(&mut self, tab: usize) {
        if self.is_open(self.tabs[tab].page) {
            return;
        }
        if self.asleep {
            self.agenda.after(10_000, Happening::Reopen(tab));
            return;
        }
        let denied = self.tabs[tab].denied && !self.healed;
        let page = self.open_page(denied);
        self.add_again(tab, page);
    }

    fn add_again(&mut self, tab: usize, page: usize) {
        self.tabs[tab].page = page;
        for want in std::mem::take(&mut self.tabs[tab].wants) {
            let state = want.who.map(|who| self.instances[&who].state);
            if !matches!(state, Some(State::Done | State::Cancelled)) && self.is_open(self.tabs[tab].page) {
                let file = self.version_of(want.file);
                self.want(tab, file);
            }
        }
    }

    /// Of a file that was changed, what it is now.
    pub fn version_of(&self, file: usize) -> usize {
        let name = &self.files[file].name;
        self.files.iter().rposition(|other| other.name == *name).unwrap_or(file)
    }

    fn some_upload(&mut self) -> Option<Who> {
        let awake = |page: usize| self.is_open(page) && !self.pages[page].frozen;
        let open: Vec<Who> = self.instances.keys().copied().filter(|who| awake(who.page)).collect();
        self.rng.maybe_pick(&open)
    }

    fn some_page(&mut self) -> Option<usize> {
        let open: Vec<usize> =
            self.tabs.iter().map(|tab| tab.page).filter(|page| self.is_open(*page)).collect();
        self.rng.maybe_pick(&open)
    }

    pub fn some_session(&mut self) -> Option<String> {
        let alive: Vec<String> = self.store.sessions.keys().cloned().collect();
        self.rng.maybe_pick(&alive)
    }

    /// What the user says to an upload.
    pub fn say_to(&mut self, who: Who, fault: Fault) {
        self.count(fault);
        let input = match fault {
            Fault::Paused => Input::Pause,
            Fault::Cancelled => Input::Cancel,
            _ => Input::Resume,
        };
        if fault != Fault::Paused {
            self.may_begin_again(who);
        }
        if fault == Fault::Cancelled {
            self.instance(who).leaves = true;
            self.let_go(who);
        }
        say!(self, "user: {input:?} {who}");
        let now = self.page_now(who.page);
        if let Some(engine) = &mut self.pages[who.page].engine {
            engine.handle(who.upload, input, now);
        }
    }

    /// The user may act while being told something.
    pub fn react(&mut self, who: Who) {
        if !self.strikes(Fault::InListener) {
            return;
        }
        match self.rng.below(8) {
            0..3 => self.say_to(who, Fault::Paused),
            3..6 => self.say_to(who, Fault::Resumed),
            6 => self.say_to(who, Fault::Cancelled),
            _ => {
                self.dispose(who.page);
            }
        }
    }

    /// The next act; then there is another, until there have been enough.
    pub fn act(&mut self) {
        if self.acts_left == 0 {
            return;
        }
        if self.asleep {
            self.agenda.after(10_000, Happening::Act);
            return;
        }
        self.acts_left -= 1;
        if let Some(fault) = self.rng.maybe_pick(&self.acts.clone()) {
            self.act_out(fault);
        }
        if self.rng.once_in(6) {
            self.weather = Weather::draw(&mut self.rng);
        }
        let gap = self.rng.pick(&[200, 200, 200, 2_000, 2_000, 20_000, 300_000]);
        let gap = self.rng.between(1, gap);
        self.agenda.after(gap, Happening::Act);
    }

    fn act_out(&mut self, fault: Fault) {
        match fault {
            Fault::SecondTab | Fault::SameTwice => {
                let file = self.rng.below(self.files.len() as u64) as usize;
                let tab = if fault == Fault::SameTwice {
                    0
                } else {
                    self.rng.below(self.tabs.len() as u64) as usize
                };
                let page = self.tabs[tab].page;
                if self.is_open(page) && !self.pages[page].frozen && self.tabs[tab].wants.len() < 12 {
                    self.count(fault);
                    self.want(tab, self.version_of(file));
                }
            }
            Fault::Paused | Fault::Resumed | Fault::Cancelled => {
                if let Some(who) = self.some_upload() {
                    self.say_to(who, fault);
                    self.pump(who.page);
                }
            }
            Fault::Dispose => {
                if let Some(page) = self.some_page() {
                    self.dispose(page);
                }
            }
            Fault::Killed | Fault::Reload => {
                if let Some(page) = self.some_page() {
                    self.count(fault);
                    self.kill_and_come_back(page);
                    if fault == Fault::Reload {
                        let tab = self.tabs.iter().position(|tab| tab.page == page).unwrap();
                        self.reopen(tab);
                    }
                }
            }
            Fault::BrowserKilled => self.crash(),
            Fault::Frozen => {
                if let Some(page) = self.some_page() {
                    self.count(fault);
                    self.freeze(page);
                    let wait = self.rng.pick(&[100, 5_000, 60_000, 900_000]);
                    self.agenda.after(wait, Happening::Thaw(page));
                }
            }
            Fault::Sleep => self.sleep(),
            Fault::ClockStep => {
                if let Some(page) = self.some_page() {
                    self.count(fault);
                    self.pages[page].skew = self.draw_skew();
                }
            }
            Fault::Outage | Fault::StoreDown | Fault::BackendDown => self.begins(fault),
            Fault::LiesOffline | Fault::LiesOnline => {
                if let Some(page) = self.some_page() {
                    self.count(fault);
                    self.browser_says(page, fault == Fault::LiesOnline);
                }
            }
            Fault::StorageDenied => {
                let tab = self.rng.below(self.tabs.len() as u64) as usize;
                self.tabs[tab].denied = !self.tabs[tab].denied;
                if self.tabs[tab].denied && self.rng.once_in(2) {
                    self.deny_storage(self.tabs[tab].page);
                }
            }
            Fault::StorageFull
            | Fault::StorageOlder
            | Fault::StorageCleared
            | Fault::StorageGarbage
            | Fault::StorageBack => self.meddle_with_storage(fault),
            Fault::FileChanged | Fault::FileUnreadable => self.meddle_with_files(fault),
            Fault::SessionGone | Fault::PartGone | Fault::PartForeign | Fault::CompletedBehind => {
                self.meddle_with_store(fault);
            }
            other => unreachable!("{other:?} is no act"),
        }
    }
}

//! What happens around the pages without anybody wanting it: sleep, outages, lost storage, changed files, a meddled
//! store; and how all of it ends.

use crate::faults::{Fault, Weather};
use crate::learning::TAMPERS;
use crate::model::store::{Again, Flavour, Part};
use crate::page::{Delivered, Delivery, Who};
use crate::say;
use crate::user::content;
use crate::world::{Ending, File, Happening, PART, Way, World};
use partwise::core::checkpoint::PREFIX;
use partwise::core::engine::UploadId;
use partwise::core::upload::{Input, OpId};
use std::collections::BTreeMap;
use std::rc::Rc;

impl World {
    pub fn browser_says(&mut self, page: usize, online: bool) {
        let who = Who { page, upload: UploadId(0) };
        let what = Delivered::Online(online);
        self.deliver(Delivery { who, op: OpId(0), what });
    }

    pub fn sleep(&mut self) {
        self.count(Fault::Sleep);
        self.asleep = true;
        let slept = self.rng.pick(&[60_000, 1_800_000, 5 * 3_600_000]);
        for page in 0..self.pages.len() {
            if self.is_open(page) {
                self.freeze(page);
            }
        }
        self.disturb();
        self.agenda.after(slept, Happening::Wake(slept));
    }

    pub fn wake(&mut self, slept: u64) {
        say!(self, "the device wakes after {} s", slept / 1000);
        self.asleep = false;
        for page in 0..self.pages.len() {
            if self.is_open(page) && self.settings.clock_sleeps {
                self.pages[page].behind += slept;
            }
            self.thaw(page);
            self.rearm(page);
        }
    }

    /// The browser dies with all its pages, and forgets what it has not written to disk.
    pub fn crash(&mut self) {
        self.count(Fault::BrowserKilled);
        let before = self.storage.sessions();
        self.storage.crash();
        let left = self.storage.map.clone();
        let _ = self.storage.put_back(PREFIX);
        self.learn_crash(before);
        for page in 0..self.pages.len() {
            if self.is_open(page) {
                self.kill_and_come_back(page);
            }
        }
        self.storage.map = left;
    }

    pub fn begins(&mut self, fault: Fault) {
        self.count(fault);
        self.disturb();
        let ending = match fault {
            Fault::Outage => {
                self.outage = true;
                // The browser may notice, or not.
                for page in self.tabs.iter().map(|tab| tab.page).collect::<Vec<_>>() {
                    if self.rng.below(3) > 0 {
                        self.browser_says(page, false);
                    }
                }
                Ending::Outage
            }
            Fault::StoreDown => {
                self.store_down = true;
                Ending::StoreDown
            }
            _ => {
                self.backend_down = true;
                Ending::BackendDown
            }
        };
        let wait = self.rng.pick(&[500, 8_000, 120_000, 900_000]);
        self.agenda.after(wait, Happening::Unplug(ending));
    }

    pub fn ends(&mut self, ending: Ending) {
        say!(self, "{ending:?} is over");
        match ending {
            Ending::StoreDown => self.store_down = false,
            Ending::BackendDown => self.backend_down = false,
            Ending::Outage => {
                self.outage = false;
                for page in self.tabs.iter().map(|tab| tab.page).collect::<Vec<_>>() {
                    self.browser_says(page, true);
                }
            }
        }
    }

    /// From now on, and not only from the next page on.
    pub fn deny_storage(&mut self, page: usize) {
        if !self.is_open(page) {
            return;
        }
        self.count(Fault::StorageDenied);
        self.pages[page].records.deny();
        for (_, instance) in self.instances.iter_mut().filter(|(who, _)| who.page == page) {
            instance.tampered = true;
        }
    }

    pub fn meddle_with_storage(&mut self, fault: Fault) {
        let ours: Vec<String> =
            self.storage.map.keys().filter(|key| key.starts_with(PREFIX)).cloned().collect();
        let some_key = self.rng.maybe_pick(&ours);
        match (fault, &some_key) {
            // Counted where a write finds it full.
            (Fault::StorageFull, _) => {}
            (Fault::StorageGarbage | Fault::StorageOlder, None) => return,
            _ => self.count(fault),
        }
        self.backups.push(self.storage.map.clone());
        if TAMPERS.contains(&fault) {
            self.lose_records();
        }
        match fault {
            Fault::StorageFull => {
                let quotas = [0, 150, 400, usize::MAX];
                self.storage.quota = self.rng.pick(&quotas);
            }
            Fault::StorageCleared => self.storage.replace(BTreeMap::new()),
            Fault::StorageOlder => self.add_other_versions(&some_key.unwrap_or_default()),
            Fault::StorageBack => {
                let earlier = self.rng.pick(&self.backups.clone());
                self.storage.replace(earlier);
            }
            _ => self.garble_storage(some_key.unwrap_or_default()),
        }
    }

    /// The same file as another version of the library remembers it, and what is not ours at all.
    fn add_other_versions(&mut self, key: &str) {
        let value = self.storage.map[key].clone();
        for version in ["partwise/0/", "partwise/2/"] {
            let key = key.replace(PREFIX, version);
            self.foreign.insert(key.clone());
            self.storage.add(&key, &value.replace("upload=", "upload=other"));
        }
        self.foreign.insert("somebody else's".into());
        self.storage.add("somebody else's", "value");
    }

    fn garble_storage(&mut self, key: String) {
        let mut value = self.storage.map[&key].clone();
        match self.rng.below(6) {
            0 => value.clear(),
            1 => value.truncate(value.len() / 2),
            2 => value = "{\"json\":true}".into(),
            3 => value = value.replace('=', "=%zz"),
            4 => value = value.replace("part=16", self.rng.pick(&["part=8", "part=32"])).replace('A', "B"),
            _ => {
                self.storage.map.remove(&key);
                return;
            }
        }
        self.storage.map.insert(key, value);
    }

    pub fn meddle_with_files(&mut self, fault: Fault) {
        let file = self.rng.below(self.files.len() as u64) as usize;
        if self.files[file].exception.is_some() {
            return;
        }
        self.count(fault);
        if fault == Fault::FileUnreadable {
            self.files[file].exception = Some("NotFoundError");
            let wait = self.rng.pick(&[50, 5_000, 100_000]);
            self.agenda.after(wait, Happening::FileBack(file));
            return;
        }
        self.files[file].exception = Some("NotReadableError");
        let File { name, key, key_is_explicit, modified, .. } = &self.files[file];
        let (name, key, key_is_explicit, modified) =
            (name.clone(), key.clone(), *key_is_explicit, modified + 1);
        let bytes = content(&mut self.rng, false);
        self.make_file(File { name, key, key_is_explicit, modified, bytes, exception: None });
    }

    pub fn file_back(&mut self, file: usize) {
        self.files[file].exception = None;
    }

    /// Completed by somebody else with other parts, and then once more by us: only the ETag in the reply tells, and only
    /// who compares it.
    fn would_be_noticed(&self) -> bool {
        let Flavour { again, etags_are_md5, .. } = self.store.flavour;
        // Behind a backend it is not known how the store makes its ETags.
        let compares = matches!(self.settings.way, Way::DirectRemote | Way::DirectLocal);
        match again {
            Again::Ok => compares && etags_are_md5 && self.settings.verifies(),
            Again::EmptyEtag => false,
            Again::NotFound | Again::Denied => true,
        }
    }

    pub fn meddle_with_store(&mut self, fault: Fault) {
        let Some(id) = self.some_session() else { return };
        let parts: Vec<u32> = self.store.sessions[&id].parts.keys().copied().collect();
        match (fault, self.rng.maybe_pick(&parts)) {
            (Fault::SessionGone, _) => {
                self.store.sessions.remove(&id);
                self.lose_session(&id);
            }
            (Fault::CompletedBehind, Some(_)) if self.would_be_noticed() => {
                let object = self.store.complete_behind(&id);
                self.write_down(&self.keys[&id].clone(), object, None);
                self.lose_session(&id);
            }
            (Fault::PartGone, Some(part)) => {
                self.store.sessions.get_mut(&id).unwrap().parts.remove(&part);
                self.lose_part(&id, part);
            }
            (Fault::PartForeign, _) => {
                let size = self.contents[&id].len() as u64;
                let part = self.rng.between(1, size.div_ceil(PART) + 2) as u32;
                let planned = size.saturating_sub(u64::from(part - 1) * PART).min(PART);
                let len = self.rng.pick(&[8, PART, planned]);
                let bytes: Rc<[u8]> = (0..len).map(|_| self.rng.next() as u8).collect();
                self.store.sessions.get_mut(&id).unwrap().parts.insert(part, Part::new(&bytes));
                self.lose_part(&id, part);
            }
            _ => return,
        }
        self.count(fault);
        say!(self, "store: {id} was meddled with");
    }

    /// What the browser says of the network when a page asks it first.
    pub fn draw_online(&mut self) -> bool {
        let lie = if self.outage { Fault::LiesOnline } else { Fault::LiesOffline };
        if !self.healed && self.acts.contains(&lie) && self.rng.once_in(6) {
            self.count(lie);
            return self.outage;
        }
        !self.outage && !self.lies_offline
    }

    /// From now on nothing goes wrong, and nobody holds anything back.
    pub fn heal(&mut self) {
        say!(self, "all is well from here on");
        self.healed = true;
        self.weather = Weather::calm();
        (self.outage, self.store_down, self.backend_down) = (false, false, false);
        self.storage.quota = usize::MAX;
        for file in &mut self.files {
            file.exception = file.exception.filter(|exception| *exception == "NotReadableError");
        }
        // Not even then has the browser to be right: the engine tries once in a while, and finds out.
        self.lies_offline = self.rng.once_in(3);
        for tab in 0..self.tabs.len() {
            let page = self.tabs[tab].page;
            self.pages[page].skew = 0;
            self.thaw(page);
            self.reopen(tab);
            self.browser_says(self.tabs[tab].page, !self.lies_offline);
        }
        let waiting: Vec<Who> = self.instances.keys().copied().filter(|who| self.is_open(who.page)).collect();
        for who in waiting {
            // Who pauses while it completes does not see it paused.
            if !self.instances[&who].state.is_final() {
                self.tell(who, Input::Resume);
            }
        }
    }
}

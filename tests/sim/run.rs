//! One run: a seed, a world, some time of trouble, then peace, in which everything must come to its end.

use crate::faults::{Fault, Tally, Weather};
use crate::learning::TAMPERS;
use crate::page::Who;
use crate::rng::Rng;
use crate::sabotage::Sabotage;
use crate::say;
use crate::world::{PART, Settings, Way, World, draw_flavour};
use partwise::core::checkpoint::{PREFIX, headers};
use partwise::core::error::Code;
use partwise::core::upload::{Input, State};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Virtual milliseconds in which everything must have ended in peace, besides the time for which the engine may retry:
/// the longest `Retry-After` that is honoured, requests that still hang, and what was scheduled before.
const PATIENCE: u64 = 15 * 60_000;
/// The same for each part of each upload: some are hashed slowly, and all may be sent one after another.
const PATIENCE_PER_PART: u64 = 2_000;
/// So many things happen in no run that ends.
const MOST_STEPS: u64 = 400_000;
/// What came of a run.
pub struct Report {
    pub hash: u64,
    pub lines: u64,
    /// Virtual milliseconds.
    pub time: u64,
    pub tally: Tally,
    pub uploads: u64,
    /// Completions that must not be repeated.
    pub armed: u64,
    /// Pages of part lists that the store served after the first thousand parts.
    pub second_pages: u64,
    /// What did not hold.
    pub failure: Option<String>,
    pub trace: Vec<String>,
}

/// Runs one seed.
pub fn run(seed: u64, keep_trace: bool) -> Report {
    run_with(seed, keep_trace, None)
}

/// Runs one seed in a world that breaks a rule.
pub fn run_sabotaged(seed: u64, sabotage: Sabotage) -> Report {
    run_with(seed, false, Some(sabotage))
}

fn run_with(seed: u64, keep_trace: bool, sabotage: Option<Sabotage>) -> Report {
    let mut rng = Rng(seed);
    let settings = Settings::draw(&mut rng);
    let mut flavour = draw_flavour(&mut rng);
    if settings.way == Way::PlainCompanion {
        // It says 500 to parts that are too small, and is believed for as long as the engine may retry, each time.
        flavour.min_part = flavour.min_part.min(PART as usize);
        // Nor does it tell that a part is spoiled, which a list of parts does not show.
        flavour.refused_spoils = false;
    }
    let weather = Weather::draw(&mut rng);
    let acts = rng.below(60);
    let mut world = World::new(settings, flavour, weather, rng, keep_trace);
    world.sabotage = sabotage;
    report(&mut world, |world| {
        world.populate(acts);
        world.live();
    })
}

/// Lets a world live, and catches what does not hold.
pub fn report(world: &mut World, live: impl FnOnce(&mut World)) -> Report {
    let failure = catch_unwind(AssertUnwindSafe(|| live(world))).err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into())).unwrap_or_default()
    });
    Report {
        hash: world.trace.hash(),
        lines: world.trace.len(),
        time: world.agenda.now(),
        tally: world.tally.clone(),
        uploads: world.instances.len() as u64,
        armed: world.armed,
        second_pages: world.second_pages,
        failure,
        trace: world.trace.lines().to_vec(),
    }
}

impl World {
    /// Trouble while there are acts left, then peace until the end.
    pub fn live(&mut self) {
        let mut steps = 0;
        while (self.acts_left > 0 || self.asleep) && self.step() {
            steps += 1;
            assert!(steps < MOST_STEPS, "it goes round in circles");
        }
        self.heal();
        self.settle(&mut steps);
        // What trouble still made fail, the user tries again; from then on nothing fails that can be done.
        self.tell_failed(|| Input::Resume);
        self.settle(&mut steps);
        for who in self.in_state(State::Failed) {
            self.check_hopeless(who);
        }
        self.tell_failed(|| Input::Cancel);
        self.settle(&mut steps);
        self.discard_rest();
        self.settle(&mut steps);
        self.end();
    }

    /// Until nothing is left to happen.
    fn settle(&mut self, steps: &mut u64) {
        let since = self.agenda.now();
        let open = self.instances.iter().filter(|(who, _)| self.is_open(who.page));
        let parts: u64 = open.map(|(_, of)| self.files[of.file].bytes.len() as u64 / PART).sum();
        let patience = PATIENCE + self.settings.config.retry_for.0 + PATIENCE_PER_PART * parts;
        while self.step() {
            *steps += 1;
            assert!(*steps < MOST_STEPS, "it goes round in circles");
            assert!(self.agenda.now() - since < patience, "it does not end");
        }
    }

    fn in_state(&self, state: State) -> Vec<Who> {
        let open = self.instances.iter().filter(|(who, _)| self.is_open(who.page));
        open.filter(|(_, instance)| instance.state == state).map(|(who, _)| *who).collect()
    }

    fn tell_failed(&mut self, input: fn() -> Input) {
        for who in self.in_state(State::Failed) {
            self.may_begin_again(who);
            self.tell(who, input());
        }
    }

    /// Only what is gone for good may fail in peace.
    fn check_hopeless(&self, who: Who) {
        let instance = &self.instances[&who];
        let (file, code) = (&self.files[instance.file], instance.last_code);
        let is_refused =
            self.is_too_small(instance.file) && matches!(code, Some(Code::Store | Code::Backend));
        let engine = self.pages[who.page].engine.as_ref();
        let key =
            engine.and_then(|engine| engine.upload(who.upload)).map(|upload| upload.target().key.as_str());
        let is_taken =
            code == Some(Code::Exists) && key.is_some_and(|key| self.store.objects.contains_key(key));
        let is_changed = code == Some(Code::FileChanged) && file.exception.is_some();
        let is_hopeless = is_changed || is_refused || is_taken;
        assert!(is_hopeless, "{who}: {} has failed in peace, {code:?}", file.name);
    }

    /// What is still remembered, the user has removed.
    fn discard_rest(&mut self) {
        let page = self.open_tab();
        let records: Vec<_> = self.pages[page].records.load(&self.storage, PREFIX);
        for (header, _) in headers(&records) {
            let now = self.page_now(page);
            let Some(engine) = &mut self.pages[page].engine else { return };
            if let Some(upload) = engine.discard(&header, now) {
                let file = self.files.iter().rposition(|file| file.name == header.name).unwrap_or(0);
                let who = Who { page, upload };
                say!(self, "user: discards {} as {who}", header.name);
                self.begin_instance(who, file);
                self.instance(who).only_discards = true;
                self.instance(who).lock = Some(format!("partwise/{}", header.fingerprint.as_str()));
                self.pump(page);
            }
        }
    }

    /// What must hold once nothing is left to happen.
    fn end(&mut self) {
        for (who, instance) in self.instances.iter().filter(|(who, _)| self.is_open(who.page)) {
            let file = &self.files[instance.file];
            let state = instance.state;
            let ends = match state {
                State::Done => instance.result.is_some(),
                State::Cancelled => true,
                // Companion does not tell an upload that is gone from one it cannot remove.
                State::Failed => instance.only_discards && self.settings.way == Way::PlainCompanion,
                _ => false,
            };
            let code = instance.last_code;
            assert!(ends, "{who}: {} is {state:?} in the end, {code:?}", file.name);
        }
        for (who, page) in self.pages.iter().enumerate().filter(|(_, page)| page.engine.is_some()) {
            assert_eq!(self.locks.of_page(who), [], "locks of page {who} after the end");
            let engine = page.engine.as_ref().unwrap();
            assert_eq!(engine.poll_timeout(page.now(self.agenda.now())), None, "a timer after the end");
            assert!(page.running.is_empty(), "something runs after the end");
        }
        self.check_left_overs();
    }

    fn check_left_overs(&self) {
        let left: Vec<_> =
            self.store.sessions.keys().filter(|id| !self.ledger.orphans.contains(*id)).collect();
        assert!(left.is_empty(), "left at the store, though it would have let us delete it: {left:?}");
        // Parts without a header go when the next upload looks for its own.
        let is_header = |key: &&String| key.starts_with(PREFIX) && key.ends_with("/head");
        let ours: Vec<_> = self.storage.map.keys().filter(is_header).collect();
        // Companion does not tell an upload that is gone from one it cannot remove; its record stays until it expires.
        let tampered = TAMPERS.iter().any(|fault| self.tally.of(*fault) > 0);
        let may_stay = self.settings.way == Way::PlainCompanion || tampered;
        assert!(ours.is_empty() || may_stay, "left in the storage: {ours:?}");
        let meddled = self.tally.of(Fault::StorageCleared) + self.tally.of(Fault::StorageBack) > 0;
        let all_there = self.foreign.iter().all(|key| self.storage.map.contains_key(key));
        assert!(meddled || all_there, "removed what is not ours");
    }
}

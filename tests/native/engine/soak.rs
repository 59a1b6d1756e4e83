//! Thousands of short lives with random faults, pauses, resumes, cancels and reloads. Each ends with everything healed
//! and resumed, and must then come to rest, whole, within bounded virtual time. `PARTWISE_SIM_SEED` repeats one run,
//! `PARTWISE_SIM_RUNS` sets how many there are.

use super::world::{Rng, Trouble, World, config};
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::direct::LocalSigner;
use partwise::core::config::{Config, Identity, Verify};
use partwise::core::engine::UploadId;
use partwise::core::plan::PartSize;
use partwise::core::schedule::Parallel;
use partwise::core::store::s3::Bucket;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, Input, State};
use std::collections::BTreeMap;

/// Default number of runs: a few seconds.
const RUNS: u64 = 2000;
/// Bytes of a part; few, since hashing takes most of the time.
const PART: u64 = 16;
/// Virtual time in which everything must have ended once the world is healed.
const PATIENCE: Millis = Millis::from_secs(3600);

#[test]
fn whatever_happens_every_upload_ends_and_what_is_done_is_whole() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("PARTWISE_SIM_SEED") {
        Some(seed) => run(seed),
        None => (0..number("PARTWISE_SIM_RUNS").unwrap_or(RUNS)).for_each(run),
    }
}

/// Says how to repeat a run that panics.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with PARTWISE_SIM_SEED={}", self.0);
        }
    }
}

fn run(seed: u64) {
    let _replay = Replay(seed);
    let mut rng = Rng(seed);
    let mut life = Life::begin(&mut rng);
    for _ in 0..rng.below(120) {
        life.something_happens(&mut rng);
        life.watch();
    }
    life.heal();
    life.end();
}

/// The content of a file follows from its number alone; so the same number is the same file.
fn content(file: u64) -> Vec<u8> {
    let len = [0, 1, PART - 1, PART, 2 * PART + 7, 4 * PART, 9 * PART + 1][(file % 7) as usize];
    (0..len).map(|i| ((i + 7919 * file).wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

/// What an upload has told so far.
#[derive(Default)]
struct Told {
    state: Option<State>,
    loaded: u64,
    /// Where the object is: with `hash: 'md5'` not always where it was asked for.
    key: String,
}

struct Life {
    world: World,
    config: Config,
    /// Of this page.
    uploads: BTreeMap<UploadId, u64>,
    told: BTreeMap<UploadId, Told>,
    seen: usize,
    most: usize,
    way: u64,
    /// Cancelling leaves what an upload had not yet taken over.
    cancelled: bool,
}

fn settings(rng: &mut Rng) -> Config {
    let mut config = config();
    config.part_size = PartSize::Bytes(PART);
    config.parallel = match rng.below(3) {
        0 => Parallel::Auto,
        _ => Parallel::Fixed(1 + rng.below(4) as u32),
    };
    config.verify = *rng.pick(&[Verify::Etag, Verify::ContentMd5, Verify::Off]).unwrap();
    config.identity = *rng.pick(&[Identity::Fast, Identity::Md5]).unwrap();
    config.retry_for = Millis::from_secs(60);
    config.offline_timeout = rng.once_in(3).then_some(Millis::from_secs(90));
    config
}

/// One of the four ways of uploading.
fn backend(way: u64) -> (Backend, Option<LocalSigner>) {
    let bucket = Bucket {
        endpoint: Some("https://store".into()),
        bucket: "b".into(),
        region: "r".into(),
        path_style: true,
    };
    match way {
        0 => (Backend::Direct, None),
        1 => (Backend::Direct, Some(LocalSigner::new(bucket))),
        _ => (Backend::Callbacks(Callbacks { has_object: way == 2 }), None),
    }
}

impl Life {
    fn begin(rng: &mut Rng) -> Self {
        let config = settings(rng);
        let way = rng.below(4);
        let (backend, signer) = backend(way);
        let mut world = World::with(config.clone(), backend, signer);
        world.now.mono = Instant(rng.below(86_400_000));
        world.shuffle = Some(Rng(rng.next()));
        world.remote_signing = rng.once_in(2);
        let mut life = Self {
            world,
            most: match config.parallel {
                Parallel::Auto => 5,
                Parallel::Fixed(count) => count as usize,
            },
            config,
            uploads: BTreeMap::new(),
            told: BTreeMap::new(),
            seen: 0,
            way,
            cancelled: false,
        };
        for _ in 0..=rng.below(4) {
            life.add(rng.below(14));
        }
        life
    }

    fn add(&mut self, file: u64) {
        let id = self.world.add(&format!("f{file}"), content(file));
        self.uploads.insert(id, file);
    }

    fn something_happens(&mut self, rng: &mut Rng) {
        let ids: Vec<UploadId> = self.uploads.keys().copied().collect();
        let any = rng.pick(&ids).copied();
        match (rng.below(100), any) {
            (0..70, _) => {
                for _ in 0..=rng.below(6) {
                    self.world.collect();
                    self.world.step();
                    self.watch();
                }
            }
            (70..79, _) => self.trouble(rng),
            (79..82, Some(id)) => self.world.tell(id, Input::Pause),
            (82..86, Some(id)) => self.world.tell(id, Input::Resume),
            (86, Some(id)) => {
                self.cancelled = true;
                self.world.tell(id, Input::Cancel);
            }
            (87, _) => self.world.network = !self.world.network,
            (88..90, _) => {
                let online = rng.once_in(2);
                self.world.online(online);
            }
            (90, _) => self.add(rng.below(14)),
            (91, _) => {
                let exception = rng.pick(&[None, Some("NotReadableError"), Some("NotFoundError")]);
                self.world.file_exception = exception.copied().flatten().map(Into::into);
            }
            (92, _) => self.world.store.sessions.clear(),
            (93, _) => {
                if let Some(session) = self.world.store.sessions.values_mut().next() {
                    session.parts.pop_first();
                }
            }
            (94..96, _) => self.reload(),
            (96, Some(id)) => self.world.tell(id, Input::StorageFault { full: rng.once_in(2) }),
            (97, Some(id)) if matches!(self.world.state(id), State::Done | State::Cancelled) => {
                self.world.engine.remove(id);
            }
            _ => {
                let wait = rng.below(200_000);
                self.world.pass(wait);
                self.world.engine.tick(self.world.now);
            }
        }
        self.world.collect();
    }

    fn trouble(&mut self, rng: &mut Rng) {
        let to = ["PUT", "create", "list", "complete", "abort", "head", "sign", "credentials"];
        let what = [
            Trouble::Network,
            Trouble::ReplyLost,
            Trouble::Silence,
            Trouble::Corrupt,
            Trouble::Throws("no"),
            Trouble::Reply(500, "InternalError"),
            Trouble::Reply(503, "SlowDown"),
            Trouble::Reply(403, "AccessDenied"),
            Trouble::Reply(403, "ExpiredToken"),
            Trouble::Reply(404, "NoSuchUpload"),
            Trouble::Reply(404, ""),
            Trouble::Reply(400, "InvalidPart"),
            Trouble::Reply(400, "Whatever"),
            Trouble::Reply(200, "InternalError"),
        ];
        let (to, what) = (rng.pick(&to).unwrap(), rng.pick(&what).unwrap());
        let times = 1 + rng.below(7) as usize;
        match (what, self.config.verify) {
            // Nobody notices damage that is not looked for.
            (Trouble::Corrupt, Verify::Off) => {}
            // Of an object it would stay when the upload is cancelled then.
            (Trouble::Corrupt, _) => self.world.trouble("PUT 1", times, Trouble::Corrupt),
            (what, _) => self.world.trouble(to, times, what.clone()),
        }
    }

    /// The page goes away at any moment, and the next one adds the same files.
    fn reload(&mut self) {
        let (backend, signer) = backend(self.way);
        let empty = World::with(self.config.clone(), Backend::Direct, None);
        let old = std::mem::replace(&mut self.world, empty);
        self.world = old.reopen(self.config.clone(), backend, signer);
        self.told.clear();
        self.seen = 0;
        for file in std::mem::take(&mut self.uploads).into_values() {
            self.add(file);
        }
    }

    /// What must hold at every moment.
    fn watch(&mut self) {
        self.world.collect();
        let engine = &self.world.engine;
        let held: usize =
            self.uploads.keys().filter_map(|id| engine.upload(*id)).map(|upload| upload.held_slots()).sum();
        assert_eq!(engine.held_slots(), held, "slots in use and slots that uploads hold");
        assert!(held <= self.most, "{held} slots of {}", self.most);
        for (id, event) in self.world.events.iter().skip(self.seen) {
            let told = self.told.entry(*id).or_default();
            let is_over = matches!(told.state, Some(State::Done | State::Cancelled));
            match event {
                Event::State { state, previous } => {
                    assert_eq!(told.state.unwrap_or(State::Queued), *previous);
                    assert!(!is_over, "{state:?} after {previous:?}");
                    told.state = Some(*state);
                }
                Event::Progress(progress) => {
                    assert!(progress.loaded >= told.loaded, "progress fell");
                    assert!(progress.loaded <= progress.total);
                    told.loaded = progress.loaded;
                }
                Event::Done(result) => {
                    assert_eq!(told.state, Some(State::Done));
                    told.key.clone_from(&result.key);
                }
                Event::Failed(_) => assert_eq!(told.state, Some(State::Failed)),
                Event::Warning { .. } => {}
                _ => assert!(!is_over, "{event:?} after the end"),
            }
        }
        self.seen = self.world.events.len();
    }

    /// From now on nothing goes wrong, and nobody holds anything back.
    fn heal(&mut self) {
        self.world.network = true;
        self.world.file_exception = None;
        self.world.troubles.clear();
        self.world.online(true);
        for id in self.uploads.keys().copied().collect::<Vec<_>>() {
            self.world.tell(id, Input::Resume);
        }
    }

    fn end(&mut self) {
        let healed = self.world.now.mono;
        let mut resumed = false;
        loop {
            self.world.collect();
            self.watch();
            if self.world.step() {
                assert!(self.world.now.mono.since(healed) < PATIENCE, "it does not end");
                continue;
            }
            // What was on its way when the world was healed may still have failed.
            if std::mem::replace(&mut resumed, true) {
                break;
            }
            self.heal();
        }
        for (id, file) in &self.uploads {
            let told = self.told.entry(*id).or_default();
            let state = told.state.unwrap_or(State::Queued);
            let last = self.world.events.iter().rfind(|(of, _)| of == id);
            assert!(matches!(state, State::Done | State::Cancelled), "f{file} is {state:?}: {last:?}");
            assert!(self.world.engine.upload(*id).is_none_or(|upload| upload.state() == state));
            let whole = self.world.store.object(&told.key) == Some(&content(*file));
            assert!(state != State::Done || whole, "f{file} is not whole");
        }
        assert_eq!(self.world.locks(), 0, "locks held after the end");
        assert_eq!(self.world.engine.held_slots(), 0);
        assert!(self.cancelled || self.world.storage.is_empty(), "records left: {:?}", self.world.storage);
        assert_eq!(self.world.engine.poll_timeout(self.world.now), None, "a timer after the end");
    }
}

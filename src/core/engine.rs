//! All uploads of one uploader: who may begin, who gets the next slot, and the signing with credentials they share.
//!
//! Like [`Upload`] it performs nothing: the shell calls a method with the time, then drains [`Engine::poll_action`] and
//! [`Engine::poll_event`] and comes back at [`Engine::poll_timeout`].

mod objects;

use super::backend::direct::LocalSigner;
use super::backend::{Backend, Step, StepReply, Target};
use super::checkpoint::Header;
use super::config::Config;
use super::error::UploadError;
use super::http::{HttpRequest, NoReply};
use super::retry::{Fault, Worked};
use super::schedule::{Pool, SlotEnd, fairest};
use super::sign::Credentials;
use super::store::StoreRequest;
use super::units::{Instant, Now, UnixMillis};
use super::upload::{Action, Event, Input, OpId, State, Upload};
use objects::Objects;
use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Names one upload within an engine; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UploadId(pub u64);

/// What the shell has to do.
#[derive(Debug)]
pub enum Work {
    /// Something for one upload.
    Upload(UploadId, Action),
    /// Ask the page for credentials: [`Engine::credentials`].
    FetchCredentials,
    /// Call the page's server for several uploads: [`Engine::objects`], with this number. An earlier call is of no use any more.
    AskObjects(u64, HttpRequest),
}

/// Credentials from the page and when they end, or what its function threw.
pub type CredentialsReply = Result<(Credentials, Option<UnixMillis>), Fault>;

struct Entry {
    id: UploadId,
    /// Thousands of them may stand in one list.
    upload: Box<Upload>,
}

struct WaitingSign {
    id: UploadId,
    op: OpId,
    request: StoreRequest,
}

/// All uploads of one uploader.
pub struct Engine {
    config: Rc<Config>,
    backend: Rc<Backend>,
    worked: Rc<Cell<Worked>>,
    objects: Objects,
    signer: Option<LocalSigner>,
    waiting_signs: Vec<WaitingSign>,
    /// When the page was asked for credentials that it has not given yet.
    asked: Option<Instant>,
    /// Oldest first.
    uploads: Vec<Entry>,
    /// Those that have begun and not ended: of thousands only they have to be looked at again and again.
    live: Vec<UploadId>,
    /// None before it waits for its turn.
    next_to_admit: UploadId,
    pool: Pool,
    last_served: usize,
    online: bool,
    seed: u64,
    next_id: u64,
    work: VecDeque<Work>,
    events: VecDeque<(UploadId, Event)>,
}

impl Engine {
    /// `signer` is for a [`Backend::Direct`] that signs with the page's credentials. `seed` feeds back-off.
    pub fn new(
        config: Config,
        backend: Backend,
        signer: Option<LocalSigner>,
        online: bool,
        seed: u64,
    ) -> Self {
        Self {
            pool: Pool::new(config.parallel, config.limits.auto_part),
            config: Rc::new(config),
            backend: Rc::new(backend),
            worked: Rc::default(),
            objects: Objects::new(),
            signer,
            waiting_signs: Vec::new(),
            asked: None,
            uploads: Vec::new(),
            live: Vec::new(),
            next_to_admit: UploadId(0),
            last_served: 0,
            online,
            seed,
            next_id: 0,
            work: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The options in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether objects get exactly the key asked for.
    pub fn keeps_keys(&self) -> bool {
        self.backend.keeps_keys()
    }

    /// Whether [`Target::path`] goes anywhere.
    pub fn tells_paths(&self) -> bool {
        self.backend.as_form().is_some()
    }

    /// Takes a file on.
    ///
    /// # Errors
    /// `too-large` for what the store cannot hold.
    pub fn add(&mut self, target: Target, now: Now) -> Result<UploadId, UploadError> {
        let (config, backend) = (self.config.clone(), self.backend.clone());
        let upload = Upload::new(config, backend, target, self.online, self.next_seed(), now)?
            .sharing(self.worked.clone());
        let id = self.insert(upload);
        self.turn(id, now);
        Ok(id)
    }

    /// Removes an unfinished upload of an earlier page; `None` if its record makes no sense.
    pub fn discard(&mut self, header: &Header, now: Now) -> Option<UploadId> {
        let (config, backend) = (self.config.clone(), self.backend.clone());
        let upload =
            Upload::discarding(config, backend, header, self.next_seed())?.sharing(self.worked.clone());
        let id = self.insert(upload);
        self.handle(id, Input::Cancel, now);
        Some(id)
    }

    fn next_seed(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.seed
    }

    fn insert(&mut self, upload: Upload) -> UploadId {
        self.next_id += 1;
        let id = UploadId(self.next_id);
        self.uploads.push(Entry { id, upload: Box::new(upload) });
        id
    }

    /// Lets go of an upload that has ended.
    pub fn remove(&mut self, id: UploadId) {
        if let Some(index) = self.position(id)
            && self.state(id).is_final()
        {
            self.uploads.remove(index);
        }
    }

    /// One upload, to look at.
    pub fn upload(&self, id: UploadId) -> Option<&Upload> {
        self.position(id).and_then(|at| self.uploads.get(at)).map(|entry| &*entry.upload)
    }

    fn upload_mut(&mut self, id: UploadId) -> Option<&mut Upload> {
        self.position(id).and_then(|at| self.uploads.get_mut(at)).map(|entry| &mut *entry.upload)
    }

    /// Those that have begun and not ended.
    fn living(&self) -> impl Iterator<Item = (UploadId, &Upload)> {
        self.live.iter().filter_map(|id| Some((*id, self.upload(*id)?)))
    }

    /// Tells one upload something.
    pub fn handle(&mut self, id: UploadId, input: Input, now: Now) {
        if let Some(upload) = self.upload_mut(id) {
            upload.handle(input, now);
            self.turn(id, now);
        }
    }

    /// Ids only grow, and so stand in order.
    fn position(&self, id: UploadId) -> Option<usize> {
        self.uploads.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    /// The browser's opinion on being online.
    pub fn tell_online(&mut self, online: bool, now: Now) {
        self.online = online;
        if online {
            self.pool.link_works();
        }
        for index in 0..self.uploads.len() {
            if let Some(entry) = self.uploads.get_mut(index) {
                entry.upload.tell_online(online, now);
                let id = entry.id;
                self.drain(id, now);
            }
        }
        self.admit(now);
        self.hand_out_slots(now);
    }

    /// [`Engine::poll_timeout`] has come.
    pub fn tick(&mut self, now: Now) {
        for id in self.live.clone() {
            if let Some(upload) = self.upload_mut(id)
                && upload.poll_timeout().is_some_and(|due| due <= now.mono)
            {
                upload.handle(Input::Tick, now);
                self.drain(id, now);
            }
        }
        self.admit(now);
        self.hand_out_slots(now);
    }

    /// What came of [`Work::FetchCredentials`]: one answer for all that wait.
    pub fn credentials(&mut self, reply: CredentialsReply, now: Now) {
        self.asked = None;
        let fault = match (reply, &mut self.signer) {
            (Ok((credentials, expiration)), Some(signer)) => {
                signer.set(credentials, expiration, now);
                None
            }
            (Err(fault), _) => Some(fault),
            (Ok(_), None) => Some(Fault::NoReply(NoReply::Aborted)),
        };
        for waiting in std::mem::take(&mut self.waiting_signs) {
            let url = self.signer.as_ref().and_then(|signer| signer.sign(&waiting.request, now));
            let result = match (&fault, url) {
                (Some(fault), _) => Err(fault.clone()),
                (None, Some(url)) => Ok(StepReply::Signed(url)),
                (None, None) => Err(Fault::Page {
                    status: None,
                    message: "store.credentials gave credentials that end within a minute".into(),
                    cause: None,
                }),
            };
            self.handle(waiting.id, Input::Replied(waiting.op, result), now);
        }
    }

    /// The next thing to do; ask until `None`.
    pub fn poll_action(&mut self) -> Option<Work> {
        if self.work.is_empty() {
            self.ask_ahead();
        }
        self.work.pop_front()
    }

    /// The next thing to tell the page; ask until `None`.
    pub fn poll_event(&mut self) -> Option<(UploadId, Event)> {
        self.events.pop_front()
    }

    /// When [`Engine::tick`] is due.
    pub fn poll_timeout(&self, now: Now) -> Option<Instant> {
        let uploads = self.living().filter_map(|(_, upload)| upload.poll_timeout());
        let waits = || self.living().any(|(_, upload)| upload.wanted_slots(now) > 0);
        uploads.chain(self.pool.wake_at(now.mono).filter(|_| waits())).min()
    }

    /// After anything happened: collect what it led to, let the next ones begin, hand out free slots.
    fn turn(&mut self, id: UploadId, now: Now) {
        self.drain(id, now);
        self.admit(now);
        self.hand_out_slots(now);
    }

    /// As many uploads as there are places are under way; the others wait their turn.
    fn admit(&mut self, now: Now) {
        let mut index = self.uploads.partition_point(|entry| entry.id < self.next_to_admit);
        while let Some(entry) = self.uploads.get(index) {
            // Counted anew each time: what one of them leads to may admit others.
            let under_way = self.living().filter(|(_, upload)| upload.is_under_way()).count();
            if under_way >= self.pool.places() {
                return;
            }
            let id = entry.id;
            self.next_to_admit = UploadId(id.0 + 1);
            if let Some(upload) = self.upload_mut(id).filter(|upload| upload.wants_admission()) {
                upload.handle(Input::Admitted, now);
                self.drain(id, now);
            }
            index += 1;
        }
    }

    fn hand_out_slots(&mut self, now: Now) {
        while self.has_free_slot(now) {
            let wants = self.wanting(now);
            let Some(next) = fairest(&wants, self.last_served) else { return };
            self.last_served = next;
            let id = UploadId(next as u64);
            if !self.upload_mut(id).is_some_and(|upload| upload.grant(now)) {
                return;
            }
            self.pool.take();
            self.drain(id, now);
        }
    }

    /// The oldest uploads that want slots, as many as may share them: how many they want, and how many they hold.
    fn wanting(&self, now: Now) -> Vec<(usize, usize, usize)> {
        let mut wants = Vec::new();
        let mut shared = 0;
        for (id, upload) in self.living().filter(|(_, upload)| upload.is_under_way()) {
            let wanted = upload.wanted_slots(now);
            if wanted > 0 && shared < self.pool.shared() {
                shared += self.pool.share(upload.target().file.size);
                wants.push((id.0 as usize, wanted, upload.held_slots()));
            }
        }
        wants
    }

    /// Collects what one upload wants, keeping to itself what it can do itself.
    fn drain(&mut self, id: UploadId, now: Now) {
        self.note(id);
        if let Some(movement) = self.upload_mut(id).and_then(Upload::poll_movement) {
            let moving = self.living().map(|(_, upload)| upload.moving(now)).sum();
            self.pool.moved(moving, movement, now.mono);
        }
        let Some(index) = self.position(id) else { return };
        let Some(entry) = self.uploads.get_mut(index) else { return };
        let mut got_through = false;
        while let Some(end) = entry.upload.poll_slot_end() {
            got_through |= matches!(end, SlotEnd::Done { .. });
            self.pool.give_back(end, now.mono);
        }
        while let Some(event) = entry.upload.poll_event() {
            self.events.push_back((id, event));
        }
        let (mut signs, mut early) = (Vec::new(), Vec::new());
        while let Some(action) = entry.upload.poll_action() {
            match (action, &mut self.signer) {
                (Action::Perform(op, Step::Sign(request)), Some(_)) => signs.push((op, request)),
                (Action::Perform(op, Step::Object(request)), _) => match self.objects.take(id, now) {
                    Some(reply) => early.push((op, reply)),
                    None => {
                        let alone = Action::Perform(op, Step::Backend(request));
                        self.work.push_back(Work::Upload(id, alone));
                    }
                },
                (Action::SetClock(time), Some(signer)) => signer.set_clock(time, now),
                (Action::DropCredentials(since), Some(signer)) => signer.forget(since),
                (Action::SetClock(_) | Action::DropCredentials(_), None) => {}
                (Action::Drop(op), _) => {
                    signs.retain(|(waiting, _)| *waiting != op);
                    early.retain(|(waiting, _)| *waiting != op);
                    self.waiting_signs.retain(|waiting| waiting.id != id || waiting.op != op);
                    self.work.push_back(Work::Upload(id, Action::Drop(op)));
                }
                (action, _) => self.work.push_back(Work::Upload(id, action)),
            }
        }
        if got_through {
            for id in self.live.clone() {
                if let Some(upload) = self.upload_mut(id) {
                    upload.link_works(now);
                }
            }
        }
        for (op, request) in signs {
            self.sign(id, op, request, now);
        }
        for (op, reply) in early {
            self.handle(id, Input::Replied(op, Ok(StepReply::Http(reply))), now);
        }
    }

    /// Keeps in mind whether it is one of those to look at, and whether it waits for its turn.
    fn note(&mut self, id: UploadId) {
        let Some(upload) = self.upload(id) else { return };
        let is_live = upload.is_live();
        if upload.wants_admission() {
            self.next_to_admit = self.next_to_admit.min(id);
        }
        match (self.live.binary_search(&id), is_live) {
            (Err(at), true) => self.live.insert(at, id),
            (Ok(at), false) => drop(self.live.remove(at)),
            _ => {}
        }
    }

    fn sign(&mut self, id: UploadId, op: OpId, request: StoreRequest, now: Now) {
        match self.signer.as_ref().and_then(|signer| signer.sign(&request, now)) {
            Some(url) => self.handle(id, Input::Replied(op, Ok(StepReply::Signed(url))), now),
            None => {
                self.waiting_signs.push(WaitingSign { id, op, request });
                // A page that has not answered for so long will not answer any more.
                let patience = self.config.stall_timeout;
                if self.asked.is_none_or(|at| now.mono.since(at) >= patience) {
                    self.asked = Some(now.mono);
                    self.work.push_back(Work::FetchCredentials);
                }
            }
        }
    }

    /// Whether a slot could be taken now; not while the store wants a rest.
    pub fn has_free_slot(&self, now: Now) -> bool {
        let mut running = Vec::new();
        self.living().for_each(|(_, upload)| upload.in_flight(&mut running, now));
        self.pool.is_free(&running, now.mono)
    }

    /// How many slots are in use; always the sum of what the uploads hold.
    pub fn held_slots(&self) -> usize {
        self.pool.held()
    }

    /// Uploads that have not ended, oldest first.
    pub fn unfinished(&self) -> impl Iterator<Item = UploadId> + '_ {
        self.uploads.iter().filter(|e| !e.upload.state().is_final()).map(|e| e.id)
    }

    /// Where an upload is; an unknown one was cancelled long ago.
    pub fn state(&self, id: UploadId) -> State {
        self.upload(id).map_or(State::Cancelled, Upload::state)
    }
}

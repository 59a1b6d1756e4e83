//! A link between a browser and a store: so many bytes per second for all, a way that takes time, and breaks on purpose. It passes
//! bytes that are only counted.

/// What a link is like.
#[derive(Clone, Debug)]
pub struct Link {
    /// Bytes per second of all connections together.
    pub rate: u64,
    /// Bytes per second of each connection, where something on the way limits that.
    pub each: Option<u64>,
    /// Milliseconds there and back.
    pub round_trip: u64,
    /// Bytes that the browser's system takes of a body before they leave.
    pub buffer: u64,
    /// Milliseconds between two moments at which all connections break.
    pub cut_every: Option<u64>,
    /// Whether the browser sends once more, and tells nobody, what breaks on a connection that has been used before.
    pub replays: bool,
    /// Milliseconds between two moments at which the browser tells of progress.
    pub told_every: u64,
    /// When there is no network: from, until.
    pub outage: Option<(u64, u64)>,
    /// Bodies that the store takes at a time; it refuses more.
    pub at_once: usize,
    /// Whether the rates go up and down by a half.
    pub wobbles: bool,
}

impl Link {
    /// One that nothing disturbs.
    pub fn new(mbits: u64, round_trip: u64) -> Self {
        Self {
            rate: mbits * 1_000_000 / 8,
            each: None,
            round_trip,
            buffer: 256 * 1024,
            cut_every: None,
            replays: false,
            told_every: 50,
            outage: None,
            at_once: usize::MAX,
            wobbles: false,
        }
    }

    pub fn is_down(&self, now: u64) -> bool {
        self.outage.is_some_and(|(from, until)| (from..until).contains(&now))
    }

    /// Which share of its rates it has now.
    fn share(&self, now: u64, salt: u64) -> f64 {
        if !self.wobbles {
            return 1.0;
        }
        let mut bits = (now / 400 + 1000 * salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        0.5 + ((bits >> 40) & 1023) as f64 / 1023.0
    }

    fn breaks(&self, now: u64) -> bool {
        let is_cut = self.cut_every.is_some_and(|every| now > 0 && now.is_multiple_of(every));
        is_cut || self.outage.is_some_and(|(from, _)| from == now)
    }
}

/// A body on its way; named by whoever sends it.
#[derive(Clone, Debug)]
struct Body<T> {
    name: T,
    total: f64,
    passed: f64,
    /// When its first byte leaves.
    begins: u64,
    told: u64,
    told_at: u64,
    /// When the reply is there.
    replied: Option<u64>,
    refused: bool,
    is_replay: bool,
}

/// What the browser hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard<T> {
    Progress(T, u64),
    Stored(T),
    Refused(T),
    Broken(T),
}

/// Bodies on a link.
#[derive(Debug)]
pub struct Wire<T> {
    pub link: Link,
    bodies: Vec<Body<T>>,
    /// Connections that wait for their next request.
    idle: usize,
    /// Bytes that have left, arrived or not.
    pub sent: f64,
    /// The most bodies that were under way at the same time.
    pub most: usize,
}

impl<T: Clone + PartialEq> Wire<T> {
    pub fn new(link: Link) -> Self {
        Self { link, bodies: Vec::new(), idle: 0, sent: 0.0, most: 0 }
    }

    /// Begins a PUT of so many bytes: a connection if none is idle, then a preflight unless the browser remembers one, then the body.
    pub fn put(&mut self, name: T, bytes: u64, is_known: bool, now: u64) {
        let trips = u64::from(self.idle == 0) + u64::from(!is_known);
        self.idle = self.idle.saturating_sub(1);
        let refused = self.bodies.len() >= self.link.at_once;
        self.bodies.push(Body {
            name,
            total: bytes as f64,
            passed: 0.0,
            begins: now + trips * self.link.round_trip,
            told: 0,
            told_at: 0,
            replied: None,
            refused,
            is_replay: false,
        });
        self.most = self.most.max(self.bodies.len());
    }

    pub fn abort(&mut self, name: &T) {
        self.bodies.retain(|body| body.name != *name);
    }

    /// A millisecond passes.
    pub fn pass(&mut self, now: u64) -> Vec<Heard<T>> {
        let mut heard = Vec::new();
        if self.link.breaks(now) {
            self.idle = 0;
            let replays = self.link.replays;
            let lost = self.bodies.extract_if(.., |body| !replays || body.is_replay || now < body.begins);
            heard.extend(lost.map(|body| Heard::Broken(body.name)));
            for body in &mut self.bodies {
                // A new connection.
                let begins = now + self.link.round_trip;
                *body = Body { passed: 0.0, begins, replied: None, is_replay: true, ..body.clone() };
            }
        }
        if self.link.is_down(now) {
            heard.extend(self.bodies.drain(..).map(|body| Heard::Broken(body.name)));
            return heard;
        }
        let moves = |body: &Body<T>| now >= body.begins && body.passed < body.total;
        let moving = self.bodies.iter().filter(|body| moves(body)).count();
        let share = self.link.share(now, 0) * self.link.rate as f64 / moving.max(1) as f64;
        for (salt, body) in self.bodies.iter_mut().enumerate() {
            let alone = self
                .link
                .each
                .map_or(f64::INFINITY, |each| each as f64 * self.link.share(now, 1 + salt as u64));
            let each = share.min(alone) / 1000.0;
            if now >= body.begins && body.passed < body.total {
                let passed = each.min(body.total - body.passed);
                body.passed += passed;
                self.sent += passed;
                if body.passed >= body.total {
                    body.replied = Some(now + self.link.round_trip + 1);
                }
            }
            let loaded =
                if now < body.begins { 0.0 } else { body.total.min(body.passed + self.link.buffer as f64) }
                    as u64;
            if loaded > body.told
                && (now >= body.told_at + self.link.told_every || loaded as f64 >= body.total)
            {
                (body.told, body.told_at) = (loaded, now);
                heard.push(Heard::Progress(body.name.clone(), loaded));
            }
        }
        let is_replied = |body: &mut Body<T>| body.replied.is_some_and(|at| at <= now);
        for body in self.bodies.extract_if(.., is_replied) {
            self.idle += 1;
            heard.push(if body.refused { Heard::Refused(body.name) } else { Heard::Stored(body.name) });
        }
        heard
    }
}

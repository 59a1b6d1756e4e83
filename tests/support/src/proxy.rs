//! The proxy's socket: listening while online, gone while offline.

use crate::{
    journal::Journal,
    locked,
    relay::{self, Next, Shared},
    rules::{Rule, RuleBook},
    socket::{reset, reset_by_peer},
};
use socket2::SockRef;
use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    select, spawn,
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// Bytes the kernel takes from a client ahead of the proxy: few, so that a slow link is slow for the browser as well.
const RECEIVE_BUFFER: u32 = 128 * 1024;

/// Bytes in a segment, as on Ethernet. With the 64 KB of loopback a client's kernel takes more than 4 MB ahead of a slow link, which
/// look to the browser like bytes that have left.
const SEGMENT: u32 = 1460;

/// Whether connections are taken, and how often all of them were cut or fell silent.
#[derive(Clone, Copy, Debug)]
struct Link {
    online: bool,
    silent: bool,
    cuts: u64,
    silences: u64,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    link: Arc<watch::Sender<Link>>,
    /// Cuts again and again.
    cutter: Mutex<Option<JoinHandle<()>>>,
    /// Bound but never listening: keeps the port ours while the listener is closed.
    _place: TcpSocket,
}

impl Proxy {
    /// Listens on this port of 127.0.0.1 (0: any) and forwards to `upstream`, a `host:port`.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub fn start(port: u16, upstream: String) -> io::Result<Arc<Self>> {
        let place = bound(SocketAddr::from(([127, 0, 0, 1], port)))?;
        let address = place.local_addr()?;
        let (link, watched) = watch::channel(Link { online: true, silent: false, cuts: 0, silences: 0 });
        let rules = Mutex::new(RuleBook::default());
        let shared = Arc::new(Shared { upstream, rules, journal: Journal::default() });
        let first = bound(address)?.listen(1024)?;
        spawn(listen(first, address, shared.clone(), watched));
        Ok(Arc::new(Self { address, shared, link: Arc::new(link), cutter: Mutex::default(), _place: place }))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request since the last reset.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// Replaces all rules.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        *locked(&self.shared.rules) = RuleBook::new(rules);
    }

    /// Refuses new connections, or takes them again; going offline cuts those that exist.
    pub fn set_online(&self, online: bool) {
        self.link.send_modify(|link| {
            link.online = online;
            link.cuts += u64::from(!online);
        });
    }

    /// Cuts all connections; new ones are taken.
    pub fn cut(&self) {
        self.link.send_modify(|link| link.cuts += 1);
    }

    /// Cuts all connections each time this much time has passed, or no longer.
    pub fn cut_every(&self, period: Option<Duration>) {
        let link = self.link.clone();
        let task = period.map(|period| {
            spawn(async move {
                loop {
                    sleep(period).await;
                    link.send_modify(|link| link.cuts += 1);
                }
            })
        });
        if let Some(before) = std::mem::replace(&mut *locked(&self.cutter), task) {
            before.abort();
        }
    }

    /// Swallows all packets, as a network does that has forgotten a connection: what is open goes silent for ever, new
    /// connections are taken and stay silent, until this is over.
    pub fn set_silent(&self, silent: bool) {
        if silent {
            self.shared.journal.all_hang();
        }
        self.link.send_modify(|link| {
            link.silent = silent;
            link.silences += u64::from(silent);
        });
    }

    /// As after the start: no rules, no log, online, no connections.
    pub fn reset(&self) {
        self.set_rules(Vec::new());
        self.cut_every(None);
        self.shared.journal.clear();
        self.link.send_modify(|link| {
            link.online = true;
            link.silent = false;
            link.cuts += 1;
        });
    }
}

async fn listen(
    first: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut link: watch::Receiver<Link>,
) {
    let mut listener = Some(first);
    loop {
        let online = link.borrow_and_update().online;
        listener = match listener {
            Some(open) if online => Some(open),
            None if online => bound(address).and_then(|socket| socket.listen(1024)).ok(),
            _ => None,
        };
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        select! {
            accepted = accepted => if let Ok((client, _)) = accepted {
                spawn(serve(client, shared.clone(), link.clone()));
            },
            changed = link.changed() => if changed.is_err() { return },
        }
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>, mut link: watch::Receiver<Link>) {
    // A socket that refuses the option is slower, not wrong.
    let _ = client.set_nodelay(true);
    let before = *link.borrow();
    if !before.online {
        // Taken by the kernel before the socket could be closed, and after all others were cut.
        return reset(client);
    }
    let next = {
        let mut carried = pin!(relay::carry(&client, &shared));
        let mut silent = before.silent;
        loop {
            select! {
                next = &mut carried, if !silent => break next,
                () = reset_by_peer(&client), if silent => break Next::Reset,
                changed = link.changed() => {
                    let now = *link.borrow();
                    if changed.is_err() || now.cuts != before.cuts {
                        break Next::Reset;
                    }
                    silent |= now.silences != before.silences;
                }
            }
        }
    };
    if next == Next::Reset {
        reset(client);
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    SockRef::from(&socket).set_tcp_mss(SEGMENT)?;
    socket.bind(address)?;
    Ok(socket)
}

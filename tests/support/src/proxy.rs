//! The proxy's socket: listening while online, gone while offline.

use crate::{
    journal::Journal,
    locked,
    relay::{self, Next, Shared},
    rules::{Rule, RuleBook},
    socket::reset,
};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    select, spawn,
    sync::watch,
};

/// Bytes the kernel takes from a client ahead of the proxy: few, so that a slow link is slow for the browser as well.
const RECEIVE_BUFFER: u32 = 128 * 1024;

/// Whether connections are taken, and how often all of them were cut.
#[derive(Clone, Copy, Debug)]
struct Link {
    online: bool,
    cuts: u64,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    link: watch::Sender<Link>,
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
        let (link, watched) = watch::channel(Link { online: true, cuts: 0 });
        let rules = Mutex::new(RuleBook::default());
        let shared = Arc::new(Shared { upstream, rules, journal: Journal::default() });
        let first = bound(address)?.listen(1024)?;
        spawn(listen(first, address, shared.clone(), watched));
        Ok(Arc::new(Self { address, shared, link, _place: place }))
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

    /// Refuses new connections, or takes them again; going offline cuts those that exist unless `keep` is set.
    pub fn set_online(&self, online: bool, keep: bool) {
        self.link.send_modify(|link| {
            link.online = online;
            link.cuts += u64::from(!online && !keep);
        });
    }

    /// As after the start: no rules, no log, online, no connections.
    pub fn reset(&self) {
        self.set_rules(Vec::new());
        self.shared.journal.clear();
        self.link.send_modify(|link| {
            link.online = true;
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
    let cuts = link.borrow().cuts;
    let next = select! {
        next = relay::carry(&client, &shared) => next,
        _ = link.wait_for(|link| link.cuts != cuts) => Next::Reset,
    };
    if next == Next::Reset {
        reset(client);
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(address)?;
    Ok(socket)
}

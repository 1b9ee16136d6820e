//! A proxy before a server's Unix socket that counts round trips and can make every one of them slow.
//!
//! A round trip is a turn of the conversation: the client has sent something, and the server answers. Counting starts at
//! the first ReadyForQuery, so that the handshake and the authentication are left out. It looks into the server's messages
//! only, and only at their kind; it knows nothing of TLS.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// The socket's name in every directory: libpq makes it from the port.
const SOCKET: &str = ".s.PGSQL.5432";

/// A proxy. It listens as long as the process lives; its directory goes with this value.
pub struct Proxy {
    directory: tempfile::TempDir,
    counts: Arc<Counts>,
}

/// What was seen on all connections since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Turns from the client to the server and back, after authentication.
    pub round_trips: u64,
    /// Messages that the server answered with ReadyForQuery: simple queries and Syncs.
    pub commands: u64,
    /// Bytes that the client has sent.
    pub bytes: u64,
}

#[derive(Default)]
struct Counts {
    round_trips: AtomicU64,
    commands: AtomicU64,
    bytes: AtomicU64,
}

/// Where the conversation of one connection is.
#[derive(Default)]
struct Turn {
    authenticated: bool,
    asked: bool,
}

impl Proxy {
    /// Listens before the server whose socket is in `server`; a round trip takes `latency` longer.
    pub fn before(server: &Path, latency: Duration) -> Self {
        let directory = tempfile::Builder::new().prefix("gp-proxy-").tempdir_in("/tmp").unwrap();
        let listener = UnixListener::bind(directory.path().join(SOCKET)).unwrap();
        let counts = Arc::new(Counts::default());
        let (server, shared) = (server.join(SOCKET), Arc::clone(&counts));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                serve(client, &server, latency / 2, &shared);
            }
        });
        Self { directory, counts }
    }

    /// The directory of its socket, for the `host` of a URL.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// What was seen since the last call. Every connection should have ended by then.
    pub fn take(&self) -> Seen {
        Seen {
            round_trips: self.counts.round_trips.swap(0, Ordering::SeqCst),
            commands: self.counts.commands.swap(0, Ordering::SeqCst),
            bytes: self.counts.bytes.swap(0, Ordering::SeqCst),
        }
    }
}

fn serve(client: UnixStream, server: &Path, delay: Duration, counts: &Arc<Counts>) {
    let server = UnixStream::connect(server).unwrap();
    let turn = Arc::new(Mutex::new(Turn::default()));
    let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let asking = Arc::clone(&turn);
    let (sent, counts) = (Arc::clone(counts), Arc::clone(counts));
    pass(from_client, to_server, delay, move |bytes| {
        let mut turn = asking.lock().unwrap_or_else(PoisonError::into_inner);
        turn.asked = turn.authenticated;
        if turn.authenticated {
            sent.bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        }
    });
    let mut kinds = Kinds::default();
    pass(server, client, delay, move |bytes| {
        let ready = kinds.read(bytes).into_iter().filter(|kind| *kind == b'Z');
        let mut ready = ready.count() as u64;
        let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut turn.asked) {
            counts.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if ready > 0 && !std::mem::replace(&mut turn.authenticated, true) {
            ready -= 1;
        }
        counts.commands.fetch_add(ready, Ordering::SeqCst);
    });
}

/// Passes bytes on, each after `delay`; `look` sees them before anybody can answer them.
fn pass(
    mut from: UnixStream,
    mut to: UnixStream,
    delay: Duration,
    mut look: impl FnMut(&[u8]) + Send + 'static,
) {
    let (queue, due) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            look(&buffer[..length]);
            let bytes = buffer[..length].to_vec();
            if queue.send((Instant::now() + delay, bytes)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (when, bytes) in due {
            thread::sleep(when.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Write).ok();
    });
}

/// Finds the kinds of messages in a stream that comes in pieces.
#[derive(Default)]
struct Kinds {
    header: Vec<u8>,
    skip: usize,
}

impl Kinds {
    fn read(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut kinds = Vec::new();
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len());
                self.skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header.push(bytes[0]);
            bytes = &bytes[1..];
            if let [kind, length @ ..] = self.header.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                kinds.push(*kind);
                // the length counts itself
                self.skip = u32::from_be_bytes(length).saturating_sub(4) as usize;
                self.header.clear();
            }
        }
        kinds
    }
}

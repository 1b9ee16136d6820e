//! A proxy between glowplug and a server that can do harm at an exact message.
//!
//! It forwards PostgreSQL's protocol message by message. Before the chosen one the harm is done; then that message and what
//! follows are kept back and both ends are closed, or all goes on. Requests to cancel pass by uncounted.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    thread,
};

use glowplug::internal::cluster::Scratch;

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The program.
    Client,
    /// The server.
    Server,
}

/// A message, by its number from 1 among those of its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub side: Side,
    pub number: usize,
}

/// What comes after the harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Cut,
    GoOn,
}

/// What is done at the place, with the process id of the backend.
pub type Harm = Box<dyn FnOnce(u32) -> Then + Send>;

struct Shared {
    socket: PathBuf,
    place: Option<Place>,
    harm: Mutex<Option<Harm>>,
    client: AtomicUsize,
    server: AtomicUsize,
    backend: AtomicU32,
    harmed: AtomicU32,
    is_over: AtomicBool,
}

/// A proxy that serves until it is dropped.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// One that only counts.
    pub fn counting(server: &Scratch) -> Self {
        Self::start(server, None, Box::new(|_| Then::GoOn))
    }

    /// One that does harm instead of forwarding one message.
    pub fn harming(server: &Scratch, place: Place, harm: Harm) -> Self {
        Self::start(server, Some(place), harm)
    }

    fn start(server: &Scratch, place: Option<Place>, harm: Harm) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            socket: server.socket_dir().join(format!(".s.PGSQL.{}", server.port())),
            place,
            harm: Mutex::new(Some(harm)),
            client: AtomicUsize::new(0),
            server: AtomicUsize::new(0),
            backend: AtomicU32::new(0),
            harmed: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
        });
        let proxy = Self { port, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.is_over.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(&client.unwrap(), &shared).unwrap_or_default());
            }
        });
        proxy
    }

    /// The address of a database, by way of the proxy.
    pub fn url(&self, database: &str, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// How many messages each side has sent.
    pub fn counts(&self) -> (usize, usize) {
        let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (count(&self.shared.client), count(&self.shared.server))
    }

    /// Whether the place was reached, and there was a backend by then.
    pub fn has_killed(&self) -> bool {
        self.shared.harmed.load(Ordering::SeqCst) != 0
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // wakes the thread that listens
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

const CANCEL_REQUEST: u32 = 80_877_102;

fn serve(client: &TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let server = UnixStream::connect(&shared.socket)?;
    let first = startup(client)?;
    (&server).write_all(&first)?;
    if first[4..8] == CANCEL_REQUEST.to_be_bytes() {
        let mut rest = Vec::new();
        (&server).read_to_end(&mut rest)?;
        return Ok(());
    }
    let (client_too, server_too) = (client.try_clone()?, server.try_clone()?);
    let shared_too = Arc::clone(shared);
    let back = thread::spawn(move || {
        forward(Side::Server, &server_too, &client_too, &shared_too).unwrap_or_default();
        client_too.shutdown(Shutdown::Both).unwrap_or_default();
        server_too.shutdown(Shutdown::Both).unwrap_or_default();
    });
    forward(Side::Client, client, &server, shared).unwrap_or_default();
    server.shutdown(Shutdown::Both).unwrap_or_default();
    client.shutdown(Shutdown::Both).unwrap_or_default();
    back.join().unwrap();
    Ok(())
}

/// The first message, which has no letter.
fn startup(mut from: &TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 4];
    from.read_exact(&mut message)?;
    let length = u32::from_be_bytes([message[0], message[1], message[2], message[3]]) as usize;
    message.resize(length, 0);
    from.read_exact(&mut message[4..])?;
    Ok(message)
}

fn forward<R, W>(side: Side, from: &R, to: &W, shared: &Shared) -> io::Result<()>
where
    for<'r> &'r R: io::Read,
    for<'w> &'w W: io::Write,
{
    // as much as is there at once, so that a pipeline stays one
    let mut from = io::BufReader::with_capacity(1 << 16, from);
    let mut to = io::BufWriter::with_capacity(1 << 16, to);
    let count = match side {
        Side::Client => &shared.client,
        Side::Server => &shared.server,
    };
    loop {
        let mut message = vec![0; 5];
        from.read_exact(&mut message)?;
        let length = u32::from_be_bytes([message[1], message[2], message[3], message[4]]) as usize;
        message.resize(length + 1, 0);
        from.read_exact(&mut message[5..])?;
        if side == Side::Server && message[0] == b'K' {
            let pid = u32::from_be_bytes([message[5], message[6], message[7], message[8]]);
            shared.backend.store(pid, Ordering::SeqCst);
        }
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        if shared.place == Some(Place { side, number }) {
            to.flush()?;
            let harm = shared.harm.lock().unwrap().take();
            let backend = shared.backend.load(Ordering::SeqCst);
            shared.harmed.store(backend, Ordering::SeqCst);
            if harm.is_some_and(|harm| harm(backend) == Then::Cut) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
        to.write_all(&message)?;
        if from.buffer().is_empty() {
            to.flush()?;
        }
    }
}

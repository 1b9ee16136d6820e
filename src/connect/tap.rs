//! A stream that listens to the start of a session as it passes through.
//!
//! tokio-postgres reads two things that it never gives out: the process id that the server
//! announces (a pooler announces one of its own, so a difference to `pg_backend_pid()` gives it
//! away) and the authentication method that the server asks for (`require_auth`, messages). The tap
//! reads both from the wire, alters nothing, and looks no further once the server is ready.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use super::auth::{AuthRefused, Method, RequireAuth};

/// What a tap has heard; shared, because the tap itself moves into the connection.
#[derive(Debug)]
pub(super) struct Heard {
    pid: AtomicI32,
    key: AtomicI32,
    method: AtomicI32,
}

impl Heard {
    pub(super) fn new() -> Arc<Heard> {
        Arc::new(Heard {
            pid: AtomicI32::new(0),
            key: AtomicI32::new(0),
            method: AtomicI32::new(-1),
        })
    }

    /// The process id of the server's `BackendKeyData`, 0 when it sent none.
    pub(super) fn pid(&self) -> i32 {
        self.pid.load(Ordering::Acquire)
    }

    /// The secret that a cancel request has to know.
    pub(super) fn key(&self) -> i32 {
        self.key.load(Ordering::Acquire)
    }

    /// The way in which the server wanted to know who is there, if it asked at all.
    pub(super) fn method(&self) -> Option<Method> {
        Method::of_wire(self.method.load(Ordering::Acquire))
    }
}

/// A pass-through stream with an ear for the first messages.
pub(super) struct Tap<S> {
    inner: S,
    /// `None` as soon as there is nothing more to learn.
    scan: Option<Scan>,
}

impl<S> Tap<S> {
    pub(super) fn new(inner: S, heard: Arc<Heard>, require: RequireAuth) -> Tap<S> {
        Tap { inner, scan: Some(Scan::new(heard, require)) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if let Some(scan) = &mut self.scan
            && scan.hear(&buf.filled()[before..])? == Listening::Done
        {
            self.scan = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Tap<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Listening {
    On,
    Done,
}

/// The message reader: a type byte, a length that counts itself, a body.
struct Scan {
    heard: Arc<Heard>,
    require: RequireAuth,
    /// The header and as much of the body as is of interest.
    kept: Vec<u8>,
    /// How much of the current message's body is still to come and is not kept.
    skip: usize,
}

const HEADER: usize = 5;
/// Enough for `BackendKeyData` (two numbers) and for an authentication request's code.
const BODY_OF_INTEREST: usize = 8;

impl Scan {
    fn new(heard: Arc<Heard>, require: RequireAuth) -> Scan {
        Scan { heard, require, kept: Vec::with_capacity(HEADER + BODY_OF_INTEREST), skip: 0 }
    }

    fn hear(&mut self, mut bytes: &[u8]) -> Result<Listening, io::Error> {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let wanted = self.wanted();
            let taken = wanted.saturating_sub(self.kept.len()).min(bytes.len());
            self.kept.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.kept.len() < HEADER || self.kept.len() < self.wanted() {
                if bytes.is_empty() {
                    return Ok(Listening::On);
                }
                continue;
            }
            if self.message()? == Listening::Done {
                return Ok(Listening::Done);
            }
        }
    }

    /// How many bytes of the current message are kept.
    fn wanted(&self) -> usize {
        match self.body() {
            None => HEADER,
            Some(body) => HEADER + body.min(BODY_OF_INTEREST),
        }
    }

    /// The length of the current message's body, once its header is complete.
    fn body(&self) -> Option<usize> {
        (self.kept.len() >= HEADER).then(|| {
            let length = number(&self.kept[1..HEADER]).unwrap_or(0);
            usize::try_from(length).unwrap_or(0).saturating_sub(4)
        })
    }

    fn message(&mut self) -> Result<Listening, io::Error> {
        let body = self.body().unwrap_or(0);
        let (tag, fields) = (self.kept[0], &self.kept[HEADER..]);
        let mut listening = Listening::On;
        match tag {
            b'R' => self.authentication(number(fields).unwrap_or(-1))?,
            b'K' => {
                if let (Some(pid), Some(key)) = (number(fields), fields.get(4..).and_then(number)) {
                    self.heard.pid.store(pid, Ordering::Release);
                    self.heard.key.store(key, Ordering::Release);
                }
                listening = Listening::Done;
            }
            b'Z' => listening = Listening::Done,
            _ => {}
        }
        self.skip = body.saturating_sub(BODY_OF_INTEREST);
        self.kept.clear();
        Ok(listening)
    }

    /// Stops the session before any answer is given to a method that the user did not allow.
    fn authentication(&self, code: i32) -> Result<(), io::Error> {
        let asked = Method::of_wire(code);
        if let Some(method) = asked {
            self.heard.method.store(code, Ordering::Release);
            return self.require.check(method).map_err(refused);
        }
        if code == 0 && self.heard.method().is_none() {
            return self.require.check(Method::None).map_err(refused);
        }
        Ok(())
    }
}

fn refused(refused: AuthRefused) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, refused)
}

fn number(bytes: &[u8]) -> Option<i32> {
    bytes.first_chunk().map(|bytes| i32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = i32::try_from(body.len() + 4).expect("a short message");
        [&[tag], length.to_be_bytes().as_slice(), body].concat()
    }

    fn startup() -> Vec<u8> {
        let key = [1234_i32.to_be_bytes(), (-77_i32).to_be_bytes()].concat();
        [
            message(b'R', &[&10_i32.to_be_bytes()[..], b"SCRAM-SHA-256\0\0"].concat()),
            message(b'R', &12_i32.to_be_bytes()),
            message(b'R', &0_i32.to_be_bytes()),
            message(b'S', b"server_version\x0015.18\0"),
            message(b'N', b""),
            message(b'K', &key),
            message(b'Z', b"I"),
            message(b'K', &[9; 8]),
        ]
        .concat()
    }

    fn check(chunk: usize, require: &str) -> (Result<Listening, io::Error>, Arc<Heard>) {
        let heard = Heard::new();
        let require = RequireAuth::parse(Some(require)).expect("a known method");
        let mut scan = Scan::new(Arc::clone(&heard), require);
        for bytes in startup().chunks(chunk) {
            match scan.hear(bytes) {
                Ok(Listening::On) => {}
                done => return (done, heard),
            }
        }
        (Ok(Listening::On), heard)
    }

    #[test]
    fn the_announced_pid_is_heard_however_the_bytes_arrive() {
        for chunk in 1..200 {
            let (result, heard) = check(chunk, "");
            assert_eq!(result.expect("nothing is forbidden"), Listening::Done);
            assert_eq!((heard.pid(), heard.key()), (1234, -77), "in pieces of {chunk}");
            assert_eq!(heard.method(), Some(Method::ScramSha256));
        }
    }

    #[test]
    fn a_method_that_is_not_allowed_stops_the_session() {
        assert!(check(1, "password").0.is_err());
        assert!(check(7, "!scram-sha-256").0.is_err());
        assert!(check(7, "md5,scram-sha-256").0.is_ok());
    }

    #[test]
    fn a_server_that_asks_nothing_is_method_none() {
        let scan = |require| {
            let require = RequireAuth::parse(Some(require)).expect("a known method");
            Scan::new(Heard::new(), require).hear(&message(b'R', &0_i32.to_be_bytes()))
        };
        assert!(scan("none").is_ok());
        assert!(scan("").is_ok());
        assert!(scan("scram-sha-256").is_err());
        assert!(scan("!none").is_err());
    }
}

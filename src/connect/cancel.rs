//! Cancelling what a session is doing, from outside of it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{ConnectError, Fault, Server};
use super::failure;
use super::socket::{Socket, SslAnswer, Watchfulness};
use super::tls::{Negotiation, Tls};

/// Longer than a busy server takes, shorter than a person who pressed Ctrl-C waits.
const LIMIT: Duration = Duration::from_secs(5);

/// The means to cancel one session's current statement; cheap to clone, and good for as long as the
/// session lives.
#[derive(Clone)]
pub struct Canceller {
    to: Arc<To>,
}

struct To {
    server: Server,
    /// Present if the session is encrypted.
    tls: Option<Tls>,
    pid: i32,
    key: i32,
}

impl Canceller {
    pub(super) fn new(server: Server, tls: Option<Tls>, pid: i32, key: i32) -> Canceller {
        Canceller { to: Arc::new(To { server, tls, pid, key }) }
    }

    /// Asks the server to cancel the session's current statement, over a connection as encrypted as
    /// the session.
    ///
    /// Returns when the server has taken the request, which is a moment before the statement fails
    /// with 57014. Whether there was anything to cancel the server does not tell.
    ///
    /// # Errors
    /// The server cannot be reached, or does not answer within five seconds.
    pub async fn cancel(&self) -> Result<(), ConnectError> {
        let server = &self.to.server;
        match tokio::time::timeout(LIMIT, self.send()).await {
            Ok(done) => done,
            Err(_) => Err(ConnectError::Unreachable {
                server: server.clone(),
                fault: Fault::TimedOut(LIMIT),
            }),
        }
    }

    async fn send(&self) -> Result<(), ConnectError> {
        let To { server, tls, .. } = &*self.to;
        let io = |error| failure::of_socket(server, error);
        let mut socket = Socket::open(server, Watchfulness::NONE).await.map_err(io)?;
        let Some(tls) = tls else {
            return self.request(socket).await.map_err(io);
        };
        if tls.negotiation == Negotiation::Request
            && socket.request_ssl().await.map_err(io)? != SslAnswer::Yes
        {
            return Err(ConnectError::NotEncrypted {
                server: server.clone(),
                demand: "the session to cancel is encrypted".to_owned(),
            });
        }
        let stream = tls
            .encrypt(socket, server)
            .await
            .map_err(|error| failure::of_handshake(server, &error))?;
        self.request(stream).await.map_err(io)
    }

    /// Sends the request and waits for the server to hang up: before that it may not have acted on
    /// it, and the cancel could hit a later statement.
    async fn request(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        const CANCEL_REQUEST: i32 = 80_877_102;
        let mut message = Vec::with_capacity(16);
        for number in [16, CANCEL_REQUEST, self.to.pid, self.to.key] {
            message.extend_from_slice(&number.to_be_bytes());
        }
        stream.write_all(&message).await?;
        stream.flush().await?;
        let mut rest = [0; 64];
        // end of file, a reset, TLS without a farewell: each of them is the server hanging up
        while matches!(stream.read(&mut rest).await, Ok(count) if count > 0) {}
        Ok(())
    }
}

impl fmt::Debug for Canceller {
    /// Without the key, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("server", &self.to.server)
            .field("pid", &self.to.pid)
            .finish_non_exhaustive()
    }
}

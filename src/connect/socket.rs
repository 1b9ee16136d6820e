//! A TCP or Unix socket to a server, and the one question that comes before everything else.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpSocket, TcpStream};

use crate::words::url::Params;

use super::error::Server;

/// How the system finds out that the other end of a TCP connection is gone.
///
/// The system's own values are for servers: two hours of silence before it asks. A run that waits for a statement learns within about a
/// minute that the network is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watchfulness {
    /// When and how often it asks on a connection that is silent; none for never.
    pub(super) keepalive: Option<Keepalive>,
    /// How long what was sent may stay without an answer; none for the system's value.
    pub(super) unanswered: Option<Duration>,
}

/// When and how often the system asks on a connection that is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keepalive {
    pub(super) idle: Duration,
    pub(super) interval: Duration,
    pub(super) count: u32,
}

impl Watchfulness {
    /// For what is over in a moment.
    pub(super) const NONE: Self = Self { keepalive: None, unanswered: None };

    /// What a URL says, and what is usual.
    pub(super) fn of(params: &Params) -> Self {
        // as in libpq, 0 is no wish
        let seconds = |value: Option<u32>, usual: u64| {
            let wished = value.filter(|it| *it > 0).map(u64::from);
            Duration::from_secs(wished.unwrap_or(usual))
        };
        let keepalive = Keepalive {
            idle: seconds(params.keepalives_idle, 30),
            interval: seconds(params.keepalives_interval, 10),
            count: params.keepalives_count.filter(|it| *it > 0).unwrap_or(3),
        };
        let unanswered = params.tcp_user_timeout_ms.unwrap_or(60_000);
        Self {
            keepalive: (params.keepalives != Some(false)).then_some(keepalive),
            unanswered: (unanswered > 0).then(|| Duration::from_millis(unanswered.into())),
        }
    }

    /// What a system does not know is left at its own values.
    fn apply(self, socket: &TcpSocket) -> io::Result<()> {
        socket.set_keepalive(self.keepalive.is_some())?;
        let socket = SockRef::from(socket);
        if let Some(keepalive) = self.keepalive {
            let settings = TcpKeepalive::new()
                .with_time(keepalive.idle)
                .with_interval(keepalive.interval)
                .with_retries(keepalive.count);
            socket.set_tcp_keepalive(&settings).unwrap_or_default();
        }
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(self.unanswered).unwrap_or_default();
        Ok(())
    }
}

/// A stream to a server, not encrypted.
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// The server's answer to an SSLRequest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslAnswer {
    Yes,
    No,
    /// The server failed; what it says now is not protected, and not to be shown.
    Failure,
    Nonsense(u8),
}

impl Socket {
    pub(super) async fn open(server: &Server, watchfulness: Watchfulness) -> io::Result<Socket> {
        match server {
            Server::Tcp { ip, port, .. } => {
                let socket = match ip {
                    IpAddr::V4(_) => TcpSocket::new_v4()?,
                    IpAddr::V6(_) => TcpSocket::new_v6()?,
                };
                watchfulness.apply(&socket)?;
                socket.set_nodelay(true)?;
                Ok(Socket::Tcp(socket.connect(SocketAddr::new(*ip, *port)).await?))
            }
            #[cfg(unix)]
            Server::Socket { path } => {
                Ok(Socket::Unix(UnixStream::connect(abstract_or_file(path)).await?))
            }
            #[cfg(not(unix))]
            Server::Socket { .. } => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Asks for encryption. Reads exactly one byte, so that nothing which somebody slipped in
    /// before the handshake can pass for the server's word after it.
    pub(super) async fn request_ssl(&mut self) -> io::Result<SslAnswer> {
        const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        self.write_all(&SSL_REQUEST).await?;
        self.flush().await?;
        Ok(match self.read_u8().await? {
            b'S' => SslAnswer::Yes,
            b'N' => SslAnswer::No,
            b'E' => SslAnswer::Failure,
            other => SslAnswer::Nonsense(other),
        })
    }
}

/// `@name` is a socket in Linux's abstract namespace, which the system marks with a NUL.
#[cfg(unix)]
fn abstract_or_file(path: &Path) -> PathBuf {
    match path.to_str().and_then(|path| path.strip_prefix('@')) {
        Some(name) => PathBuf::from(format!("\0{name}")),
        None => path.to_path_buf(),
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::words::url::Url;

    /// What the system says of a connection that was opened for a URL with these parameters: when keepalive begins, how often and how many
    /// times it asks, and how long it waits for an answer to what was sent; the last in milliseconds.
    async fn arrived(parameters: &str) -> (bool, u64, u64, u32, Option<u128>) {
        let url: Url =
            format!("postgres://h/d?{parameters}").parse().expect("the loopback answers");
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("the loopback answers");
        let address = listener.local_addr().expect("the loopback answers");
        let server = Server::Tcp { name: None, ip: address.ip(), port: address.port() };
        let opened = Socket::open(&server, Watchfulness::of(&url.params))
            .await
            .expect("the loopback answers");
        let Socket::Tcp(stream) = opened else { panic!("it is not a TCP connection") };
        let socket = SockRef::from(&stream);
        (
            socket.keepalive().expect("the loopback answers"),
            socket.tcp_keepalive_time().expect("the loopback answers").as_secs(),
            socket.tcp_keepalive_interval().expect("the loopback answers").as_secs(),
            socket.tcp_keepalive_retries().expect("the loopback answers"),
            socket.tcp_user_timeout().expect("the loopback answers").map(|it| it.as_millis()),
        )
    }

    #[tokio::test]
    async fn what_a_url_says_of_a_silent_network_arrives_at_the_system() {
        assert_eq!(arrived("").await, (true, 30, 10, 3, Some(60_000)));
        let told =
            "keepalives_idle=7&keepalives_interval=5&keepalives_count=2&tcp_user_timeout=1500";
        assert_eq!(arrived(told).await, (true, 7, 5, 2, Some(1_500)));
        let (is_on, .., unanswered) = arrived("keepalives=0&tcp_user_timeout=0").await;
        assert!(!is_on);
        assert!(unanswered.is_none_or(|it| it == 0), "{unanswered:?}");
    }
}

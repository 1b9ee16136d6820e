//! One attempt at one address: encrypt as agreed, start the session, look whether it is the wanted
//! one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Empty};
use tokio_postgres::config::{ChannelBinding, SslMode, SslNegotiation};
use tokio_postgres::tls::TlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, SimpleQueryMessage};

use crate::words::url::{Host, Secret, TargetSessionAttrs};

use super::auth::RequireAuth;
use super::cancel::Canceller;
use super::error::{ConnectError, Fault, Server};
use super::failure::{self, Asked};
use super::socket::{Socket, SslAnswer, Watchfulness};
use super::tap::{Heard, Tap};
use super::tls::{Encrypted, Encryption, Negotiation, Tls};
use super::{Drive, Wire, alongside};

/// What every attempt of one connect has in common.
pub(super) struct Terms {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) options: Option<String>,
    pub(super) application_name: String,
    pub(super) encryption: Encryption,
    pub(super) tls: Option<Tls>,
    /// The setting that asks for encryption, for messages.
    pub(super) demand: String,
    pub(super) channel_binding: ChannelBinding,
    pub(super) require_auth: RequireAuth,
    pub(super) watchfulness: Watchfulness,
}

/// A password and where it was found, if not in the URL.
pub(super) struct Password<'a> {
    pub(super) secret: Option<Secret>,
    pub(super) file: Option<&'a Path>,
    /// Why the password file was not used.
    pub(super) ignored: Option<&'a str>,
}

/// An address to try, with all that belongs to it.
pub(super) struct Attempt<'a> {
    pub(super) terms: &'a Terms,
    pub(super) host: &'a Host,
    pub(super) server: Server,
    pub(super) password: Password<'a>,
    pub(super) wanted: TargetSessionAttrs,
}

impl Attempt<'_> {
    /// Tries for so long and no longer.
    pub(super) async fn make(&self, limit: Duration) -> Result<Wire, ConnectError> {
        let timed_out = || ConnectError::Unreachable {
            server: self.server.clone(),
            fault: Fault::TimedOut(limit),
        };
        let work = async {
            let mut wire = self.start().await?;
            self.look(&mut wire).await?;
            Ok(wire)
        };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn start(&self) -> Result<Wire, ConnectError> {
        let (Some(tls), Server::Tcp { .. }) = (&self.terms.tls, &self.server) else {
            return self.plain(self.open().await?).await;
        };
        match self.terms.encryption {
            Encryption::Never => self.plain(self.open().await?).await,
            Encryption::Always => match self.ask(tls).await? {
                Asking::Agreed(socket) => self.encrypted(tls, socket).await,
                Asking::Declined(_) => Err(ConnectError::NotEncrypted {
                    server: self.server.clone(),
                    demand: self.terms.demand.clone(),
                }),
            },
            Encryption::IfPossible => match self.ask(tls).await? {
                Asking::Agreed(socket) => match self.encrypted(tls, socket).await {
                    Err(first) if plain_may_help(&first) => {
                        let second = self.plain(self.open().await?).await;
                        self.after(first, second).map(|wire| self.noted(wire))
                    }
                    settled => settled,
                },
                Asking::Declined(socket) => self.plain(socket).await.map(|wire| self.noted(wire)),
            },
            Encryption::IfDemanded => match self.plain(self.open().await?).await {
                Err(first) if encryption_may_help(&first) => {
                    let second = match self.ask(tls).await? {
                        Asking::Agreed(socket) => self.encrypted(tls, socket).await,
                        Asking::Declined(_) => return Err(first),
                    };
                    self.after(first, second)
                }
                settled => settled,
            },
        }
    }

    /// The second way's outcome, or both failures.
    fn after(
        &self,
        first: ConnectError,
        second: Result<Wire, ConnectError>,
    ) -> Result<Wire, ConnectError> {
        second.map_err(|second| match (is_hba(&first), is_hba(&second)) {
            // a first way that was only in the way says nothing about the failure of the second
            (true, false) => second,
            _ => ConnectError::of_tries(vec![first, second]),
        })
    }

    /// Says so when a password and data go over a network in plain text without anybody having
    /// asked for it.
    fn noted(&self, mut wire: Wire) -> Wire {
        if !self.server.is_local() {
            wire.notes.push(format!(
                "sslmode=prefer fell back to an unencrypted connection to {}",
                self.server.name()
            ));
        }
        wire
    }

    async fn open(&self) -> Result<Socket, ConnectError> {
        Socket::open(&self.server, self.terms.watchfulness)
            .await
            .map_err(|error| failure::of_socket(&self.server, error))
    }

    async fn ask(&self, tls: &Tls) -> Result<Asking, ConnectError> {
        let mut socket = self.open().await?;
        if tls.negotiation == Negotiation::Direct {
            return Ok(Asking::Agreed(socket));
        }
        let strange = |what: String| ConnectError::Unreachable {
            server: self.server.clone(),
            fault: Fault::NotPostgres(what),
        };
        match socket.request_ssl().await {
            Ok(SslAnswer::Yes) => Ok(Asking::Agreed(socket)),
            Ok(SslAnswer::No) => Ok(Asking::Declined(socket)),
            // the reason comes in the clear; over a plain session it may be asked for again
            Ok(SslAnswer::Failure) if self.terms.encryption == Encryption::IfPossible => {
                Ok(Asking::Declined(self.open().await?))
            }
            Ok(SslAnswer::Failure) => {
                Err(strange("an error in answer to an SSLRequest".to_owned()))
            }
            Ok(SslAnswer::Nonsense(byte)) => {
                Err(strange(format!("the byte {byte:#04x} in answer to an SSLRequest")))
            }
            Err(error) => Err(failure::of_socket(&self.server, error)),
        }
    }

    async fn plain(&self, socket: Socket) -> Result<Wire, ConnectError> {
        let heard = Heard::new();
        let stream = Tap::new(socket, Arc::clone(&heard), self.terms.require_auth.clone());
        let mut config = self.config();
        config.ssl_mode(SslMode::Disable);
        let started = config.connect_raw(stream, NoTls).await;
        self.wire(started, &heard, None)
    }

    async fn encrypted(&self, tls: &Tls, socket: Socket) -> Result<Wire, ConnectError> {
        let stream = tls
            .encrypt(socket, &self.server)
            .await
            .map_err(|error| failure::of_handshake(&self.server, &error))?;
        let heard = Heard::new();
        let stream = Tap::new(stream, Arc::clone(&heard), self.terms.require_auth.clone());
        let mut config = self.config();
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        let started = config.connect_raw(tokio::io::empty(), Ready(stream)).await;
        self.wire(started, &heard, Some(tls.clone()))
    }

    /// The startup packet: what is here and nothing else, because poolers refuse what they do not
    /// know.
    fn config(&self) -> Config {
        let terms = self.terms;
        let mut config = Config::new();
        config
            .user(&terms.user)
            .dbname(&terms.database)
            .application_name(&terms.application_name)
            .channel_binding(terms.channel_binding);
        if let Some(options) = &terms.options {
            config.options(options);
        }
        if let Some(secret) = &self.password.secret {
            config.password(secret.reveal());
        }
        config
    }

    fn wire<S, T>(
        &self,
        started: Result<(Client, Connection<S, T>), tokio_postgres::Error>,
        heard: &Heard,
        tls: Option<Tls>,
    ) -> Result<Wire, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let encrypted = tls.is_some();
        let (client, connection) = started.map_err(|error| {
            let asked = Asked {
                server: &self.server,
                database: &self.terms.database,
                user: &self.terms.user,
                encrypted,
                password_file: self.password.file,
                passfile_ignored: self.password.ignored,
                method: heard.method(),
            };
            failure::of_startup(&asked, &error)
        })?;
        Ok(Wire {
            client,
            connection: Box::new(Driver(connection)),
            canceller: Canceller::new(self.server.clone(), tls, heard.pid(), heard.key()),
            announced_pid: heard.pid(),
            host: self.host.clone(),
            encrypted,
            notes: Vec::new(),
        })
    }

    /// Asks the session what it is, when that matters.
    async fn look(&self, wire: &mut Wire) -> Result<(), ConnectError> {
        const QUESTION: &str = "SELECT pg_catalog.current_setting('transaction_read_only'), \
                                pg_catalog.pg_is_in_recovery()";
        if self.wanted == TargetSessionAttrs::Any {
            return Ok(());
        }
        let Wire { client, connection, .. } = wire;
        let answer = alongside(connection.as_mut(), client.simple_query(QUESTION)).await;
        let messages = answer.map_err(|error| {
            let asked = Asked {
                server: &self.server,
                database: &self.terms.database,
                user: &self.terms.user,
                encrypted: wire.encrypted,
                password_file: None,
                passfile_ignored: None,
                method: None,
            };
            failure::of_startup(&asked, &error)
        })?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((row.get(0), row.get(1))),
            _ => None,
        });
        let (read_only, standby) = row.unwrap_or_default();
        match unsuitable(self.wanted, read_only == Some("on"), standby == Some("t")) {
            None => Ok(()),
            Some(found) => Err(ConnectError::Unsuitable {
                server: self.server.clone(),
                wanted: self.wanted,
                found,
            }),
        }
    }
}

/// What a session is, if it is not what is wanted.
fn unsuitable(wanted: TargetSessionAttrs, read_only: bool, standby: bool) -> Option<&'static str> {
    let (fits, otherwise) = match wanted {
        TargetSessionAttrs::Any => (true, ""),
        TargetSessionAttrs::ReadWrite => (!read_only && !standby, "read-only"),
        TargetSessionAttrs::ReadOnly => (read_only || standby, "open for writes"),
        TargetSessionAttrs::Primary => (!standby, "a standby"),
        TargetSessionAttrs::Standby | TargetSessionAttrs::PreferStandby => (standby, "the primary"),
    };
    (!fits).then_some(otherwise)
}

/// Whether encryption is what is in the way: it cannot be had, or `pg_hba.conf` does not want it.
fn plain_may_help(error: &ConnectError) -> bool {
    matches!(error, ConnectError::Tls { .. }) || is_hba(error)
}

fn encryption_may_help(error: &ConnectError) -> bool {
    matches!(error, ConnectError::Refused { refusal, .. } if refusal.is_about_encryption())
}

fn is_hba(error: &ConnectError) -> bool {
    matches!(error, ConnectError::Refused { refusal, .. } if refusal.by_hba)
}

enum Asking {
    Agreed(Socket),
    Declined(Socket),
}

/// A finished handshake in the form that tokio-postgres takes, so that its failures and those of
/// the session that follows stay apart.
struct Ready(Tap<Encrypted>);

impl TlsConnect<Empty> for Ready {
    type Stream = Tap<Encrypted>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Tap<Encrypted>>>;

    fn connect(self, _: Empty) -> Self::Future {
        std::future::ready(Ok(self.0))
    }
}

struct Driver<S, T>(Connection<S, T>);

impl<S, T> Drive for Driver<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<AsyncMessage, tokio_postgres::Error>>> {
        self.0.poll_message(cx)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.0.parameter(name).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wanted_kind_fits_the_sessions_that_libpq_would_take() {
        use TargetSessionAttrs as Wanted;
        let sessions = [(false, false), (true, false), (true, true)];
        let fits = |wanted| {
            sessions.map(|(read_only, standby)| unsuitable(wanted, read_only, standby).is_none())
        };
        assert_eq!(fits(Wanted::Any), [true, true, true]);
        assert_eq!(fits(Wanted::ReadWrite), [true, false, false]);
        assert_eq!(fits(Wanted::ReadOnly), [false, true, true]);
        assert_eq!(fits(Wanted::Primary), [true, true, false]);
        assert_eq!(fits(Wanted::Standby), [false, false, true]);
    }
}

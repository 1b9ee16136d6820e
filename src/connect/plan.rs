//! Everything that is settled before the first socket is opened, and the order in which hosts are
//! then tried.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio_postgres::config::ChannelBinding as WireBinding;

use crate::words::url::{ChannelBinding, Host, HostName, Secret, SslMode, TargetSessionAttrs, Url};

use super::attempt::{Attempt, Password, Terms};
use super::auth::RequireAuth;
use super::passfile::{Login, Passfile};
use super::socket::Watchfulness;
use super::target::{self, Order};
use super::tls::{Encryption, Tls};
use super::{ConnectError, ConnectOptions, Environment, Wire, complete};

/// All that is known before the first socket is opened.
pub(super) struct Plan {
    hosts: Vec<Host>,
    order: Order,
    terms: Terms,
    password: Option<Secret>,
    passfile: Passfile,
    wanted: TargetSessionAttrs,
    /// Per address, as in libpq.
    connect_timeout: Option<Duration>,
    pub(super) notes: Vec<String>,
}

impl Plan {
    pub(super) fn of(
        url: Url,
        environment: &Environment,
        options: &ConnectOptions,
    ) -> Result<Plan, ConnectError> {
        let url = complete(url, environment)?;
        let params = &url.params;
        let mut notes = Vec::new();
        // sockets are never encrypted, whatever the parameters say
        let over_tcp = url.hosts.iter().any(|host| !matches!(host.name, HostName::Socket(_)));
        let (encryption, tls) = match over_tcp {
            true => Tls::of(params, environment)?,
            false => (Encryption::Never, None),
        };
        if over_tcp && encryption != Encryption::Always && params.ssl_root_cert.is_some() {
            notes.push(
                "sslrootcert has no effect without sslmode=verify-full (or verify-ca, or require)"
                    .to_owned(),
            );
        }
        let require_auth = RequireAuth::parse(params.require_auth.as_deref()).map_err(|what| {
            ConnectError::setting(
                format!("require_auth {what}"),
                "Use scram-sha-256, md5, password, gss, sspi or none, with commas between.",
            )
        })?;
        let passfile = match params.passfile.as_ref().map(PathBuf::from) {
            _ if url.password.is_some() => None,
            Some(path) => Some(path),
            None => environment.default_passfile(),
        };
        let passfile = passfile.map(Passfile::read).unwrap_or_default();
        notes.extend(passfile.ignored.clone());
        let application_name = [&params.application_name, &params.fallback_application_name]
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .unwrap_or(&options.application_name);
        let terms = Terms {
            user: url.user.clone().unwrap_or_default(),
            database: url.database.clone().unwrap_or_default(),
            options: params.options.clone().filter(|options| !options.is_empty()),
            application_name: application_name.clone(),
            encryption,
            tls,
            demand: demand(params.ssl_mode, params.ssl_root_cert.as_deref()),
            channel_binding: match params.channel_binding {
                Some(ChannelBinding::Disable) => WireBinding::Disable,
                Some(ChannelBinding::Require) => WireBinding::Require,
                Some(ChannelBinding::Prefer) | None => WireBinding::Prefer,
            },
            require_auth,
            watchfulness: Watchfulness::of(params),
        };
        let random = params.load_balance_hosts == Some(true);
        Ok(Plan {
            order: if random { Order::Random } else { Order::AsWritten },
            terms,
            password: url.password.clone(),
            passfile,
            wanted: params.target_session_attrs.unwrap_or(TargetSessionAttrs::Any),
            // 0 means for ever there
            connect_timeout: params
                .connect_timeout
                .filter(|seconds| *seconds > 0)
                .map(|seconds| Duration::from_secs(seconds.into())),
            hosts: url.hosts,
            notes,
        })
    }

    /// Tries every host once; `prefer-standby` goes around twice.
    pub(super) async fn round(&self, until: Instant) -> Result<Wire, ConnectError> {
        if self.wanted == TargetSessionAttrs::PreferStandby {
            match self.pass(TargetSessionAttrs::Standby, until).await {
                Err(failure) if !failure.ends_the_round() => {}
                settled => return settled,
            }
            return self.pass(TargetSessionAttrs::Any, until).await;
        }
        self.pass(self.wanted, until).await
    }

    async fn pass(&self, wanted: TargetSessionAttrs, until: Instant) -> Result<Wire, ConnectError> {
        let mut hosts: Vec<&Host> = self.hosts.iter().collect();
        self.order.apply(&mut hosts);
        let mut tries = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            let hosts_left = hosts.len() - index;
            let servers = match target::servers(host, self.order, share(until, hosts_left)).await {
                Ok(servers) => servers,
                Err(failure) => {
                    tries.push(failure);
                    continue;
                }
            };
            let count = servers.len();
            for (at, server) in servers.into_iter().enumerate() {
                let limit = share(until, hosts_left - 1 + count - at);
                let limit = self.connect_timeout.map_or(limit, |timeout| timeout.min(limit));
                let terms = &self.terms;
                let attempt =
                    Attempt { terms, host, server, password: self.password(host), wanted };
                match attempt.make(limit).await {
                    Ok(wire) => return Ok(wire),
                    Err(failure) => {
                        let ends = failure.ends_the_round();
                        tries.push(failure);
                        if ends {
                            return Err(ConnectError::of_tries(tries));
                        }
                    }
                }
            }
        }
        Err(ConnectError::of_tries(tries))
    }

    fn password(&self, host: &Host) -> Password<'_> {
        if let Some(secret) = &self.password {
            return Password { secret: Some(secret.clone()), file: None, ignored: None };
        }
        let secret = self.passfile.password(Login {
            host: target::passfile_name(host),
            port: host.port.unwrap_or(5432),
            database: &self.terms.database,
            user: &self.terms.user,
        });
        let file = secret.is_some().then_some(self.passfile.path.as_path());
        Password { secret, file, ignored: self.passfile.ignored.as_deref() }
    }
}

/// A fair part of the time that is left, so that a host that swallows everything does not use up
/// the others' time.
fn share(until: Instant, claims: usize) -> Duration {
    let left = until.saturating_duration_since(Instant::now());
    left / u32::try_from(claims.max(1)).unwrap_or(u32::MAX)
}

fn demand(mode: Option<SslMode>, roots: Option<&str>) -> String {
    let setting = match mode {
        _ if roots == Some("system") => "sslrootcert=system",
        Some(SslMode::VerifyFull) => "sslmode=verify-full",
        Some(SslMode::VerifyCa) => "sslmode=verify-ca",
        _ => "sslmode=require",
    };
    format!("{setting} asks for one")
}

//! The parameters of a connection beyond who connects where, in one canonical form.
//!
//! Names and meanings are [libpq's](https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
//! What other drivers call them is in [`keywords`](super::keywords).

use std::{fmt, str::FromStr};

use crate::words::url::{
    error::UrlError,
    secret::{Secret, Secrets},
};

/// The parameters of a connection. `None` means that the connection string is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// `sslmode`.
    pub ssl_mode: Option<SslMode>,
    /// `sslrootcert`: a file, or the word `system`.
    pub ssl_root_cert: Option<String>,
    /// `sslcert`: a file.
    pub ssl_cert: Option<String>,
    /// `sslkey`: a file.
    pub ssl_key: Option<String>,
    /// `sslpassword`, which opens the key.
    pub ssl_password: Option<Secret>,
    /// `sslcrl`: a file.
    pub ssl_crl: Option<String>,
    /// `sslsni`.
    pub ssl_sni: Option<bool>,
    /// `sslnegotiation`.
    pub ssl_negotiation: Option<SslNegotiation>,
    /// `ssl_min_protocol_version`: `TLSv1`, `TLSv1.1`, `TLSv1.2` or `TLSv1.3`.
    pub ssl_min_protocol: Option<String>,
    /// `ssl_max_protocol_version`: as [`Params::ssl_min_protocol`].
    pub ssl_max_protocol: Option<String>,
    /// `channel_binding`.
    pub channel_binding: Option<ChannelBinding>,
    /// `options`: server settings as command-line options, such as `-csearch_path=app`.
    pub options: Option<String>,
    /// `application_name`.
    pub application_name: Option<String>,
    /// `fallback_application_name`, for when there is no `application_name`.
    pub fallback_application_name: Option<String>,
    /// `connect_timeout` in seconds; 0 waits forever.
    pub connect_timeout: Option<u32>,
    /// A limit for each statement, in milliseconds, from asyncpg's `command_timeout` and its like; never 0.
    pub statement_timeout_ms: Option<u64>,
    /// `target_session_attrs`.
    pub target_session_attrs: Option<TargetSessionAttrs>,
    /// `load_balance_hosts`: true for `random`.
    pub load_balance_hosts: Option<bool>,
    /// `keepalives`.
    pub keepalives: Option<bool>,
    /// `keepalives_idle` in seconds.
    pub keepalives_idle: Option<u32>,
    /// `keepalives_interval` in seconds.
    pub keepalives_interval: Option<u32>,
    /// `keepalives_count`.
    pub keepalives_count: Option<u32>,
    /// `tcp_user_timeout` in milliseconds.
    pub tcp_user_timeout_ms: Option<u32>,
    /// `passfile`: a file.
    pub passfile: Option<String>,
    /// `service`: a section of the service file.
    pub service: Option<String>,
    /// `require_auth`: a list of authentication methods.
    pub require_auth: Option<String>,
    /// Whether the string says, with Prisma's `pgbouncer=true`, that a pooler stands before the server.
    pub pooled: bool,
}

/// An enumeration whose values have the names that libpq gives them.
macro_rules! named_values {
    ($(#[$doc:meta])* $type:ident, $parameter:literal { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $type { $($(#[$variant_doc])* $variant,)+ }

        impl $type {
            /// The value's name in libpq.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UrlError;

            fn from_str(text: &str) -> Result<Self, UrlError> {
                // pgjdbc and sqlx do not look at the case.
                $(if text.eq_ignore_ascii_case($name) { return Ok(Self::$variant); })+
                Err(UrlError::invalid($parameter, [$($name),+].join(", ")))
            }
        }
    };
}

named_values! {
    /// How much a connection insists on TLS, weakest first.
    SslMode, "sslmode" {
        /// Never TLS.
        Disable = "disable",
        /// TLS only if the server refuses plain connections.
        Allow = "allow",
        /// TLS if the server has it; libpq's default.
        Prefer = "prefer",
        /// TLS, with any certificate.
        Require = "require",
        /// TLS, with a certificate of a known authority.
        VerifyCa = "verify-ca",
        /// TLS, with a certificate of a known authority for this very host.
        VerifyFull = "verify-full",
    }
}

named_values! {
    /// How TLS begins.
    SslNegotiation, "sslnegotiation" {
        /// After PostgreSQL's own question for it.
        Postgres = "postgres",
        /// At once; servers from PostgreSQL 17 on.
        Direct = "direct",
    }
}

named_values! {
    /// Whether SCRAM is bound to the TLS channel.
    ChannelBinding, "channel_binding" {
        /// Never.
        Disable = "disable",
        /// If the server offers it.
        Prefer = "prefer",
        /// Always, or no connection.
        Require = "require",
    }
}

named_values! {
    /// Which of several servers will do.
    TargetSessionAttrs, "target_session_attrs" {
        /// Any of them.
        Any = "any",
        /// One that accepts writes.
        ReadWrite = "read-write",
        /// One whose sessions only read.
        ReadOnly = "read-only",
        /// One that is not in recovery.
        Primary = "primary",
        /// One that is in recovery.
        Standby = "standby",
        /// A standby if there is one.
        PreferStandby = "prefer-standby",
    }
}

impl Params {
    /// The names of the server settings that the options set.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let mut words: Vec<String> = vec![String::new()];
        let mut letters = self.options.as_deref().unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            let word = words.last_mut();
            match (letter, word) {
                ('\\', Some(word)) => word.extend(letters.next()),
                (letter, _) if letter.is_whitespace() => words.push(String::new()),
                (letter, Some(word)) => word.push(letter),
                _ => {}
            }
        }
        let setting = |word: &String| {
            let word = word.strip_prefix("-c").unwrap_or(word);
            let (name, _) = word.strip_prefix("--").unwrap_or(word).split_once('=')?;
            Some(name.replace('-', "_"))
        };
        words.iter().filter_map(setting).collect()
    }

    /// Sets one parameter by its libpq keyword; an empty text unsets a text.
    ///
    /// # Errors
    /// [`UrlError::InvalidValue`] for a value that the parameter cannot have, [`UrlError::UnknownParameter`] for a
    /// keyword that has no field here.
    pub(super) fn set(&mut self, key: &'static str, value: &str) -> Result<(), UrlError> {
        let text = || Some(value.to_owned()).filter(|text| !text.is_empty());
        match key {
            "sslmode" => self.ssl_mode = Some(value.parse()?),
            "sslrootcert" => self.ssl_root_cert = text(),
            "sslcert" => self.ssl_cert = text(),
            "sslkey" => self.ssl_key = text(),
            "sslpassword" => self.ssl_password = text().map(Secret::new),
            "sslcrl" => self.ssl_crl = text(),
            "sslsni" => self.ssl_sni = Some(flag(key, value)?),
            "sslnegotiation" => self.ssl_negotiation = Some(value.parse()?),
            "ssl_min_protocol_version" => self.ssl_min_protocol = tls_version(key, value)?,
            "ssl_max_protocol_version" => self.ssl_max_protocol = tls_version(key, value)?,
            "channel_binding" => self.channel_binding = Some(value.parse()?),
            "options" => self.options = text(),
            "application_name" => self.application_name = text(),
            "fallback_application_name" => self.fallback_application_name = text(),
            "connect_timeout" => self.connect_timeout = Some(connect_timeout(key, value)?),
            "target_session_attrs" => self.target_session_attrs = Some(value.parse()?),
            "load_balance_hosts" => {
                self.load_balance_hosts = Some(match value {
                    "disable" => false,
                    "random" => true,
                    _ => return Err(UrlError::invalid(key, "disable, random")),
                });
            }
            "keepalives" => self.keepalives = Some(flag(key, value)?),
            "keepalives_idle" => self.keepalives_idle = Some(number(key, value)?),
            "keepalives_interval" => self.keepalives_interval = Some(number(key, value)?),
            "keepalives_count" => self.keepalives_count = Some(number(key, value)?),
            "tcp_user_timeout" => self.tcp_user_timeout_ms = Some(number(key, value)?),
            "passfile" => self.passfile = text(),
            "service" => self.service = text(),
            "require_auth" => self.require_auth = auth_methods(key, value)?,
            _ => {
                return Err(UrlError::UnknownParameter { name: key.into(), nearest: None });
            }
        }
        Ok(())
    }

    /// Adds a server setting to `options`.
    pub(super) fn add_setting(&mut self, name: &str, value: &str) {
        let setting = setting_option(name, value);
        match &mut self.options {
            Some(options) => {
                options.push(' ');
                options.push_str(&setting);
            }
            None => self.options = Some(setting),
        }
    }

    /// What is set, under libpq's keywords and in their spelling, in a fixed order.
    ///
    /// Without [`Params::statement_timeout_ms`] and [`Params::pooled`], which libpq has no keyword for.
    pub(super) fn pairs(&self, secrets: Secrets) -> Vec<(&'static str, String)> {
        let bit = |on: bool| if on { "1" } else { "0" }.to_owned();
        let balance = |on: bool| if on { "random" } else { "disable" }.to_owned();
        let password = self.ssl_password.as_ref().map(|secret| secret.shown(secrets).to_owned());
        let all = [
            ("sslmode", self.ssl_mode.map(|mode| mode.to_string())),
            ("sslrootcert", self.ssl_root_cert.clone()),
            ("sslcert", self.ssl_cert.clone()),
            ("sslkey", self.ssl_key.clone()),
            ("sslpassword", password),
            ("sslcrl", self.ssl_crl.clone()),
            ("sslsni", self.ssl_sni.map(bit)),
            ("sslnegotiation", self.ssl_negotiation.map(|how| how.to_string())),
            ("ssl_min_protocol_version", self.ssl_min_protocol.clone()),
            ("ssl_max_protocol_version", self.ssl_max_protocol.clone()),
            ("channel_binding", self.channel_binding.map(|how| how.to_string())),
            ("require_auth", self.require_auth.clone()),
            ("options", self.options.clone()),
            ("application_name", self.application_name.clone()),
            ("fallback_application_name", self.fallback_application_name.clone()),
            ("connect_timeout", self.connect_timeout.map(|seconds| seconds.to_string())),
            ("target_session_attrs", self.target_session_attrs.map(|which| which.to_string())),
            ("load_balance_hosts", self.load_balance_hosts.map(balance)),
            ("keepalives", self.keepalives.map(bit)),
            ("keepalives_idle", self.keepalives_idle.map(|seconds| seconds.to_string())),
            ("keepalives_interval", self.keepalives_interval.map(|seconds| seconds.to_string())),
            ("keepalives_count", self.keepalives_count.map(|count| count.to_string())),
            ("tcp_user_timeout", self.tcp_user_timeout_ms.map(|millis| millis.to_string())),
            ("passfile", self.passfile.clone()),
            ("service", self.service.clone()),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// Fills what is unset from `defaults`.
    pub(super) fn overlay(mut self, defaults: &Self) -> Self {
        macro_rules! fill {
            ($($field:ident),+ $(,)?) => {
                $(if self.$field.is_none() { self.$field.clone_from(&defaults.$field); })+
            };
        }
        fill!(
            ssl_mode,
            ssl_root_cert,
            ssl_cert,
            ssl_key,
            ssl_password,
            ssl_crl,
            ssl_sni,
            ssl_negotiation,
            ssl_min_protocol,
            ssl_max_protocol,
            channel_binding,
            options,
            application_name,
            fallback_application_name,
            connect_timeout,
            statement_timeout_ms,
            target_session_attrs,
            load_balance_hosts,
            keepalives,
            keepalives_idle,
            keepalives_interval,
            keepalives_count,
            tcp_user_timeout_ms,
            passfile,
            service,
            require_auth,
        );
        self.pooled |= defaults.pooled;
        self
    }
}

/// A server setting as an option of the server's command line.
///
/// The server splits `options` at white space; a backslash escapes one character.
pub(super) fn setting_option(name: &str, value: &str) -> String {
    let mut option = format!("-c{name}=");
    for character in value.chars() {
        if character.is_ascii_whitespace() || character == '\x0b' || character == '\\' {
            option.push('\\');
        }
        option.push(character);
    }
    option
}

fn number(key: &'static str, value: &str) -> Result<u32, UrlError> {
    let parsed = value.trim().parse::<u32>().ok().filter(|number| *number <= i32::MAX as u32);
    parsed.ok_or_else(|| UrlError::invalid(key, "a whole number from 0 to 2147483647"))
}

/// Zero and less wait without end, as in libpq.
fn connect_timeout(key: &'static str, value: &str) -> Result<u32, UrlError> {
    match value.trim().parse::<i32>() {
        Ok(seconds) => Ok(u32::try_from(seconds).unwrap_or(0)),
        Err(_) => Err(UrlError::invalid(key, "a whole number of seconds; 0 waits forever")),
    }
}

fn flag(key: &'static str, value: &str) -> Result<bool, UrlError> {
    match value.trim() {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(UrlError::invalid(key, "0, 1")),
    }
}

fn tls_version(key: &'static str, value: &str) -> Result<Option<String>, UrlError> {
    const VERSIONS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    if value.is_empty() {
        return Ok(None);
    }
    match VERSIONS.into_iter().find(|known| known.eq_ignore_ascii_case(value)) {
        Some(known) => Ok(Some(known.to_owned())),
        None => Err(UrlError::invalid(key, VERSIONS.join(", "))),
    }
}

fn auth_methods(key: &'static str, value: &str) -> Result<Option<String>, UrlError> {
    const METHODS: [&str; 7] = ["password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"];
    if value.is_empty() {
        return Ok(None);
    }
    let known = |method: &str| METHODS.contains(&method.strip_prefix('!').unwrap_or(method));
    let negated = value.split(',').filter(|method| method.starts_with('!')).count();
    let alike = negated == 0 || negated == value.split(',').count();
    if alike && value.split(',').all(known) {
        return Ok(Some(value.to_owned()));
    }
    let methods = METHODS.join(", ");
    Err(UrlError::invalid(
        key,
        format!("a list of {methods}; or each of them with a `!` before it"),
    ))
}

#[cfg(test)]
mod tests;

//! Every parameter that a connection string may have, under every driver's name, and what becomes of it.
//!
//! Sources: libpq of PostgreSQL 18, asyncpg, psycopg, pg8000 and SQLAlchemy, pgjdbc, sqlx, Prisma, pgx and lib/pq,
//! node-postgres, Rails. What is not in this table is rejected by name, so that a misspelled `sslmode` cannot go
//! unnoticed.

/// A parameter's name and its meaning.
pub(super) struct Keyword {
    pub(super) name: &'static str,
    pub(super) meaning: Meaning,
}

/// What becomes of a parameter.
pub(super) enum Meaning {
    /// libpq's own name of something that a URL holds.
    Native,
    /// Another name for the native parameter; the values are the same.
    Alias(&'static str),
    /// Something like the native parameter; `translate` knows how the values differ.
    Translated(&'static str),
    /// Ignored, for the reason given.
    Dropped(&'static str),
    /// Ignored if the value, in lower case, is one of these; otherwise an invalid value.
    DroppedIf(&'static [&'static str], &'static str),
    /// Never accepted: it asks for what must not be ignored. The text says what to do.
    Refused(&'static str),
}

use crate::words::near::distance;
use Meaning::{Alias, Dropped, DroppedIf, Native, Refused, Translated};

const ASYNCPG: &str = "an asyncpg setting with no effect here";
const SQLALCHEMY: &str = "a SQLAlchemy or psycopg setting with no effect here";
const PRISMA: &str = "a Prisma setting with no effect here";
const JDBC: &str = "a pgjdbc setting with no effect here";
const SQLX: &str = "a sqlx setting with no effect here";
const GO: &str = "a setting of a Go driver with no effect here";
const NODE: &str = "a setting of a JavaScript driver with no effect here";
const DJANGO: &str = "a Django setting with no effect here";
const DOCTRINE: &str = "a Doctrine setting with no effect here";
const R2DBC: &str = "a setting of R2DBC with no effect here";
const RAILS: &str = "a Rails setting with no effect here";
const KERBEROS: &str = "glowplug has no Kerberos or GSSAPI";
const OAUTH: &str = "glowplug has no OAuth authentication";
const PROTOCOL: &str = "glowplug speaks protocol 3.0";
const UTF8: &str = "glowplug always speaks UTF-8";
const CACHE: &str = "glowplug keeps no statements between runs";

macro_rules! keywords {
    ($($name:literal => $meaning:expr,)+) => {
        &[$(Keyword { name: $name, meaning: $meaning }),+]
    };
}

/// The table; names are matched exactly, as libpq does.
pub(super) const KEYWORDS: &[Keyword] = keywords! {
    // libpq, PostgreSQL 18
    "host" => Native,
    "hostaddr" => Native,
    "port" => Native,
    "user" => Native,
    "password" => Native,
    "dbname" => Native,
    "sslmode" => Native,
    "sslrootcert" => Native,
    "sslcert" => Native,
    "sslkey" => Native,
    "sslpassword" => Native,
    "sslcrl" => Native,
    "sslsni" => Native,
    "sslnegotiation" => Native,
    "ssl_min_protocol_version" => Native,
    "ssl_max_protocol_version" => Native,
    "channel_binding" => Native,
    "require_auth" => Native,
    "options" => Native,
    "application_name" => Native,
    "fallback_application_name" => Native,
    "connect_timeout" => Native,
    "target_session_attrs" => Native,
    "load_balance_hosts" => Native,
    "keepalives" => Native,
    "keepalives_idle" => Native,
    "keepalives_interval" => Native,
    "keepalives_count" => Native,
    "tcp_user_timeout" => Native,
    "passfile" => Native,
    "service" => Native,
    "requiressl" => Translated("sslmode"),
    "client_encoding" => DroppedIf(&["utf8", "utf-8", "unicode"], UTF8),
    "replication" => DroppedIf(&["false", "off", "no", "0"], "glowplug never opens a replication connection"),
    "min_protocol_version" => DroppedIf(&["3.0"], PROTOCOL),
    "max_protocol_version" => DroppedIf(&["3.0", "3.2", "latest"], PROTOCOL),
    "gssencmode" => DroppedIf(&["disable", "prefer"], KERBEROS),
    "sslcompression" => Dropped("TLS compression is gone from every current server"),
    "sslcertmode" => Dropped("glowplug sends a client certificate when `sslcert` names one and the server asks"),
    "sslkeylogfile" => Dropped("glowplug never writes TLS keys to a file"),
    "requirepeer" => Dropped("glowplug does not look up the user that owns the server's process"),
    "krbsrvname" => Dropped(KERBEROS),
    "gsslib" => Dropped(KERBEROS),
    "gssdelegation" => Dropped(KERBEROS),
    "authtype" => Dropped("libpq ignores it too"),
    "tty" => Dropped("libpq ignores it too"),
    "oauth_issuer" => Dropped(OAUTH),
    "oauth_client_id" => Dropped(OAUTH),
    "oauth_client_secret" => Dropped(OAUTH),
    "oauth_scope" => Dropped(OAUTH),
    "sslcrldir" => Refused("Use `sslcrl` with one file: a revocation check must not be skipped in silence."),
    "scram_client_key" => Refused("Use `password`: glowplug cannot log in with SCRAM keys."),
    "scram_server_key" => Refused("Use `password`: glowplug cannot log in with SCRAM keys."),

    // server settings that asyncpg, pgx and lib/pq take as parameters
    "search_path" => Translated("options"),
    "statement_timeout" => Translated("options"),
    "lock_timeout" => Translated("options"),
    "idle_in_transaction_session_timeout" => Translated("options"),
    "timezone" => Translated("options"),
    "TimeZone" => Translated("options"),

    // asyncpg, pg8000, SQLAlchemy, psycopg
    "ssl" => Translated("sslmode"),
    "ssl_context" => Translated("sslmode"),
    "direct_tls" => Translated("sslnegotiation"),
    "database" => Alias("dbname"),
    "username" => Alias("user"),
    "timeout" => Translated("connect_timeout"),
    "command_timeout" => Translated("a statement timeout"),
    "server_settings" => Translated("options"),
    "unix_sock" => Translated("host"),
    "tcp_keepalive" => Translated("keepalives"),
    "prepared_statement_cache_size" => Dropped(ASYNCPG),
    "prepared_statement_name_func" => Dropped(ASYNCPG),
    "statement_cache_size" => Dropped(ASYNCPG),
    "max_cached_statement_lifetime" => Dropped(ASYNCPG),
    "max_cacheable_statement_size" => Dropped(ASYNCPG),
    "async_fallback" => Dropped(SQLALCHEMY),
    "autocommit" => Dropped(SQLALCHEMY),
    "prepare_threshold" => Dropped(SQLALCHEMY),
    "executemany_mode" => Dropped(SQLALCHEMY),
    "use_native_hstore" => Dropped(SQLALCHEMY),

    // Prisma and the platforms that write for it
    "pgbouncer" => Translated("a marker for a pooler in front of the server"),
    "schema" => Translated("options"),
    "socket_timeout" => Translated("a statement timeout"),
    "connection_limit" => Dropped(PRISMA),
    "pool_timeout" => Dropped(PRISMA),
    "single_use_connections" => Dropped(PRISMA),
    "max_connection_lifetime" => Dropped(PRISMA),
    "max_idle_connection_lifetime" => Dropped(PRISMA),
    "sslaccept" => Dropped("a Prisma setting; `sslmode` says what is verified"),
    "sslidentity" => Dropped("a Prisma setting; use `sslcert` and `sslkey`"),
    "supa" => Dropped("a marker of Supabase with no effect here"),
    "workaround" => Dropped("a marker of Supabase with no effect here"),

    // sqlx
    "ssl-mode" => Alias("sslmode"),
    "ssl-root-cert" => Alias("sslrootcert"),
    "ssl-ca" => Alias("sslrootcert"),
    "ssl-cert" => Alias("sslcert"),
    "ssl-key" => Alias("sslkey"),
    "statement-cache-capacity" => Dropped(SQLX),

    // Go, JavaScript, Rails
    "pool_max_conns" => Dropped(GO),
    "pool_min_conns" => Dropped(GO),
    "pool_max_conn_lifetime" => Dropped(GO),
    "pool_max_conn_lifetime_jitter" => Dropped(GO),
    "pool_max_conn_idle_time" => Dropped(GO),
    "pool_health_check_period" => Dropped(GO),
    "default_query_exec_mode" => Dropped(GO),
    "statement_cache_capacity" => Dropped(CACHE),
    "description_cache_capacity" => Dropped(CACHE),
    "binary_parameters" => Dropped(GO),
    "uselibpqcompat" => Dropped(NODE),
    "pool" => Dropped(RAILS),
    "prepared_statements" => Dropped(RAILS),
    "advisory_locks" => Dropped(RAILS),
    "encoding" => DroppedIf(&["utf8", "utf-8", "unicode"], UTF8),

    "pool_size" => Dropped(RAILS),
    "pool_min_idle_conns" => Dropped(GO),
    "conn_max_age" => Dropped(DJANGO),
    "conn_health_checks" => Dropped(DJANGO),
    "query_timeout" => Dropped(NODE),
    "max" => Dropped(NODE),
    "idle_timeout" => Dropped(NODE),
    "max_lifetime" => Dropped(NODE),

    // Doctrine
    "serverVersion" => Dropped(DOCTRINE),
    "charset" => DroppedIf(&["utf8", "utf-8", "unicode"], UTF8),
    "persistent" => Dropped(DOCTRINE),
    "default_dbname" => Dropped(DOCTRINE),

    // R2DBC
    "sslMode" => Alias("sslmode"),
    "sslRootCert" => Alias("sslrootcert"),
    "sslCert" => Alias("sslcert"),
    "sslKey" => Alias("sslkey"),
    "sslPassword" => Alias("sslpassword"),
    "applicationName" => Alias("application_name"),
    "timeZone" => Translated("options"),
    "autodetectExtensions" => Dropped(R2DBC),
    "compatibilityMode" => Dropped(R2DBC),
    "fetchSize" => Dropped(R2DBC),
    "forceBinary" => Dropped(R2DBC),
    "initialSize" => Dropped(R2DBC),
    "maxSize" => Dropped(R2DBC),
    "maxIdleTime" => Dropped(R2DBC),

    // pgjdbc
    "currentSchema" => Translated("options"),
    "ApplicationName" => Alias("application_name"),
    "connectTimeout" => Alias("connect_timeout"),
    "loginTimeout" => Translated("connect_timeout"),
    "socketTimeout" => Translated("a statement timeout"),
    "tcpKeepAlive" => Translated("keepalives"),
    "targetServerType" => Translated("target_session_attrs"),
    "loadBalanceHosts" => Translated("load_balance_hosts"),
    "channelBinding" => Alias("channel_binding"),
    "sslNegotiation" => Alias("sslnegotiation"),
    "requireAuth" => Alias("require_auth"),
    "PGHOST" => Alias("host"),
    "PGPORT" => Alias("port"),
    "PGDBNAME" => Alias("dbname"),
    "gssEncMode" => DroppedIf(&["disable", "allow", "prefer"], KERBEROS),
    "protocolVersion" => DroppedIf(&["3", "3.0"], PROTOCOL),
    "sslfactory" => Dropped("a Java class; `sslmode` says what is verified"),
    "sslfactoryarg" => Dropped(JDBC),
    "sslhostnameverifier" => Dropped("a Java class; `sslmode` says what is verified"),
    "sslpasswordcallback" => Dropped(JDBC),
    "sslResponseTimeout" => Dropped(JDBC),
    "socketFactory" => Dropped(JDBC),
    "socketFactoryArg" => Dropped(JDBC),
    "authenticationPluginClassName" => Dropped(JDBC),
    "kerberosServerName" => Dropped(KERBEROS),
    "jaasApplicationName" => Dropped(KERBEROS),
    "jaasLogin" => Dropped(KERBEROS),
    "useSpnego" => Dropped(KERBEROS),
    "sspiServiceClass" => Dropped(KERBEROS),
    "gssResponseTimeout" => Dropped(KERBEROS),
    "gssUseDefaultCreds" => Dropped(KERBEROS),
    "prepareThreshold" => Dropped(JDBC),
    "preparedStatementCacheQueries" => Dropped(JDBC),
    "preparedStatementCacheSizeMiB" => Dropped(JDBC),
    "databaseMetadataCacheFields" => Dropped(JDBC),
    "databaseMetadataCacheFieldsMiB" => Dropped(JDBC),
    "preferQueryMode" => Dropped(JDBC),
    "defaultRowFetchSize" => Dropped(JDBC),
    "adaptiveFetch" => Dropped(JDBC),
    "adaptiveFetchMinimum" => Dropped(JDBC),
    "adaptiveFetchMaximum" => Dropped(JDBC),
    "reWriteBatchedInserts" => Dropped(JDBC),
    "stringtype" => Dropped(JDBC),
    "binaryTransfer" => Dropped(JDBC),
    "binaryTransferEnable" => Dropped(JDBC),
    "binaryTransferDisable" => Dropped(JDBC),
    "assumeMinServerVersion" => Dropped(JDBC),
    "cancelSignalTimeout" => Dropped(JDBC),
    "allowEncodingChanges" => Dropped(JDBC),
    "autosave" => Dropped(JDBC),
    "cleanupSavepoints" => Dropped(JDBC),
    "disableColumnSanitiser" => Dropped(JDBC),
    "escapeSyntaxCallMode" => Dropped(JDBC),
    "groupStartupParameters" => Dropped(JDBC),
    "hideUnprivilegedObjects" => Dropped(JDBC),
    "hostRecheckSeconds" => Dropped(JDBC),
    "localSocketAddress" => Dropped(JDBC),
    "loggerLevel" => Dropped(JDBC),
    "loggerFile" => Dropped(JDBC),
    "logServerErrorDetail" => Dropped(JDBC),
    "logUnclosedConnections" => Dropped(JDBC),
    "maxResultBuffer" => Dropped(JDBC),
    "maxSendBufferSize" => Dropped(JDBC),
    "quoteReturningIdentifiers" => Dropped(JDBC),
    "readOnly" => Dropped(JDBC),
    "readOnlyMode" => Dropped(JDBC),
    "receiveBufferSize" => Dropped(JDBC),
    "sendBufferSize" => Dropped(JDBC),
    "tcpNoDelay" => Dropped(JDBC),
    "unknownLength" => Dropped(JDBC),
    "xmlFactoryFactory" => Dropped(JDBC),
};

/// The parameter of this name.
pub(super) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// The known name that is spelled most like `name`, if one is near enough to be what was meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    // Distances of long texts cost much and say nothing.
    if wanted.is_empty() || wanted.len() > 64 {
        return None;
    }
    let most = 2.min(wanted.len() / 3);
    let candidates = KEYWORDS.iter().map(|known| (known, plain(known.name)));
    let by_distance = candidates
        .filter(|(_, plain)| plain.len().abs_diff(wanted.len()) <= most)
        .map(|(known, plain)| (distance(&wanted, &plain), known));
    let (distance, known) = by_distance.min_by_key(|(distance, _)| *distance)?;
    (distance <= most).then_some(known.name)
}

fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(nearest(name), expected, "{name}");
    }

    #[test]
    fn a_misspelled_name_has_a_neighbour_and_a_foreign_one_has_none() {
        check("sslmod", Some("sslmode"));
        check("ssl_mode", Some("sslmode"));
        check("sllmode", Some("sslmode"));
        check("SSLMODE", Some("sslmode"));
        check("aplication_name", Some("application_name"));
        check("applicatonname", Some("application_name"));
        check("connnect_timeout", Some("connect_timeout"));
        check("db_name", Some("dbname"));
        check("ho", None);
        check("completely_different", None);
        check("", None);
    }

    #[test]
    fn every_name_stands_in_the_table_once() {
        let names: BTreeSet<_> = KEYWORDS.iter().map(|keyword| keyword.name).collect();
        assert_eq!(names.len(), KEYWORDS.len());
    }

    #[test]
    fn an_alias_leads_to_a_native_name() {
        for keyword in KEYWORDS {
            if let Alias(of) = keyword.meaning {
                assert!(find(of).is_some_and(|native| matches!(native.meaning, Native)), "{of}");
            }
        }
    }
}

//! A URL, completed as libpq does it. Order of precedence: the URL, its service, the variables, the defaults.

use std::path::Path;

use super::environment::Environment;
use super::error::ConnectError;
use super::service::{self, Service};
use crate::words::url::{Host, HostName, SslMode, Url};

/// Directories in which a server may put its socket when nobody says otherwise.
pub(super) const SOCKET_DIRECTORIES: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// Each variable and the parameter that it stands for. PGSERVICE and PGREQUIRESSL are not among
/// them: they have rules of their own.
const VARIABLES: [(&str, &str); 23] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGREQUIREAUTH", "require_auth"),
];

/// Fills a URL from service file, PG* variables and libpq's defaults, in libpq's order of
/// precedence.
///
/// Afterwards there is at least one host, each with a port, a user and a database. The password of
/// `.pgpass` is not looked up here: it depends on the host that is tried. Completing twice changes
/// nothing.
///
/// # Errors
/// [`ConnectError::Setting`] for a variable or a service that cannot be used, or when no user is
/// known.
pub fn complete(url: Url, environment: &Environment) -> Result<Url, ConnectError> {
    let service_name =
        url.params.service.clone().or_else(|| environment.get("PGSERVICE").map(str::to_owned));
    let mut url = url;
    if let Some(name) = service_name {
        url = url.overlay(&of_service(&Service::find(&name, environment)?)?);
        url.params.service = Some(name);
    }
    url = url.overlay(&of_variables(environment)?);
    let user = match url.user.take().filter(|user| !user.is_empty()) {
        Some(user) => user,
        None => environment.user.clone().ok_or_else(|| {
            ConnectError::setting(
                "the URL names no user, and neither does the system",
                "Name the role in the URL or in PGUSER.",
            )
        })?,
    };
    if url.database.as_deref().unwrap_or_default().is_empty() {
        url.database = Some(user.clone());
    }
    url.user = Some(user);
    for host in &mut url.hosts {
        host.port.get_or_insert(DEFAULT_PORT);
    }
    if url.hosts.is_empty() {
        url.hosts.push(Host { name: HostName::Unnamed, hostaddr: None, port: Some(DEFAULT_PORT) });
    }
    for host in &mut url.hosts {
        if matches!(host.name, HostName::Unnamed) && host.hostaddr.is_none() {
            host.name = default_host(host.port.unwrap_or(DEFAULT_PORT));
        }
    }
    Ok(url)
}

fn of_service(service: &Service) -> Result<Url, ConnectError> {
    let mut layer = Url::default();
    for setting in &service.settings {
        layer
            .set(&setting.key, &setting.value)
            .map_err(|problem| service::broken(&service.path, setting.line, problem))?;
    }
    Ok(layer)
}

fn of_variables(environment: &Environment) -> Result<Url, ConnectError> {
    let mut layer = Url::default();
    for (variable, key) in VARIABLES {
        if let Some(value) = environment.get(variable) {
            layer.set(key, value).map_err(|problem| {
                ConnectError::setting(
                    format!("the variable {variable} cannot be used: {problem}"),
                    format!("Correct {variable} or unset it."),
                )
            })?;
        }
    }
    if layer.params.ssl_mode.is_none() && environment.get("PGREQUIRESSL") == Some("1") {
        layer.params.ssl_mode = Some(SslMode::Require);
    }
    Ok(layer)
}

/// The directory with a socket for the port, else the first that a package would use, else this
/// machine over TCP.
fn default_host(port: u16) -> HostName {
    if cfg!(unix) {
        let file = format!(".s.PGSQL.{port}");
        let [packaged @ .., _] = SOCKET_DIRECTORIES;
        let with_socket =
            SOCKET_DIRECTORIES.into_iter().find(|path| Path::new(path).join(&file).exists());
        let found =
            with_socket.or_else(|| packaged.into_iter().find(|path| Path::new(path).is_dir()));
        if let Some(directory) = found {
            return HostName::Socket(directory.to_owned());
        }
    }
    HostName::Tcp("localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::url::Secret;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        Environment {
            vars: vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            home: None,
            user: Some("os".to_owned()),
        }
    }

    fn url(settings: &[(&str, &str)]) -> Url {
        let mut url = Url::default();
        for (key, value) in settings {
            url.set(key, value).expect("a valid setting");
        }
        url
    }

    fn hosts(url: &Url) -> Vec<String> {
        let text = |host: &Host| {
            let name = match &host.name {
                HostName::Tcp(name) | HostName::Socket(name) => name.clone(),
                HostName::Unnamed => String::new(),
            };
            let address = host.hostaddr.as_deref().map(|a| format!("@{a}")).unwrap_or_default();
            format!("{name}{address}:{}", host.port.expect("a completed host has a port"))
        };
        url.hosts.iter().map(text).collect()
    }

    #[track_caller]
    fn check(settings: &[(&str, &str)], vars: &[(&str, &str)], expected: &[&str]) {
        let done = complete(url(settings), &environment(vars)).expect("it can be completed");
        assert_eq!(hosts(&done), expected);
        let again = complete(done.clone(), &environment(vars)).expect("it still can");
        assert_eq!(hosts(&again), expected, "completing twice changes nothing");
    }

    #[test]
    fn hosts_addresses_and_ports_come_from_the_first_layer_that_has_them() {
        check(&[("host", "a")], &[("PGHOST", "b"), ("PGPORT", "6000")], &["a:6000"]);
        check(&[("port", "1")], &[("PGHOST", "b"), ("PGPORT", "6000")], &["b:1"]);
        check(&[("host", "a,b")], &[("PGPORT", "6000")], &["a:6000", "b:6000"]);
        check(&[], &[("PGHOST", "a,b"), ("PGPORT", "1,2")], &["a:1", "b:2"]);
        check(&[("host", "a")], &[("PGHOSTADDR", "10.0.0.1")], &["a@10.0.0.1:5432"]);
        check(&[("host", "/run/x")], &[("PGHOST", "a"), ("PGPORT", "1")], &["/run/x:1"]);
        check(&[("hostaddr", "10.0.0.1")], &[], &["@10.0.0.1:5432"]);
    }

    #[test]
    fn the_database_is_called_like_the_user_and_the_user_like_the_account() {
        let done =
            |settings, vars| complete(url(settings), &environment(vars)).expect("it is fine");
        let names = |url: Url| (url.user.unwrap_or_default(), url.database.unwrap_or_default());
        let pair = |user: &str, database: &str| (user.to_owned(), database.to_owned());
        assert_eq!(names(done(&[], &[])), pair("os", "os"));
        assert_eq!(names(done(&[], &[("PGUSER", "me")])), pair("me", "me"));
        assert_eq!(names(done(&[("user", "me")], &[("PGDATABASE", "db")])), pair("me", "db"));
    }

    #[test]
    fn a_service_beats_the_variables_and_the_url_beats_the_service() {
        let directory = std::env::temp_dir().join(format!("gp-service-{}", fastrand::u64(..)));
        std::fs::create_dir_all(&directory).expect("a temporary directory");
        let file = directory.join("pg_service.conf");
        let text = "[prod]\nhost=db1\nport=5433\ndbname=app\npassword=from-service\n";
        std::fs::write(&file, text).expect("a temporary file");
        let file = file.to_str().expect("a plain path");
        let vars = [("PGSERVICEFILE", file), ("PGSERVICE", "prod"), ("PGHOST", "db2")];
        let done = complete(url(&[("dbname", "mine")]), &environment(&vars)).expect("it is fine");
        assert_eq!(hosts(&done), ["db1:5433"]);
        assert_eq!(done.database.as_deref(), Some("mine"));
        assert_eq!(done.password.as_ref().map(Secret::reveal), Some("from-service"));
        let missing = complete(url(&[("service", "other")]), &environment(&vars));
        let text = missing.expect_err("there is no such service").to_string();
        assert!(text.starts_with("service `other` is not defined"), "{text}");
        std::fs::remove_dir_all(&directory).expect("it is ours");
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_named() {
        let failed = complete(url(&[]), &environment(&[("PGSSLMODE", "sometimes")]));
        let text = failed.expect_err("there is no such mode").to_string();
        assert!(text.starts_with("the variable PGSSLMODE cannot be used"), "{text}");
    }

    #[test]
    fn a_debugged_environment_shows_no_values() {
        let shown = format!("{:?}", environment(&[("PGPASSWORD", "hunter2"), ("SECRET", "x")]));
        assert!(shown.contains("PGPASSWORD") && !shown.contains("hunter2"), "{shown}");
    }
}

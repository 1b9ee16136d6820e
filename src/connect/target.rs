//! From a host of the URL to the addresses that stand for it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::words::url::{Host, HostName};

use super::error::{ConnectError, Server};

/// Whether the order of a list is left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsWritten,
    Random,
}

impl Order {
    pub(super) fn apply<T>(self, list: &mut [T]) {
        if self == Order::Random {
            fastrand::shuffle(list);
        }
    }
}

/// What `.pgpass` calls the host.
#[must_use]
pub(super) fn passfile_name(host: &Host) -> &str {
    match (&host.name, &host.hostaddr) {
        (HostName::Tcp(name) | HostName::Socket(name), _) => name,
        (HostName::Unnamed, Some(address)) => address,
        (HostName::Unnamed, None) => "localhost",
    }
}

/// The addresses of a host; a name is looked up unless the URL gives its address.
pub(super) async fn servers(
    host: &Host,
    order: Order,
    limit: Duration,
) -> Result<Vec<Server>, ConnectError> {
    let port = host.port.unwrap_or(5432);
    let name = match (&host.name, &host.hostaddr) {
        (HostName::Socket(directory), _) => {
            let path = PathBuf::from(directory).join(format!(".s.PGSQL.{port}"));
            return Ok(vec![Server::Socket { path }]);
        }
        (HostName::Tcp(name), _) => Some(name.as_str()),
        (HostName::Unnamed, _) => None,
    };
    if let Some(address) = &host.hostaddr {
        let Ok(ip) = address.parse::<IpAddr>() else {
            return Err(ConnectError::setting(
                format!("hostaddr is `{address}`, which is not an IP address"),
                "Put names in host, and addresses like 10.0.0.1 or ::1 in hostaddr.",
            ));
        };
        let name = name.filter(|name| *name != address).map(str::to_owned);
        return Ok(vec![Server::Tcp { name, ip, port }]);
    }
    let name = name.unwrap_or("localhost");
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(vec![Server::Tcp { name: None, ip, port }]);
    }
    let mut addresses = look_up(name, port, limit).await?;
    order.apply(&mut addresses);
    let server = |ip| Server::Tcp { name: Some(name.to_owned()), ip, port };
    Ok(addresses.into_iter().map(server).collect())
}

async fn look_up(name: &str, port: u16, limit: Duration) -> Result<Vec<IpAddr>, ConnectError> {
    let failed = |reason: String, temporary| ConnectError::Lookup {
        host: name.to_owned(),
        reason,
        temporary,
    };
    let found = match tokio::time::timeout(limit, tokio::net::lookup_host((name, port))).await {
        Err(_) => {
            return Err(failed("the resolver did not answer in time".to_owned(), true));
        }
        Ok(Err(error)) => {
            let text = error.to_string();
            let reason = text.rsplit(": ").next().unwrap_or(&text).to_owned();
            return Err(failed(reason, is_temporary(&text)));
        }
        Ok(Ok(found)) => found,
    };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for ip in found.map(|address: SocketAddr| address.ip()) {
        if !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }
    if addresses.is_empty() {
        return Err(failed("it has no address".to_owned(), false));
    }
    Ok(addresses)
}

/// `EAI_AGAIN`, in the words of glibc and macOS, and of musl.
fn is_temporary(error: &str) -> bool {
    error.contains("Temporary failure") || error.contains("Try again")
}

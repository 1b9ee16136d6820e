//! Where the servers are: host names, addresses and ports, which libpq keeps in three parallel lists.
//!
//! A list of one port serves every host; any other list is as long as the list of hosts
//! ([the manual](https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS)).

use std::net::{IpAddr, Ipv6Addr};

use crate::words::url::{error::UrlError, part::Part};

/// One server of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name, which TLS verifies.
    pub name: HostName,
    /// Its numeric address, which then is not looked up.
    pub hostaddr: Option<String>,
    /// Its port; `None` for the default.
    pub port: Option<u16>,
}

/// What a server is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostName {
    /// A host name or a numeric address, IPv6 without brackets.
    Tcp(String),
    /// A directory with a Unix socket, or `@` and the name of an abstract one.
    Socket(String),
    /// None was given: there is only an address, or only a port of the default host.
    Unnamed,
}

impl HostName {
    /// The name as libpq's `host` has it; empty for [`HostName::Unnamed`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tcp(name) | Self::Socket(name) => name,
            Self::Unnamed => "",
        }
    }

    /// Tells names from socket directories, and refuses what can be neither.
    fn new(text: &str) -> Result<Self, UrlError> {
        if text.is_empty() {
            return Ok(Self::Unnamed);
        }
        if text.starts_with(['/', '@']) {
            // A comma would split the list that libpq keeps names in.
            return match text.contains(',') {
                true => Err(invalid_host()),
                false => Ok(Self::Socket(text.into())),
            };
        }
        let allowed =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || is_letter(c);
        if is_ipv6(text) || text.chars().all(allowed) {
            return Ok(Self::Tcp(text.into()));
        }
        Err(invalid_host())
    }
}

impl Host {
    /// Whether the connection cannot leave this machine.
    pub(super) fn is_local(&self) -> bool {
        if matches!(self.name, HostName::Socket(_)) {
            return true;
        }
        let name = match (&self.hostaddr, &self.name) {
            (Some(address), _) => address.as_str(),
            (None, HostName::Tcp(name)) => name.as_str(),
            (None, _) => return true,
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let address = name.split('%').next().unwrap_or_default();
        match address.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    fn is_default(&self) -> bool {
        self.name == HostName::Unnamed && self.hostaddr.is_none() && self.port.is_none()
    }
}

/// Reads the hosts of a URL's authority: `name:port,[v6]:port,%2Fdirectory`.
pub(super) fn parse_authority(authority: Part<'_>) -> Result<Vec<Host>, UrlError> {
    let mut hosts = Vec::new();
    for element in authority.pieces(',') {
        let (name, port) = split_port(element.text)?;
        let at = element.at + usize::from(element.text.starts_with('['));
        let name = HostName::new(&Part { text: name, at }.decode()?)?;
        hosts.push(Host { name, hostaddr: None, port });
    }
    Ok(simplified(hosts))
}

/// Sets the list of names; each may bring its own port, as SQLAlchemy writes them.
pub(super) fn with_names(hosts: &[Host], value: &str) -> Result<Vec<Host>, UrlError> {
    let mut lists = Lists::of(hosts);
    let mut names = Vec::new();
    let mut own_ports = Vec::new();
    for element in elements(value) {
        let is_directory = element.starts_with(['/', '@']);
        let element = if is_directory { element } else { element.trim_end() };
        // A directory may have a colon, and an IPv6 address without brackets has several.
        let bare = is_directory || is_ipv6(element);
        let (name, port) = if bare { (element, None) } else { split_port(element)? };
        names.push(HostName::new(name)?);
        own_ports.push(port);
    }
    if own_ports.iter().any(Option::is_some) {
        if lists.ports.len() == own_ports.len() {
            own_ports =
                own_ports.iter().zip(&lists.ports).map(|(own, list)| own.or(*list)).collect();
        }
        lists.ports = own_ports;
    }
    lists.names = names;
    lists.join()
}

/// Sets the list of addresses.
pub(super) fn with_addresses(hosts: &[Host], value: &str) -> Result<Vec<Host>, UrlError> {
    let mut lists = Lists::of(hosts);
    lists.addresses.clear();
    for element in elements(value).map(str::trim_end) {
        let numeric = is_ipv6(element) || element.parse::<IpAddr>().is_ok();
        if !numeric && !element.is_empty() {
            return Err(UrlError::invalid("hostaddr", "numeric addresses, separated by commas"));
        }
        lists.addresses.push(Some(element.to_owned()).filter(|text| !text.is_empty()));
    }
    lists.join()
}

/// Sets the list of ports.
pub(super) fn with_ports(hosts: &[Host], value: &str) -> Result<Vec<Host>, UrlError> {
    let mut lists = Lists::of(hosts);
    lists.ports = elements(value).map(|text| port(text.trim_end())).collect::<Result<_, _>>()?;
    lists.join()
}

/// Fills, list by list, what `hosts` do not say; a default list of the wrong length is not used.
pub(super) fn overlay(hosts: Vec<Host>, defaults: &[Host]) -> Vec<Host> {
    let (mut lists, defaults) = (Lists::of(&hosts), Lists::of(defaults));
    if lists.names.is_empty() && lists.addresses.is_empty() {
        lists.names = defaults.names;
        lists.addresses = defaults.addresses;
    } else if lists.addresses.is_empty() {
        // An address without a name belongs to whatever name there is, as PGHOSTADDR does in libpq; one that has
        // its own name does not.
        if defaults.names.is_empty() && defaults.addresses.len() == lists.names.len() {
            lists.addresses = defaults.addresses;
        }
    }
    if lists.ports.is_empty() {
        let count = lists.names.len().max(lists.addresses.len());
        if defaults.ports.len() == count || uniform(&defaults.ports).is_some() {
            lists.ports = defaults.ports;
        }
    }
    lists.join().unwrap_or(hosts)
}

/// The three lists of libpq; empty for one that is not given.
struct Lists {
    names: Vec<HostName>,
    addresses: Vec<Option<String>>,
    ports: Vec<Option<u16>>,
}

impl Lists {
    fn of(hosts: &[Host]) -> Self {
        let mut lists = Self {
            names: hosts.iter().map(|host| host.name.clone()).collect(),
            addresses: hosts.iter().map(|host| host.hostaddr.clone()).collect(),
            ports: hosts.iter().map(|host| host.port).collect(),
        };
        if lists.names.iter().all(|name| *name == HostName::Unnamed) {
            lists.names.clear();
        }
        if lists.addresses.iter().all(Option::is_none) {
            lists.addresses.clear();
        }
        if lists.ports.iter().all(Option::is_none) {
            lists.ports.clear();
        }
        lists
    }

    fn join(self) -> Result<Vec<Host>, UrlError> {
        let Self { names, addresses, mut ports } = self;
        if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
            let allowed = format!("as many addresses as hosts ({})", names.len());
            return Err(UrlError::invalid("hostaddr", allowed));
        }
        let count = match names.len().max(addresses.len()) {
            0 => ports.len(),
            count => count,
        };
        if ports.len() != count {
            match uniform(&ports) {
                Some(port) => ports = vec![port; count],
                None if ports.is_empty() => ports = vec![None; count],
                None => {
                    let allowed = format!("one port, or as many as there are hosts ({count})");
                    return Err(UrlError::invalid("port", allowed));
                }
            }
        }
        let mut names = names.into_iter();
        let mut addresses = addresses.into_iter();
        let hosts = ports.into_iter().map(|port| Host {
            name: names.next().unwrap_or(HostName::Unnamed),
            hostaddr: addresses.next().flatten(),
            port,
        });
        Ok(simplified(hosts.collect()))
    }
}

/// The one port that a list repeats.
fn uniform(ports: &[Option<u16>]) -> Option<Option<u16>> {
    let first = *ports.first()?;
    ports.iter().all(|port| *port == first).then_some(first)
}

/// A single host that says nothing is no host.
fn simplified(mut hosts: Vec<Host>) -> Vec<Host> {
    if let [only] = hosts.as_slice()
        && only.is_default()
    {
        hosts.clear();
    }
    hosts
}

/// The elements of a comma list, without spaces before them; none in an empty text.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let count = if list.trim().is_empty() { 0 } else { usize::MAX };
    list.split(',').map(str::trim_start).take(count)
}

/// Splits `name:port` and takes the brackets off an IPv6 address.
fn split_port(element: &str) -> Result<(&str, Option<u16>), UrlError> {
    if let Some(inside) = element.strip_prefix('[') {
        let (address, rest) = inside.split_once(']').ok_or_else(invalid_host)?;
        // What is in brackets is an address, possibly with an encoded zone.
        let bare = address.split('%').next().unwrap_or_default();
        if bare.parse::<Ipv6Addr>().is_err() {
            return Err(invalid_host());
        }
        return match rest.strip_prefix(':') {
            Some(text) => Ok((address, port(text)?)),
            None if rest.is_empty() => Ok((address, None)),
            None => Err(invalid_host()),
        };
    }
    match element.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Err(invalid_host()),
        Some((name, text)) => Ok((name, port(text)?)),
        None => Ok((element, None)),
    }
}

fn port(text: &str) -> Result<Option<u16>, UrlError> {
    match text.parse::<u16>() {
        _ if text.is_empty() => Ok(None),
        Ok(port) if port > 0 && !text.starts_with('+') => Ok(Some(port)),
        _ => Err(UrlError::invalid("port", "1 to 65535")),
    }
}

/// An IPv6 address, possibly with a zone.
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && zone.chars().all(named)
}

/// A letter or digit of an internationalized host name.
fn is_letter(c: char) -> bool {
    !c.is_ascii() && c.is_alphanumeric()
}

fn invalid_host() -> UrlError {
    UrlError::invalid(
        "host",
        "a host name, an address (IPv6 in brackets), or a directory that starts with `/`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts as one line: `name|address|port`, separated by spaces.
    fn line(hosts: &[Host]) -> String {
        let one = |host: &Host| {
            let port = host.port.map(|port| port.to_string()).unwrap_or_default();
            format!(
                "{}|{}|{port}",
                host.name.as_str(),
                host.hostaddr.as_deref().unwrap_or_default()
            )
        };
        hosts.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: Result<&str, &str>) {
        let set = |hosts: Vec<Host>, (key, value): &(&str, &str)| match *key {
            "authority" => parse_authority(Part::whole(value)),
            "host" => with_names(&hosts, value),
            "hostaddr" => with_addresses(&hosts, value),
            _ => with_ports(&hosts, value),
        };
        let outcome = pairs.iter().try_fold(Vec::new(), set);
        match (outcome, expected) {
            (Ok(hosts), Ok(expected)) => assert_eq!(line(&hosts), expected),
            (Err(UrlError::InvalidValue { parameter, .. }), Err(name)) => {
                assert_eq!(parameter, name)
            }
            (outcome, _) => panic!("{pairs:?} gives {outcome:?}, not {expected:?}"),
        }
    }

    #[test]
    fn an_authority_names_hosts_and_ports() {
        check(&[("authority", "")], Ok(""));
        check(&[("authority", "h")], Ok("h||"));
        check(&[("authority", "h:")], Ok("h||"));
        check(&[("authority", ":5433")], Ok("||5433"));
        check(&[("authority", "h1:1,h2,:3")], Ok("h1||1 h2|| ||3"));
        check(&[("authority", ",")], Ok("|| ||"));
        check(&[("authority", "[::1]:5432,[::2]")], Ok("::1||5432 ::2||"));
        check(&[("authority", "[fe80::1%25eth0]:1")], Ok("fe80::1%eth0||1"));
        check(&[("authority", "%2Fvar%2Frun:5433")], Ok("/var/run||5433"));
        check(&[("authority", "%40abstract")], Ok("@abstract||"));
        check(&[("authority", "bücher.example")], Ok("bücher.example||"));
        check(&[("authority", "::1")], Err("host"));
        check(&[("authority", "[::1")], Err("host"));
        check(&[("authority", "[::1]x")], Err("host"));
        check(&[("authority", "[h]:1")], Err("host"));
        check(&[("authority", "a b")], Err("host"));
        check(&[("authority", "a%2Cb")], Err("host"));
        check(&[("authority", "%2Fa%2Cb")], Err("host"));
        check(&[("authority", "h:0")], Err("port"));
        check(&[("authority", "h:65536")], Err("port"));
        check(&[("authority", "h:+1")], Err("port"));
        check(&[("authority", "h:x")], Err("port"));
    }

    #[test]
    fn lists_are_joined_in_any_order() {
        check(&[("host", "a,b"), ("port", "1,2")], Ok("a||1 b||2"));
        check(&[("port", "1,2"), ("host", "a,b")], Ok("a||1 b||2"));
        check(&[("port", "5"), ("host", "a,b")], Ok("a||5 b||5"));
        check(&[("host", "a,b"), ("port", ",2")], Ok("a|| b||2"));
        check(&[("host", "a"), ("hostaddr", "10.0.0.1")], Ok("a|10.0.0.1|"));
        check(&[("hostaddr", "10.0.0.1,::1"), ("port", "5")], Ok("|10.0.0.1|5 |::1|5"));
        check(&[("host", "a:1,b:2")], Ok("a||1 b||2"));
        check(&[("host", "a:1,b"), ("port", "3,4")], Ok("a||3 b||4"));
        check(&[("port", "3,4"), ("host", "a:1,b")], Ok("a||1 b||4"));
        check(&[("host", "::1")], Ok("::1||"));
        check(&[("host", "[::1]:5432")], Ok("::1||5432"));
        check(&[("host", "/var/run, @name")], Ok("/var/run|| @name||"));
        check(&[("host", "a"), ("host", "b")], Ok("b||"));
        check(&[("host", "a"), ("host", "")], Ok(""));
        check(&[("port", "5432"), ("port", "")], Ok(""));
        check(&[("host", "a,b"), ("port", "1,2,3")], Err("port"));
        check(&[("host", "a,b"), ("hostaddr", "10.0.0.1")], Err("hostaddr"));
        check(&[("hostaddr", "localhost")], Err("hostaddr"));
        check(&[("host", "a:b:c")], Err("host"));
    }

    #[test]
    fn defaults_fill_the_lists_that_are_missing() {
        let hosts = |text| parse_authority(Part::whole(text)).unwrap();
        let filled = |own, defaults: &[Host]| line(&overlay(hosts(own), defaults));
        assert_eq!(filled("", &hosts("a:1,b:2")), "a||1 b||2");
        assert_eq!(filled("h", &hosts("a:1")), "h||1");
        assert_eq!(filled("h", &hosts("a:1,b:2")), "h||");
        assert_eq!(filled("h1,h2", &hosts(":7")), "h1||7 h2||7");
        assert_eq!(filled(":9", &hosts("a:1")), "a||9");
        assert_eq!(filled("h", &with_addresses(&[], "10.0.0.1").unwrap()), "h|10.0.0.1|");
        assert_eq!(filled("h", &with_addresses(&hosts("a"), "10.0.0.1").unwrap()), "h||");
    }

    #[test]
    fn only_sockets_and_loopback_are_local() {
        let local = |text| with_names(&[], text).unwrap()[0].is_local();
        for here in
            ["localhost", "LOCALHOST.", "db.localhost", "127.0.0.1", "127.9.9.9", "::1", "/run"]
        {
            assert!(local(here), "{here}");
        }
        for there in ["localhost.example", "10.0.0.1", "::2", "::ffff:10.0.0.1", "db"] {
            assert!(!local(there), "{there}");
        }
        assert!(local("::ffff:127.0.0.1"));
        let elsewhere = with_addresses(&with_names(&[], "localhost").unwrap(), "10.0.0.1").unwrap();
        assert!(!elsewhere[0].is_local(), "the address decides");
    }
}

//! What a durable server is called, who runs it, and where its socket is. Decides, and makes nothing.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::cluster::account::Account;
use crate::cluster::places::Places;
use crate::cluster::scratch::SOCKET_PATH;
use crate::cluster::server::Setting;
use crate::cluster::{PORT, process, supervisor};

/// As root: whoever owns the data runs it, whoever would be chosen today.
pub(super) fn existing_owner(places: &Places, homes: &[&Path]) -> Option<Account> {
    if places.uid != 0 {
        return None;
    }
    let entries = homes.iter().filter_map(|home| fs::read_dir(home).ok()).flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()))
        .filter_map(|entry| entry.metadata().ok())
        .map(|found| found.uid())
        .filter(|uid| *uid != 0)
        .find_map(process::user_by_id)
        .map(Account::Other)
}

/// The first short enough place for the socket, or the best of those that are too long.
pub(super) fn socket_dir(places: &Places, account: Option<&Account>, key: &str) -> PathBuf {
    let own = account.is_none_or(|account| matches!(account, Account::Own { .. }));
    let runtime = places.runtime.as_ref().filter(|_| own);
    let uid = account.map_or(places.uid, Account::uid);
    let temporary = places
        .temporary
        .iter()
        .filter(|place| account.is_none_or(|account| account.blocked(place).is_none()))
        .map(|place| place.join(format!("gp-{uid}-{key}")));
    let mut all = runtime
        .filter(|runtime| runtime.is_dir())
        .map(|runtime| runtime.join(format!("glowplug-{key}")))
        .into_iter()
        .chain(temporary);
    let fits = |path: &PathBuf| path.as_os_str().len() + "/.s.PGSQL.5432".len() <= SOCKET_PATH;
    let first = all.next().unwrap_or_else(|| Path::new("/tmp").join(format!("gp-{uid}-{key}")));
    if fits(&first) { first } else { all.find(fits).unwrap_or(first) }
}

/// The server's own settings, the caller's, and those that nobody may change.
pub(super) fn settings(wanted: &[Setting], socket_dir: &Path) -> Vec<Setting> {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut settings = vec![own("max_locks_per_transaction", "256"), own("listen_addresses", "")];
    settings.extend(wanted.iter().cloned());
    settings.push(own("port", &PORT.to_string()));
    settings.push(supervisor::socket_setting(socket_dir));
    settings
}

/// A name that needs no quotes anywhere and that PostgreSQL does not keep for itself.
pub(super) fn plain_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let plain: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = plain.trim_matches('_');
    let taken = ["postgres", "public", "none", "template0", "template1"].contains(&plain)
        || plain.starts_with("pg_")
        || plain.starts_with(|c: char| c.is_ascii_digit());
    let mut plain = match plain {
        "" => "app".to_owned(),
        plain if taken => format!("app_{plain}"),
        plain => plain.to_owned(),
    };
    // The server cuts longer names off, and then the role that it makes is not the one that we ask for.
    plain.truncate(63);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_has_a_name_that_needs_no_quotes() {
        for (name, role) in [
            ("shop", "shop"),
            ("My-Shop 2", "my_shop_2"),
            ("", "app"),
            ("___", "app"),
            ("日本", "app"),
            ("2fast", "app_2fast"),
            ("postgres", "app_postgres"),
            ("pg-stuff", "app_pg_stuff"),
            ("a\"; DROP ROLE b", "a___drop_role_b"),
        ] {
            assert_eq!(plain_name(name), role);
        }
        assert_eq!(plain_name(&"x".repeat(99)).len(), 63);
    }

    #[test]
    fn nobody_can_move_the_socket_away() {
        let wanted = [("port".to_owned(), "1".to_owned()), ("jit".to_owned(), "off".to_owned())];
        let settings = settings(&wanted, Path::new("/s"));
        let last = |name: &str| {
            settings
                .iter()
                .rev()
                .find(|(setting, _)| setting == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(last("port"), Some("5432"));
        assert_eq!(last("jit"), Some("off"));
        assert_eq!(last("unix_socket_directories"), Some("\"/s\""));
    }
}

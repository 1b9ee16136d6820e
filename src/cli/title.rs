//! Hides passwords in the process title.
//!
//! `ps` shows the arguments of every process to everybody. On Linux the kernel reads them from the memory of the process, so
//! overwriting them there is enough; on other systems use DATABASE_URL or `.pgpass`.

/// Hides passwords in the arguments from other processes.
pub(super) fn cover_passwords() {
    #[cfg(target_os = "linux")]
    {
        // optional: a system without /proc shows no arguments either
        linux::cover().unwrap_or_default();
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs,
        io::{Read as _, Seek as _, SeekFrom, Write as _},
    };

    use crate::words::secrets;

    pub(super) fn cover() -> Option<()> {
        let line = fs::read("/proc/self/cmdline").ok()?;
        let text = String::from_utf8_lossy(&line);
        if text.len() != line.len() {
            return None;
        }
        let mut is_url = false;
        let cover = |argument: &str| {
            let was_url = std::mem::replace(&mut is_url, takes_a_url(argument));
            match was_url {
                true => secrets::cover_connection(argument),
                false => secrets::cover_argument(argument),
            }
        };
        let covered: Vec<String> = text.split('\0').map(cover).collect();
        let covered = covered.join("\0");
        if covered == text {
            return Some(());
        }
        // field 48 is arg_start; the name in field 2 may contain spaces and ends with the last ')'
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let fields = stat.rsplit_once(") ")?.1;
        let start: u64 = fields.split(' ').nth(45)?.parse().ok()?;
        let mut memory =
            fs::OpenOptions::new().read(true).write(true).open("/proc/self/mem").ok()?;
        memory.seek(SeekFrom::Start(start)).ok()?;
        let mut there = vec![0; line.len()];
        memory.read_exact(&mut there).ok()?;
        if there != line {
            return None;
        }
        memory.seek(SeekFrom::Start(start)).ok()?;
        memory.write_all(covered.as_bytes()).ok()
    }

    /// Whether the argument after this one is a connection string.
    fn takes_a_url(argument: &str) -> bool {
        matches!(argument, "--database-url" | "--direct-url")
    }
}

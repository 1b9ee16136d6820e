//! A question to the user.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

/// Whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks on a terminal; elsewhere the answer is no.
pub(super) fn asked(question: &str) -> bool {
    if !can_ask() {
        return false;
    }
    let mut answer = String::new();
    write!(anstream::stderr(), "{question} [y/N] ").unwrap_or_default();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

//! A question to the user.

use std::io::{BufRead as _, IsTerminal as _};

use crate::cli::terminal;

/// Whether there is a terminal to ask on.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks on a terminal; elsewhere the answer is no.
pub(super) fn asked(question: &str) -> bool {
    if !can_ask() {
        return false;
    }
    let mut answer = String::new();
    terminal::say(&format!("{question} [y/N] "));
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

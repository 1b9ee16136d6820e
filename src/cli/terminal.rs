//! The one place that writes to stdout and stderr.
//!
//! All text for people goes through [`Shown`]. So does stdout if it is a terminal; otherwise it is for programs and files, and is
//! written byte for byte.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use anstream::{AutoStream, ColorChoice};

use crate::{cli::Color, render::diagnostic::Look, words::shown::Shown};

/// The columns of a terminal of unknown width.
const USUAL: usize = 80;

/// Longer lines are hard to read, even on a wide terminal.
const READABLE: usize = 120;

/// Whether the program was started without stdout.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Records that the program was started without stdout: output there is lost.
pub(in crate::cli) fn has_no_stdout() {
    IS_CLOSED.store(true, Ordering::Relaxed);
}

/// Fails if the result would be lost.
fn heard(text: &str) -> io::Result<()> {
    if IS_CLOSED.load(Ordering::Relaxed) && !text.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotConnected, "it is closed"));
    }
    Ok(())
}

/// Applies `--color` from now on.
pub(in crate::cli) fn color(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
}

/// Writes to stdout: escaped on a terminal, else as it is.
pub(in crate::cli) fn answer(text: &str) -> io::Result<()> {
    heard(text)?;
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        write!(stdout, "{}", Shown(text))?;
    } else {
        stdout.write_all(text.as_bytes())?;
    }
    stdout.flush()
}

/// Writes a document to stdout whose control characters are already escaped.
pub(in crate::cli) fn document(text: &str) -> io::Result<()> {
    heard(text)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes text with styles to stdout, for a terminal that has them.
pub(in crate::cli) fn styled_answer(text: &str) -> io::Result<()> {
    heard(text)?;
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a message to stderr.
pub(in crate::cli) fn say(text: &str) {
    // the terminal may be gone
    write!(io::stderr().lock(), "{}", Shown(text)).unwrap_or_default();
}

/// Writes text with styles to stderr. Foreign text was escaped before it was styled.
pub(in crate::cli) fn say_styled(text: &str) {
    let mut stderr = anstream::stderr().lock();
    stderr.write_all(text.as_bytes()).unwrap_or_default();
}

/// How messages are laid out on stderr.
pub(in crate::cli) fn look() -> Look {
    let stderr = io::stderr();
    let columns = || {
        let size = terminal_size::terminal_size_of(&stderr);
        let columns = size.map(|(columns, _)| usize::from(columns.0));
        columns.filter(|columns| *columns > 0).unwrap_or(USUAL).min(READABLE)
    };
    Look {
        width: stderr.is_terminal().then(columns),
        // --color, NO_COLOR and CLICOLOR_FORCE count
        color: AutoStream::choice(&stderr) != ColorChoice::Never,
    }
}

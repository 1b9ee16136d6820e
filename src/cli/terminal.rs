//! The one place that writes to stdout and stderr.
//!
//! Whatever goes to people goes through [`Shown`]. What stdout carries is theirs as well where it is a terminal; elsewhere it is for
//! programs and files, and goes out byte for byte.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use anstream::{AutoStream, ColorChoice};

use crate::{cli::Color, words::shown::Shown};

/// The columns of a terminal that does not say how many it has.
const USUAL: usize = 80;

/// Lines that are longer are hard to read, however wide the terminal is.
const READABLE: usize = 120;

/// Whether the program was started without stdout.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Notes that the program was started without stdout: what is written there gets nowhere.
pub(in crate::cli) fn has_no_stdout() {
    IS_CLOSED.store(true, Ordering::Relaxed);
}

/// Refuses an answer that would get nowhere.
fn heard(text: &str) -> io::Result<()> {
    if IS_CLOSED.load(Ordering::Relaxed) && !text.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotConnected, "it is closed"));
    }
    Ok(())
}

/// Has the wish of `--color` count from now on.
pub(in crate::cli) fn color(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
}

/// Writes to stdout: for people on a terminal, else as it is.
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

/// Writes a document to stdout whose own spelling of control characters was used already.
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

/// Talks to people, on stderr.
pub(in crate::cli) fn say(text: &str) {
    // a terminal that went away has heard enough
    write!(io::stderr().lock(), "{}", Shown(text)).unwrap_or_default();
}

/// Writes text with styles to stderr. What came from elsewhere was made visible before it was styled.
pub(in crate::cli) fn say_styled(text: &str) {
    let mut stderr = anstream::stderr().lock();
    stderr.write_all(text.as_bytes()).unwrap_or_default();
}

/// How messages are laid out on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Look {
    /// The columns that a line may have; none in a log, where names have to be found again.
    pub(in crate::cli) width: Option<usize>,
    /// Whether there are colours.
    pub(in crate::cli) color: bool,
}

impl Look {
    /// That of stderr.
    pub(in crate::cli) fn of_stderr() -> Self {
        let stderr = io::stderr();
        let columns = || {
            let size = terminal_size::terminal_size_of(&stderr);
            let columns = size.map(|(columns, _)| usize::from(columns.0));
            columns.filter(|columns| *columns > 0).unwrap_or(USUAL).min(READABLE)
        };
        Self {
            width: stderr.is_terminal().then(columns),
            // --color, NO_COLOR and CLICOLOR_FORCE count
            color: AutoStream::choice(&stderr) != ColorChoice::Never,
        }
    }
}

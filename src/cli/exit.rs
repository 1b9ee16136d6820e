//! Exit codes.

use std::{io::Write as _, process::ExitCode};

use crate::cli::covers::Covers;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done,
    /// Could not; the message is on stderr.
    Failed,
    /// Done, and there are findings.
    Findings,
    /// Ended by Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Findings => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// Ends a program that was called wrongly, or asked for help. An argument in the wrong place may hold a password.
pub(super) fn usage(error: &clap::Error, covers: &Covers) -> ExitCode {
    let text = covers.over(&error.render().ansi().to_string());
    // nothing is left to do if the terminal is gone
    if error.use_stderr() {
        write!(anstream::stderr(), "{text}").unwrap_or_default();
    } else {
        write!(anstream::stdout(), "{text}").unwrap_or_default();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Ends the program at once: the second Ctrl-C.
#[expect(
    clippy::exit,
    reason = "the user asked twice; what runs on the server rolls back by itself"
)]
pub(super) fn now() -> ! {
    std::process::exit(130)
}

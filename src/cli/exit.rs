//! Exit codes.

use std::{io, process::ExitCode};

use crate::{cli::terminal, render::covers::Covers, words::shown::is_special};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done,
    /// Failed; the message is on stderr.
    Failed,
    /// Done, with findings.
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

/// Ends the program after wrong usage or a request for help. A misplaced argument may contain a password.
pub(super) fn usage(error: &clap::Error, arguments: &[String], covers: &Covers) -> ExitCode {
    let rendered = error.render();
    let plain = covers.over(&rendered.to_string());
    let is_odd = arguments.iter().any(|it| it.contains(is_special));
    let styled = || covers.over(&rendered.ansi().to_string());
    if error.use_stderr() {
        if is_odd {
            terminal::say(&plain);
        } else {
            terminal::say_styled(&styled());
        }
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    written(terminal::styled_answer(&styled()))
}

/// The exit code of a command that only prints.
pub(super) fn written(result: io::Result<()>) -> ExitCode {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            terminal::say(&format!("error: cannot write to stdout: {error}\n"));
            Exit::Failed.into()
        }
        _ => Exit::Done.into(),
    }
}

/// Ends the program at once: the second Ctrl-C.
#[expect(
    clippy::exit,
    reason = "the user asked twice; what runs on the server rolls back by itself"
)]
pub(super) fn now() -> ! {
    std::process::exit(130)
}

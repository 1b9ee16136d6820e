//! Why a connection string cannot be read or written.
//!
//! No variant holds a value that a user typed, for any of them may be a piece of a password: an error names the
//! parameter and what it allows, or a position and nothing else.

use crate::words::url::spelling::Spelling;

/// Why a connection string cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum UrlError {
    /// A URL of something that is not PostgreSQL, or a driver suffix that nobody knows.
    #[error("`{scheme}` is not a PostgreSQL scheme")]
    #[diagnostic(code(url::scheme), help("Write `postgresql://user:password@host:5432/database`."))]
    Scheme {
        /// The scheme, if it is a well-known one; otherwise a description of it.
        scheme: String,
    },

    /// The text is not built like a connection string.
    #[error("{what}, at character {at} of the connection string")]
    #[diagnostic(code(url::syntax), help("{help}"))]
    Syntax {
        /// What was found, or is missing.
        what: &'static str,
        /// Where, counted in characters from 1.
        at: usize,
        /// What to write instead.
        help: &'static str,
    },

    /// A character that delimits the parts of a URL stands inside one of them.
    #[error("unencoded `{character}` at character {at} of the connection string")]
    #[diagnostic(
        code(url::unencoded),
        help(
            "In a password or a name write `@` as %40, `/` as %2F, `?` as %3F, `#` as %23, `&` as %26, `%` as %25."
        )
    )]
    Unencoded {
        /// The character.
        character: char,
        /// Where, counted in characters from 1.
        at: usize,
    },

    /// A `%` without two hexadecimal digits behind it, or a sequence of escapes that is not text.
    #[error("the `%` at character {at} of the connection string does not start an escape")]
    #[diagnostic(
        code(url::escape),
        help("Write a literal `%` as %25; escapes must give UTF-8 text without NUL.")
    )]
    Escape {
        /// Where, counted in characters from 1.
        at: usize,
    },

    /// A parameter that no PostgreSQL driver has.
    #[error("`{name}` is not a connection parameter")]
    #[diagnostic(code(url::unknown_parameter), help("{}", did_you_mean(nearest)))]
    UnknownParameter {
        /// Its name, made printable and cut to a reasonable length.
        name: String,
        /// The known parameter that is spelled most like it.
        nearest: Option<&'static str>,
    },

    /// A known parameter with a value that it cannot have.
    #[error("invalid value for `{parameter}`")]
    #[diagnostic(code(url::invalid_value), help("Allowed: {allowed}."))]
    InvalidValue {
        /// The parameter.
        parameter: &'static str,
        /// What it can be.
        allowed: String,
    },

    /// A known parameter that asks for something glowplug cannot do and must not ignore.
    #[error("`{parameter}` cannot be honored")]
    #[diagnostic(code(url::refused), help("{help}"))]
    Refused {
        /// The parameter.
        parameter: &'static str,
        /// What to do instead.
        help: &'static str,
    },

    /// The URL says something that the target driver has no spelling for.
    #[error("a URL for {spelling} cannot express `{parameter}`")]
    #[diagnostic(
        code(url::not_expressible),
        help("Remove `{parameter}` from the URL, or set it in the code that uses {spelling}.")
    )]
    NotExpressible {
        /// The parameter, under its libpq name.
        parameter: &'static str,
        /// The target.
        spelling: Spelling,
    },
}

impl UrlError {
    /// Builds [`UrlError::InvalidValue`].
    pub(super) fn invalid(parameter: &'static str, allowed: impl Into<String>) -> Self {
        Self::InvalidValue { parameter, allowed: allowed.into() }
    }

    /// Names the parameter as the user wrote it, where a translation had used another name.
    pub(super) fn of(self, written: &'static str) -> Self {
        match self {
            Self::InvalidValue { allowed, .. } => {
                Self::InvalidValue { parameter: written, allowed }
            }
            other => other,
        }
    }

    /// Turns a byte offset from 0, which the parsers count in, into a character position from 1.
    pub(super) fn in_characters(mut self, text: &str) -> Self {
        if let Self::Syntax { at, .. } | Self::Unencoded { at, .. } | Self::Escape { at } =
            &mut self
        {
            *at = text.char_indices().take_while(|(offset, _)| offset < at).count() + 1;
        }
        self
    }
}

fn did_you_mean(nearest: &Option<&'static str>) -> String {
    match nearest {
        Some(name) => format!("Did you mean `{name}`? Otherwise remove the parameter."),
        None => {
            "Remove the parameter; glowplug knows libpq's names and those of the usual drivers."
                .into()
        }
    }
}

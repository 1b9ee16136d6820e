//! Why a database cannot be made like the one that migrations are for.

use crate::postgres::{server_error::ServerError, session::Failure};

/// Why a shadow cannot be made like the database that migrations are for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum TwinError {
    /// What is to be there before the first migration cannot be made.
    #[error("the prerequisites cannot be loaded: {path}: {what}")]
    #[diagnostic(
        code(shadow::prerequisites),
        help(
            "`sql` in [shadow] of glowplug.toml names what exists before the first migration; it is loaded into an empty database. Correct the file, or rewrite it with `glowplug shadow pin --from-database`."
        )
    )]
    Prerequisites {
        /// The file.
        path: String,
        /// What the server said.
        what: String,
    },
    /// An extension whose files are not on this machine.
    #[error("{place}: the extension {name} is not installed on this machine")]
    #[diagnostic(
        code(shadow::extension),
        help(
            "Scripts are replayed on a throwaway server here. Install the extension for its PostgreSQL, or let something stand in for it: write the types and functions that the scripts use to a file, and put into `[shadow]` of glowplug.toml `sql = \"that file\"` and `stand_ins = [\"{name}\"]`."
        )
    )]
    Extension {
        /// The extension.
        name: String,
        /// The file and the line.
        place: String,
    },
}

impl TwinError {
    /// What a failure is here, if it is about an extension that is not there.
    pub(crate) fn of(failure: &Failure, place: &str) -> Option<Self> {
        let Failure::Server(error) = failure else {
            return None;
        };
        Some(Self::Extension {
            name: missing_extension(error)?.to_owned(),
            place: place.to_owned(),
        })
    }
}

/// The extension whose files a server of our own does not find.
pub(crate) fn missing_extension(error: &ServerError) -> Option<&str> {
    // a server of our own speaks English: 0A000 says so since version 15, 58P01 names the file before
    let name = match error.code.as_str() {
        "0A000" => {
            let rest = error.message.strip_prefix("extension \"")?;
            rest.strip_suffix("\" is not available")?
        }
        "58P01" => {
            let rest = error.message.strip_prefix("could not open extension control file \"")?;
            let (path, _) = rest.split_once(".control\"")?;
            path.rsplit('/').next()?
        }
        _ => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_names_the_extension_that_it_lacks() {
        let error = |code: &str, message: &str| ServerError {
            severity: "ERROR".into(),
            code: code.into(),
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
            context: None,
            internal_query: None,
            internal_position: None,
        };
        let new = error("0A000", "extension \"postgis\" is not available");
        assert_eq!(missing_extension(&new), Some("postgis"));
        let old = "could not open extension control file \"/usr/share/postgresql/14/extension/postgis.control\": No such file or directory";
        assert_eq!(missing_extension(&error("58P01", old)), Some("postgis"));
        assert_eq!(missing_extension(&error("0A000", "cannot do that")), None);
    }
}

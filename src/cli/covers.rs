//! Keeps the passwords in the program's arguments out of what it says about them.
//!
//! A URL in the wrong place is a target that nobody knows, or a file that is not there, and messages name those.

use crate::words::secrets;

/// What stands in for each argument that holds a secret.
#[derive(Debug, Clone, Default)]
pub(super) struct Covers(Vec<(String, String)>);

impl Covers {
    /// Looks through the arguments, and through what may be attached to a flag.
    pub(super) fn of(arguments: &[String]) -> Self {
        let pieces = |argument: &String| {
            let value = argument.split_once('=').map(|(_, value)| value.to_owned());
            let attached = argument.strip_prefix('-').and_then(|it| it.get(1..));
            [Some(argument.clone()), value, attached.map(str::to_owned)]
        };
        let pieces = arguments.iter().flat_map(pieces).flatten();
        let mut pairs: Vec<(String, String)> = pieces
            .map(|piece| (secrets::cover_argument(&piece), piece))
            .filter(|(covered, piece)| covered != piece)
            .map(|(covered, piece)| (piece, covered))
            .collect();
        pairs.sort_by_key(|(piece, _)| std::cmp::Reverse(piece.len()));
        Self(pairs)
    }

    /// The text with every secret covered.
    pub(super) fn over(&self, text: &str) -> String {
        let cover = |text: String, (piece, covered): &(String, String)| {
            // as messages quote what is not plain
            text.replace(piece, covered).replace(&piece.escape_debug().to_string(), covered)
        };
        self.0.iter().fold(text.to_owned(), cover)
    }
}

//! Keeps the passwords in the program's arguments out of what it says about them.
//!
//! A misplaced URL reads as an unknown target or a missing file, and messages name those.

use crate::words::secrets;

/// The replacement for each argument that contains a secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Covers(Vec<(String, String)>);

impl Covers {
    /// Searches the arguments, and values attached to flags.
    pub(crate) fn of(arguments: &[String]) -> Self {
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
    pub(crate) fn over(&self, text: &str) -> String {
        let cover = |text: String, (piece, covered): &(String, String)| {
            // as messages quote special characters
            text.replace(piece, covered).replace(&piece.escape_debug().to_string(), covered)
        };
        self.0.iter().fold(text.to_owned(), cover)
    }
}

//! Pieces of a connection string that know where they stand in it, and percent-decoding.
//!
//! Offsets are in bytes from 0; [`UrlError::in_characters`] makes them presentable once, at the end.

use percent_encoding::percent_decode_str;

use crate::words::url::error::UrlError;

/// A piece of a connection string.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    /// Byte offset in the whole text.
    pub(super) at: usize,
}

impl<'a> Part<'a> {
    /// The whole text, without the white space around it.
    pub(super) fn whole(text: &'a str) -> Self {
        let start = text.trim_start();
        Self { text: start.trim_end(), at: text.len() - start.len() }
    }

    /// What stands before byte `middle`, and what stands `skip` bytes behind it.
    pub(super) fn split(self, middle: usize, skip: usize) -> (Self, Self) {
        let after = middle + skip;
        (
            Self { text: &self.text[..middle], at: self.at },
            Self { text: &self.text[after..], at: self.at + after },
        )
    }

    /// Cuts at the first `delimiter`, which neither side keeps.
    pub(super) fn cut(self, delimiter: char) -> Option<(Self, Self)> {
        Some(self.split(self.text.find(delimiter)?, delimiter.len_utf8()))
    }

    /// Cuts at the last `delimiter`, which neither side keeps.
    pub(super) fn cut_last(self, delimiter: char) -> Option<(Self, Self)> {
        Some(self.split(self.text.rfind(delimiter)?, delimiter.len_utf8()))
    }

    /// The pieces between `delimiter`s; at least one.
    pub(super) fn pieces(self, delimiter: char) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut rest = self;
        while let Some((piece, after)) = rest.cut(delimiter) {
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }

    /// Where `character` first stands, as an offset in the whole text.
    pub(super) fn position(self, character: char) -> Option<usize> {
        self.text.find(character).map(|offset| self.at + offset)
    }

    /// Decodes percent-escapes.
    pub(super) fn decode(self) -> Result<String, UrlError> {
        let bytes = self.text.as_bytes();
        for (offset, _) in self.text.match_indices('%') {
            let is_digit =
                |ahead: usize| bytes.get(offset + ahead).is_some_and(u8::is_ascii_hexdigit);
            if !is_digit(1) || !is_digit(2) {
                return Err(UrlError::Escape { at: self.at + offset });
            }
        }
        let first_escape = || self.position('%').unwrap_or(self.at);
        let decoded = percent_decode_str(self.text)
            .decode_utf8()
            .map_err(|_| UrlError::Escape { at: first_escape() })?;
        if decoded.contains('\0') {
            return Err(UrlError::Escape { at: first_escape() });
        }
        Ok(decoded.into_owned())
    }

    /// Decodes percent-escapes where, as in HTML forms, a `+` is a space.
    pub(super) fn decode_form(self) -> Result<String, UrlError> {
        // As long as the text itself, so that positions stay right.
        let spaced = self.text.replace('+', " ");
        Part { text: &spaced, at: self.at }.decode()
    }
}

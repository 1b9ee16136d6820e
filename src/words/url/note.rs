//! What happened to parameters that glowplug does not take as they are.

/// One thing that the reader of a URL should know about how it was read or written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    /// The parameter as it was written; `scheme` for a driver suffix.
    pub parameter: String,
    /// What became of it.
    pub what: NoteKind,
    /// The whole sentence, in lower case. It never holds a value.
    pub text: String,
}

/// What became of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// It has no meaning here and is ignored.
    Dropped,
    /// It was read, or written, as something else that means the same.
    Translated,
}

impl Note {
    /// Says that a parameter was ignored, and why.
    pub(super) fn dropped(parameter: &str, why: &str) -> Self {
        Self {
            parameter: parameter.into(),
            what: NoteKind::Dropped,
            text: format!("dropped `{parameter}`: {why}"),
        }
    }

    /// Says that a parameter went by another name.
    pub(super) fn translated(parameter: &str, to: &str) -> Self {
        Self {
            parameter: parameter.into(),
            what: NoteKind::Translated,
            text: format!("translated `{parameter}` to {to}"),
        }
    }
}

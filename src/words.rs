//! Names and text: the ground floor, which knows no domain.

pub(crate) mod digest;
pub(crate) mod ident;
pub(crate) mod near;
pub(crate) mod secrets;
pub(crate) mod shown;
pub(crate) mod sql;
pub(crate) mod timespan;
pub(crate) mod url;

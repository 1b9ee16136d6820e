//! Names and text: the ground floor, which knows no domain.

pub mod digest;
pub mod ident;
pub mod near;
pub mod secrets;
pub mod shown;
pub mod sql;
pub mod timespan;
pub mod url;

//! How objects are made, changed and dropped, as statements.
//!
//! Each kind of object has its [rules](rules::KindRules), in a file of its own. What happens to which object, and in which order, is
//! the business of the [planner](crate::planner). A [statement](Statement) knows what it touches and what is lost; SQL is made of it last.

pub(crate) mod access_method;
pub(crate) mod base_type;
pub(crate) mod cast;
pub(crate) mod collation;
pub(crate) mod composite;
pub(crate) mod conversion;
pub(crate) mod default_privilege;
pub(crate) mod domain;
pub(crate) mod enumeration;
pub(crate) mod event_trigger;
pub(crate) mod extension;
pub(crate) mod foreign;
pub(crate) mod grant;
pub(crate) mod hazard;
pub(crate) mod language;
pub(crate) mod lock;
pub(crate) mod operator;
pub(crate) mod policy;
pub(crate) mod publication;
pub(crate) mod range;
pub(crate) mod rewrite_rule;
pub(crate) mod routine;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod statement;
pub(crate) mod stored;
pub(crate) mod subscription;
pub(crate) mod text_search;
pub(crate) mod transform;
pub(crate) mod trigger;
pub(crate) mod view;

pub(crate) use self::statement::{FILL, Loss};
pub use self::{
    lock::{LockMode, Work},
    statement::{Boundary, Fill, Statement},
};

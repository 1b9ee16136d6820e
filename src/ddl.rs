//! From two catalogs to the statements that lead from one to the other.
//!
//! Each kind of object has a [rule](rule): how one is made, changed and taken away. The [plan] decides what happens to each object
//! and what has to make way; the [order] is a topological one over the dependencies of both catalogs.

mod access_method;
mod base_type;
mod cast;
mod collation;
mod column;
mod composite;
mod constraint;
mod conversion;
mod default_privilege;
mod domain;
mod enumeration;
mod event_trigger;
mod extension;
pub mod filling;
mod foreign;
mod grant;
pub mod hazard;
mod heirs;
mod index;
mod inheritance;
mod language;
mod lock;
mod names;
mod operator;
mod options;
mod order;
pub mod plan;
mod policy;
mod publication;
mod range;
mod rewrite;
mod routine;
mod rule;
mod schema;
pub mod segment;
mod sequence;
mod statement;
mod statistics;
mod stored;
mod subscription;
mod table;
mod text_search;
mod transform;
mod trigger;
mod view;

pub use self::{
    lock::{LockMode, Touch, Work},
    statement::{Boundary, FILL, Fill, Loss, Statement},
};

use self::rule::Rule;
use crate::catalog::Kind;

/// What is known of a kind.
fn rule(kind: Kind) -> &'static Rule {
    match kind {
        Kind::Schema => &schema::RULE,
        Kind::Relation => &table::RULE,
        Kind::Inheritance => &heirs::RULE,
        Kind::Column => &column::RULE,
        Kind::Constraint => &constraint::RULE,
        Kind::DomainConstraint => &domain::CONSTRAINT,
        Kind::Index => &index::RULE,
        Kind::Sequence => &sequence::RULE,
        Kind::Enum => &enumeration::RULE,
        Kind::Domain => &domain::RULE,
        Kind::Composite => &composite::RULE,
        Kind::CompositeAttribute => &composite::ATTRIBUTE,
        Kind::Range => &range::RULE,
        Kind::BaseType => &base_type::RULE,
        Kind::Routine => &routine::RULE,
        Kind::Trigger => &trigger::RULE,
        Kind::Rule => &rewrite::RULE,
        Kind::Policy => &policy::RULE,
        Kind::EventTrigger => &event_trigger::RULE,
        Kind::Extension => &extension::RULE,
        Kind::Collation => &collation::RULE,
        Kind::Statistics => &statistics::RULE,
        Kind::Publication => &publication::PUBLICATION,
        Kind::PublicationTable => &publication::TABLE,
        Kind::PublicationSchema => &publication::SCHEMA,
        Kind::Subscription => &subscription::RULE,
        Kind::ForeignDataWrapper => &foreign::WRAPPER,
        Kind::ForeignServer => &foreign::SERVER,
        Kind::UserMapping => &foreign::MAPPING,
        Kind::Cast => &cast::RULE,
        Kind::Operator => &operator::OPERATOR,
        Kind::OperatorFamily => &operator::FAMILY,
        Kind::OperatorClass => &operator::CLASS,
        Kind::Conversion => &conversion::RULE,
        Kind::TextSearchParser => &text_search::PARSER,
        Kind::TextSearchDictionary => &text_search::DICTIONARY,
        Kind::TextSearchTemplate => &text_search::TEMPLATE,
        Kind::TextSearchConfiguration => &text_search::CONFIGURATION,
        Kind::AccessMethod => &access_method::RULE,
        Kind::Language => &language::RULE,
        Kind::Transform => &transform::RULE,
        Kind::DefaultPrivilege => &default_privilege::RULE,
        Kind::Grant => &grant::RULE,
    }
}

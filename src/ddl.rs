//! How objects are made, changed and dropped, as statements.
//!
//! Each kind of object has its [rules](rules::KindRules), in a file of its own. What happens to which object, and in which order, is
//! the business of the [planner](crate::planner). A [statement](Statement) knows what it touches and what is lost; SQL is made of it last.

pub(crate) mod access_method;
pub(crate) mod base_type;
pub(crate) mod cast;
pub(crate) mod children;
pub(crate) mod collation;
pub(crate) mod column;
pub(crate) mod composite;
pub(crate) mod constraint;
pub(crate) mod conversion;
pub(crate) mod default_privilege;
pub(crate) mod domain;
pub(crate) mod enumeration;
pub(crate) mod event_trigger;
pub(crate) mod extension;
pub(crate) mod foreign;
pub(crate) mod grant;
pub mod hazard;
pub(crate) mod index;
pub(crate) mod inheritance;
pub(crate) mod language;
pub(crate) mod lock;
pub(crate) mod names;
pub(crate) mod operator;
pub(crate) mod options;
pub(crate) mod policy;
pub(crate) mod publication;
pub(crate) mod range;
pub(crate) mod rewrite_rule;
pub(crate) mod routine;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod sequence;
pub(crate) mod statement;
pub(crate) mod statistics;
pub(crate) mod stored;
pub(crate) mod subscription;
pub(crate) mod table;
pub(crate) mod text_search;
pub(crate) mod transform;
pub(crate) mod trigger;
pub(crate) mod view;

pub use self::{
    lock::{LockMode, Touch, Work},
    statement::{Boundary, FILL, Fill, Loss, Statement},
};

use self::rules::KindRules;
use crate::catalog::Kind;

/// What is known of a kind.
pub(crate) fn rules(kind: Kind) -> &'static dyn KindRules {
    match kind {
        Kind::Schema => &schema::Schema,
        Kind::Relation => &table::Relation,
        Kind::Inheritance => &children::Inheritance,
        Kind::Column => &column::Column,
        Kind::Constraint => &constraint::Constraint,
        Kind::DomainConstraint => &domain::DomainConstraint,
        Kind::Index => &index::Index,
        Kind::Sequence => &sequence::Sequence,
        Kind::Enum => &enumeration::Enum,
        Kind::Domain => &domain::Domain,
        Kind::Composite => &composite::Composite,
        Kind::CompositeAttribute => &composite::CompositeAttribute,
        Kind::Range => &range::Range,
        Kind::BaseType => &base_type::BaseType,
        Kind::Routine => &routine::Routine,
        Kind::Trigger => &trigger::Trigger,
        Kind::Rule => &rewrite_rule::RewriteRule,
        Kind::Policy => &policy::Policy,
        Kind::EventTrigger => &event_trigger::EventTrigger,
        Kind::Extension => &extension::Extension,
        Kind::Collation => &collation::Collation,
        Kind::Statistics => &statistics::Statistics,
        Kind::Publication => &publication::Publication,
        Kind::PublicationTable => &publication::PublicationTable,
        Kind::PublicationSchema => &publication::PublicationSchema,
        Kind::Subscription => &subscription::Subscription,
        Kind::ForeignDataWrapper => &foreign::Wrapper,
        Kind::ForeignServer => &foreign::Server,
        Kind::UserMapping => &foreign::Mapping,
        Kind::Cast => &cast::Cast,
        Kind::Operator => &operator::Operator,
        Kind::OperatorFamily => &operator::Family,
        Kind::OperatorClass => &operator::Class,
        Kind::Conversion => &conversion::Conversion,
        Kind::TextSearchParser => &text_search::Parser,
        Kind::TextSearchDictionary => &text_search::Dictionary,
        Kind::TextSearchTemplate => &text_search::Template,
        Kind::TextSearchConfiguration => &text_search::Configuration,
        Kind::AccessMethod => &access_method::AccessMethod,
        Kind::Language => &language::Language,
        Kind::Transform => &transform::Transform,
        Kind::DefaultPrivilege => &default_privilege::DefaultPrivilege,
        Kind::Grant => &grant::Grant,
    }
}

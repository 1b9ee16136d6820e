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
use crate::catalog::ObjectKind;

/// What is known of a kind.
pub(crate) fn rules(kind: ObjectKind) -> &'static dyn KindRules {
    match kind {
        ObjectKind::Schema => &schema::Schema,
        ObjectKind::Relation => &table::Relation,
        ObjectKind::Inheritance => &children::Inheritance,
        ObjectKind::Column => &column::Column,
        ObjectKind::Constraint => &constraint::Constraint,
        ObjectKind::DomainConstraint => &domain::DomainConstraint,
        ObjectKind::Index => &index::Index,
        ObjectKind::Sequence => &sequence::Sequence,
        ObjectKind::Enum => &enumeration::Enum,
        ObjectKind::Domain => &domain::Domain,
        ObjectKind::Composite => &composite::Composite,
        ObjectKind::CompositeAttribute => &composite::CompositeAttribute,
        ObjectKind::Range => &range::Range,
        ObjectKind::BaseType => &base_type::BaseType,
        ObjectKind::Routine => &routine::Routine,
        ObjectKind::Trigger => &trigger::Trigger,
        ObjectKind::Rule => &rewrite_rule::RewriteRule,
        ObjectKind::Policy => &policy::Policy,
        ObjectKind::EventTrigger => &event_trigger::EventTrigger,
        ObjectKind::Extension => &extension::Extension,
        ObjectKind::Collation => &collation::Collation,
        ObjectKind::Statistics => &statistics::Statistics,
        ObjectKind::Publication => &publication::Publication,
        ObjectKind::PublicationTable => &publication::PublicationTable,
        ObjectKind::PublicationSchema => &publication::PublicationSchema,
        ObjectKind::Subscription => &subscription::Subscription,
        ObjectKind::ForeignDataWrapper => &foreign::Wrapper,
        ObjectKind::ForeignServer => &foreign::Server,
        ObjectKind::UserMapping => &foreign::Mapping,
        ObjectKind::Cast => &cast::Cast,
        ObjectKind::Operator => &operator::Operator,
        ObjectKind::OperatorFamily => &operator::Family,
        ObjectKind::OperatorClass => &operator::Class,
        ObjectKind::Conversion => &conversion::Conversion,
        ObjectKind::TextSearchParser => &text_search::Parser,
        ObjectKind::TextSearchDictionary => &text_search::Dictionary,
        ObjectKind::TextSearchTemplate => &text_search::Template,
        ObjectKind::TextSearchConfiguration => &text_search::Configuration,
        ObjectKind::AccessMethod => &access_method::AccessMethod,
        ObjectKind::Language => &language::Language,
        ObjectKind::Transform => &transform::Transform,
        ObjectKind::DefaultPrivilege => &default_privilege::DefaultPrivilege,
        ObjectKind::Grant => &grant::Grant,
    }
}

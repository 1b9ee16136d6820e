//! How tables, and what they consist of, are made, changed and dropped: columns, constraints, indexes, partitions, sequences.
//!
//! Each kind has its [rules](crate::ddl::rules::KindRules), like those in [`ddl`](crate::ddl).

pub(crate) mod children;
pub(crate) mod column;
pub(crate) mod constraint;
pub(crate) mod index;
pub(crate) mod inheritance;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod sequence;
pub(crate) mod statistics;
pub(crate) mod table;

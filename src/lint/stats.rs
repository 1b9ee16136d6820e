//! What is known of production: sizes and rates, no values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A file of statistics.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    /// The format of this file.
    pub format: u32,
    /// The day on which they were recorded, such as 2026-11-30.
    pub recorded: String,
    /// The major version of the server.
    pub postgresql: u32,
    /// The tables, by `schema.table`.
    pub tables: BTreeMap<String, Table>,
    /// The sequences with a limit, by `schema.sequence`.
    #[serde(default)]
    pub sequences: BTreeMap<String, Sequence>,
}

/// What is known of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// About how many rows it has.
    pub rows: f64,
    /// How many pages of 8 kB.
    pub pages: f64,
    /// How many indexes.
    pub indexes: u32,
    /// How often it is read in a second, on average.
    pub reads_per_second: f64,
    /// How many rows are written in a second, on average.
    pub writes_per_second: f64,
    /// How many different values columns have, where these are few.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub distinct: BTreeMap<String, f64>,
}

/// What is known of a sequence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The last number.
    pub last: f64,
    /// The largest that it, or the column that it fills, can hold.
    pub limit: f64,
    /// `schema.table.column` that it fills.
    pub column: String,
    /// Numbers in a day, on average since the statistics began.
    pub per_day: f64,
}

/// What a row costs on this machine, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// To read it.
    pub scan: f64,
    /// To copy it into a new file.
    pub rewrite: f64,
    /// To sort it into an index.
    pub index: f64,
    /// To insert, update or delete it.
    pub write: f64,
}

//! Findings in the JSON document of a command: under `findings`, beside its report.

use serde_json::{Value, json};

use crate::report::finding::Finding;

/// Findings as a list.
pub(crate) fn list(findings: &[Finding]) -> Value {
    json!(findings)
}

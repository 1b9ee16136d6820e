//! Statements, cut into runs that can share a transaction.

use crate::ddl::{Boundary, Statement};

/// Statements that make up one migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// Whether they run without a transaction.
    pub alone: bool,
}

/// Cuts statements into as many segments as their transactions demand.
#[must_use]
pub fn segments(statements: Vec<Statement>) -> Vec<Segment> {
    let mut done: Vec<Segment> = Vec::new();
    let mut is_open = false;
    for statement in statements {
        let alone = statement.boundary == Boundary::Alone;
        let is_new = !is_open
            || statement.boundary == Boundary::Before
            || done.last().is_none_or(|it| it.alone != alone);
        // statements after a VALIDATE share its transaction: nothing before it waits there
        if is_new {
            done.push(Segment {
                statements: Vec::new(),
                alone,
            });
        }
        is_open = statement.boundary != Boundary::After;
        if let Some(segment) = done.last_mut() {
            segment.statements.push(statement);
        }
    }
    done
}

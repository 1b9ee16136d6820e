//! Statements, cut into runs that can share a transaction.
//!
//! One that cannot run in a transaction is a run of its own: PostgreSQL takes several that are sent as one text, as `diesel` sends a
//! script, for one transaction.

use crate::ddl::{Boundary, Statement};

/// Statements that make up one migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// Whether it is one statement that runs without a transaction.
    pub alone: bool,
}

/// Cuts statements into as many segments as their transactions demand.
#[must_use]
pub fn segments(statements: Vec<Statement>) -> Vec<Segment> {
    let mut done: Vec<Segment> = Vec::new();
    let mut is_open = false;
    for statement in statements {
        let alone = statement.boundary == Boundary::Alone;
        let is_new = !is_open || alone || statement.boundary == Boundary::Before;
        // statements after a VALIDATE share its transaction: nothing before it waits there
        if is_new {
            done.push(Segment { statements: Vec::new(), alone });
        }
        is_open = !alone && statement.boundary != Boundary::After;
        if let Some(segment) = done.last_mut() {
            segment.statements.push(statement);
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_run_in_a_transaction_stands_by_itself() {
        use Boundary::{After, Alone, Before, None};
        let all = [None, None, Alone, Alone, None, Before, None, After, None];
        let cut = segments(all.map(|it| Statement::new("x").at(it)).to_vec());
        let shape: Vec<(usize, bool)> =
            cut.iter().map(|it| (it.statements.len(), it.alone)).collect();
        let (one, together) = ((1, true), false);
        let expected = [(2, together), one, one, (1, together), (3, together), (1, together)];
        assert_eq!(shape, expected);
    }
}

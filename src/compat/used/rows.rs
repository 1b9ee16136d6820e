//! Rows that are written out: `values((name.eq("x"), age.eq(1)))`.

use std::collections::BTreeSet;

use syn::{Expr, Token, parse::Parser as _, punctuated::Punctuated};

/// The table that a row is for, and the columns that it has.
pub(super) type Row = (usize, BTreeSet<usize>);

/// What is always given by a row, or by each of several; none if it is not all written out. `column` finds the column that an
/// expression names.
pub(super) fn row(written: &Expr, column: &dyn Fn(&Expr) -> Option<(usize, usize)>) -> Option<Row> {
    let all = |them: &mut dyn Iterator<Item = &Expr>| {
        let rows: Option<Vec<Row>> = them.map(|it| row(it, column)).collect();
        let rows = rows?;
        let (table, first) = rows.first()?.clone();
        rows.iter().all(|it| it.0 == table).then_some(())?;
        Some((table, rows.iter().fold(first, |all, it| &all & &it.1)))
    };
    match written {
        Expr::Reference(inner) => row(&inner.expr, column),
        Expr::Paren(inner) => row(&inner.expr, column),
        Expr::Array(rows) => all(&mut rows.elems.iter()),
        Expr::Macro(vec) if vec.mac.path.is_ident("vec") => {
            let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
            let rows = parser.parse2(vec.mac.tokens.clone()).ok()?;
            all(&mut rows.iter())
        }
        Expr::Tuple(tuple) => {
            let parts: Option<Vec<_>> = tuple.elems.iter().map(|it| value(it, column)).collect();
            let parts = parts?;
            let table = parts.first()?.0;
            let is_one = parts.iter().all(|it| it.0 == table);
            is_one.then(|| (table, parts.into_iter().map(|it| it.1).collect()))
        }
        one => value(one, column).map(|(table, column)| (table, [column].into())),
    }
}

/// The column of `column.eq(value)`.
fn value(
    written: &Expr,
    column: &dyn Fn(&Expr) -> Option<(usize, usize)>,
) -> Option<(usize, usize)> {
    let Expr::MethodCall(call) = written else { return None };
    (call.method == "eq").then(|| column(&call.receiver))?
}

//! What a statement demands of rows that are there: queries for the rows that it would fail on.
//!
//! The names are taken over as they are written. What the text alone does not tell, such as the columns of a key that a foreign key leaves
//! out, is a query for a statement that says more.

use std::ops::Range;

use squawk_syntax::{
    SourceFile, SyntaxKind, SyntaxNode,
    ast::{
        self, AlterColumnOption, AlterDomainAction, AlterTableAction, AstNode, Constraint,
        PartitionType, Stmt,
    },
};

use super::Piece;
use crate::words::ident::{Ident, Literal};

/// Something that a statement demands of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Demand {
    /// What is wrong with the rows that are found, for people.
    pub what: String,
    /// The query for them; or one that fails where there is one.
    pub rows: String,
    /// The major versions that can be asked.
    pub versions: Range<u32>,
    /// Whether the query fails where a row is in the way, and finds none.
    pub fails: bool,
}

/// What a statement demands, and whether it may change rows as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Demands {
    /// What it demands.
    pub all: Vec<Demand>,
    /// Queries for statements that demand the rest: `ALTER TABLE … ADD …`, with what the catalog knows.
    pub unknown: Vec<String>,
    /// What constraints that are NOT VALID demand once they are validated, by their names, quoted.
    pub later: Vec<(String, Vec<Demand>)>,
    /// The constraints that it validates, likewise.
    pub validates: Vec<String>,
    /// The name of its table without a schema, if it is known.
    pub table: Option<String>,
    /// Whether it does nothing but demand: rows are the same after it.
    pub only: bool,
    /// Whether it demands something of tables that it does not name.
    pub elsewhere: bool,
}

/// Reads one statement.
#[must_use]
pub(crate) fn demands(statement: &str) -> Demands {
    let parsed = SourceFile::parse(statement);
    if !parsed.errors().is_empty() {
        return Demands::default();
    }
    let file = parsed.tree();
    match file.stmts().next() {
        Some(Stmt::AlterTable(it)) => of_table(&it),
        Some(Stmt::AlterDomain(it)) => of_domain(&it).unwrap_or_default(),
        Some(Stmt::CreateIndex(it)) => of_index(&it),
        _ => Demands::default(),
    }
}

fn text(node: &SyntaxNode) -> String {
    node.text().to_string().trim().to_owned()
}

/// The last part of a name, folded.
fn bare(table: &str) -> String {
    let last = super::pieces(table).unwrap_or_default().pop();
    match last {
        Some(Piece::Word(name) | Piece::Name(name)) => name,
        _ => String::new(),
    }
}

/// The lists of columns in a constraint, in order: names between brackets, quoted. What is not a plain name ends the list without it.
fn lists(node: &SyntaxNode) -> Vec<Vec<String>> {
    let text = text(node);
    let pieces = super::pieces(&text).unwrap_or_default();
    let groups = pieces.split(|it| *it == Piece::Sign("(")).skip(1);
    let names = |group: &[Piece<'_>]| {
        let inside = group.iter().take_while(|it| **it != Piece::Sign(")"));
        let names = inside.filter(|it| **it != Piece::Sign(",")).map(|it| match it {
            Piece::Word(name) | Piece::Name(name) => Some(Ident(name).to_string()),
            _ => None,
        });
        names.collect::<Option<Vec<String>>>()
    };
    groups.filter_map(names).collect()
}

fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants_with_tokens().any(|it| it.kind() == kind)
}

fn of_table(alter: &ast::AlterTable) -> Demands {
    let Some(table) = alter.table_relation_name() else {
        return Demands::default();
    };
    let table = text(table.syntax());
    let mut demands = Demands { table: Some(bare(&table)), only: false, ..Demands::default() };
    demands.only = alter.actions().next().is_some();
    for action in alter.actions() {
        let found = of_action(&action, &table);
        demands.only &= match &action {
            AlterTableAction::AddColumn(_) => false,
            AlterTableAction::AddConstraint(_) | AlterTableAction::ValidateConstraint(_) => true,
            // an expression behind USING makes other rows
            _ => !found.is_empty() && !found.iter().all(|it| it.fails),
        };
        match &action {
            AlterTableAction::AddConstraint(it) if has(it.syntax(), SyntaxKind::NOT_VALID) => {
                demands.later.extend(constraint_name(it).map(|name| (name, found)));
            }
            AlterTableAction::AddConstraint(it) => {
                demands.unknown.extend(keyless(it, &table));
                demands.all.extend(found);
            }
            AlterTableAction::ValidateConstraint(it) => {
                let name = it.constraint_name_ref().map(|it| bare(&text(it.syntax())));
                let name = name.unwrap_or_default();
                demands.unknown.push(definition(&table, &name));
                demands.validates.push(Ident(&name).to_string());
            }
            AlterTableAction::AttachPartition(it) => demands.unknown.extend(attached(it, &table)),
            _ => demands.all.extend(found),
        }
    }
    demands
}

/// What becomes of a domain is demanded of every column that has it.
fn of_domain(alter: &ast::AlterDomain) -> Option<Demands> {
    let domain = text(alter.domain_ref()?.syntax());
    let not_null = "ALTER COLUMN glowplug_column SET NOT NULL".to_owned();
    let change = match alter.action()? {
        AlterDomainAction::SetNotNull(_) => not_null,
        AlterDomainAction::AddConstraint(it) if !has(it.syntax(), SyntaxKind::NOT_VALID) => {
            match it.constraint()? {
                Constraint::NotNullConstraint(_) => not_null,
                Constraint::CheckConstraint(it) => {
                    format!("ADD CHECK ({})", of_column(it.expr()?.syntax()))
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    let unknown = format!(
        include_str!("domain.sql"),
        statement = Literal(&format!("ALTER TABLE glowplug_table {change}")),
        domain = Literal(&domain),
    );
    Some(Demands { unknown: vec![unknown], only: true, elsewhere: true, ..Demands::default() })
}

/// A check of a domain, about a column instead of VALUE.
fn of_column(check: &SyntaxNode) -> String {
    let tokens = check.descendants_with_tokens().filter_map(|it| it.into_token());
    let texts = tokens.map(|it| match it.text() {
        word if word.eq_ignore_ascii_case("value") => "glowplug_column".to_owned(),
        other => other.to_owned(),
    });
    texts.collect()
}

fn constraint_name(added: &ast::AddConstraint) -> Option<String> {
    let whole = text(added.syntax());
    let pieces = super::pieces(&whole).ok()?;
    let at = pieces.iter().position(|it| it.is("constraint"))?;
    match pieces.get(at + 1)? {
        Piece::Word(name) | Piece::Name(name) => Some(Ident(name).to_string()),
        _ => None,
    }
}

/// The query for a constraint that is to be validated, as a statement that adds it.
fn definition(table: &str, name: &str) -> String {
    format!(
        include_str!("definition.sql"),
        add = Literal(&format!("ALTER TABLE {table} ADD ")),
        table = Literal(table),
        name = Literal(name),
    )
}

/// The query for the bounds of a table that becomes a partition by one column, as a statement that demands them.
fn attached(attach: &ast::AttachPartition, table: &str) -> Option<String> {
    let part = text(attach.table_name_ref()?.syntax());
    let (strategy, bounds) = match attach.partition_type()? {
        PartitionType::PartitionForValuesFrom(it) => {
            let ends = it.syntax().children().flat_map(|list| list.children());
            let ends = ends.filter_map(ast::Expr::cast);
            let [from, to] = <[_; 2]>::try_from(ends.collect::<Vec<_>>()).ok()?;
            let is_open = |it: &ast::Expr| {
                ["minvalue", "maxvalue"].contains(&text(it.syntax()).to_lowercase().as_str())
            };
            let bound = |sign: &str, it: &ast::Expr| {
                (!is_open(it)).then(|| format!(" AND glowplug_key {sign} ({})", text(it.syntax())))
            };
            let ends = [bound(">=", &from), bound("<", &to)].into_iter().flatten();
            ("r", ends.collect::<String>())
        }
        PartitionType::PartitionForValuesIn(it) => {
            let values: Vec<String> = it.exprs().map(|it| text(it.syntax())).collect();
            // one for rows without a value takes more than these
            if values.iter().any(|it| it.eq_ignore_ascii_case("null")) {
                return None;
            }
            ("l", format!(" AND glowplug_key IN ({})", values.join(", ")))
        }
        _ => return None,
    };
    Some(format!(
        include_str!("partition.sql"),
        add = Literal(&format!("ALTER TABLE {part} ADD CHECK (")),
        bounds = Literal(&format!("glowplug_key IS NOT NULL{bounds}")),
        table = Literal(table),
        strategy = Literal(strategy),
    ))
}

/// The query for a foreign key that does not say which columns it refers to, as a statement that does.
fn keyless(added: &ast::AddConstraint, table: &str) -> Option<String> {
    let Constraint::ForeignKeyConstraint(it) = added.constraint()? else { return None };
    let lists = lists(it.syntax());
    let [own] = lists.as_slice() else { return None };
    let other = text(it.table_name_ref()?.syntax());
    let head =
        format!("ALTER TABLE {table} ADD FOREIGN KEY ({}) REFERENCES {other} (", own.join(", "));
    Some(format!(include_str!("keyless.sql"), head = Literal(&head), other = Literal(&other)))
}

fn demand(what: impl Into<String>, rows: String) -> Demand {
    Demand { what: what.into(), rows, versions: 0..u32::MAX, fails: false }
}

fn nulls(table: &str, column: &str) -> Demand {
    demand(
        format!("{column} of {table} is NULL"),
        format!("SELECT * FROM {table} WHERE {column} IS NULL"),
    )
}

fn twice(table: &str, columns: &[String], distinct: bool, condition: &str) -> Demand {
    let list = columns.join(", ");
    let known: Vec<String> = columns.iter().map(|it| format!("{it} IS NOT NULL")).collect();
    let mut filter: Vec<String> = if distinct { known } else { Vec::new() };
    if !condition.is_empty() {
        filter.push(format!("({condition})"));
    }
    let filter = match filter.is_empty() {
        true => String::new(),
        false => format!(" WHERE {}", filter.join(" AND ")),
    };
    demand(
        format!("{list} of {table} is there more than once"),
        format!(
            "SELECT {list}, pg_catalog.count(*) AS times FROM {table}{filter} GROUP BY {list} HAVING pg_catalog.count(*) > 1"
        ),
    )
}

fn of_action(action: &AlterTableAction, table: &str) -> Vec<Demand> {
    match action {
        AlterTableAction::AlterColumn(it) => {
            let Some(column) = it.column_name_ref() else {
                return Vec::new();
            };
            let column = text(column.syntax());
            match it.option() {
                Some(AlterColumnOption::SetNotNull(_)) => vec![nulls(table, &column)],
                Some(AlterColumnOption::SetType(set)) => of_cast(table, &column, &set),
                _ => Vec::new(),
            }
        }
        AlterTableAction::AddConstraint(it) => of_constraint(it, table),
        AlterTableAction::AddColumn(it) => {
            let all: Vec<Constraint> = it.constraints().collect();
            let is_not_null = |it: &Constraint| {
                matches!(it, Constraint::NotNullConstraint(_) | Constraint::PrimaryKeyConstraint(_))
            };
            let is_filled = |it: &Constraint| {
                matches!(it, Constraint::DefaultConstraint(_) | Constraint::GeneratedConstraint(_))
            };
            let of = it.ty().map(|it| text(it.syntax()).to_lowercase()).unwrap_or_default();
            if !all.iter().any(is_not_null) || all.iter().any(is_filled) || of.contains("serial") {
                return Vec::new();
            }
            let name = it.column_name().map(|it| text(it.syntax())).unwrap_or_default();
            let what = format!("{table} has rows, and {name} is NOT NULL without a default");
            vec![demand(what, format!("SELECT * FROM {table}"))]
        }
        _ => Vec::new(),
    }
}

/// A cast that may fail. Where the rows that it fails on cannot be asked for, all are cast.
fn of_cast(table: &str, column: &str, set: &ast::SetType) -> Vec<Demand> {
    let Some(of) = set.ty() else {
        return Vec::new();
    };
    let of = text(of.syntax());
    let is_cast = |it: &ast::UsingExpr| {
        let written: String = text(it.syntax()).split_whitespace().skip(1).collect();
        written == format!("{column}::{of}").split_whitespace().collect::<String>()
    };
    let cast = |expr: &str| {
        let rows = format!(
            "SELECT pg_catalog.count(glowplug_value) FROM (SELECT ({expr})::{of} AS glowplug_value FROM {table}) AS glowplug_values"
        );
        Demand { fails: true, ..demand(format!("{column} of {table} cannot become {of}"), rows) }
    };
    if let Some(using) = set.using_expr().filter(|it| !is_cast(it)) {
        let written = text(using.syntax());
        let expr = written.split_once(char::is_whitespace).map_or("", |it| it.1);
        return vec![cast(expr)];
    }
    let literal = of.replace('\'', "''");
    let rows = format!(
        "SELECT * FROM {table} WHERE NOT pg_catalog.pg_input_is_valid({column}::text, '{literal}')"
    );
    let what = format!("{column} of {table} is no {of}");
    let found = Demand { versions: 16..u32::MAX, ..demand(what, rows) };
    vec![found, Demand { versions: 0..16, ..cast(column) }]
}

fn of_constraint(added: &ast::AddConstraint, table: &str) -> Vec<Demand> {
    let Some(constraint) = added.constraint() else {
        return Vec::new();
    };
    let lists = lists(constraint.syntax());
    let first = lists.first().cloned().unwrap_or_default();
    match &constraint {
        Constraint::CheckConstraint(it) => {
            let Some(expr) = it.expr() else { return Vec::new() };
            let expr = text(expr.syntax());
            let rows = format!("SELECT * FROM {table} WHERE NOT ({expr})");
            vec![demand(format!("a row of {table} does not meet CHECK ({expr})"), rows)]
        }
        Constraint::UniqueConstraint(it) if it.using_index().is_none() && !first.is_empty() => {
            let distinct = !is_nulls_not_distinct(it.syntax());
            vec![twice(table, &first, distinct, "")]
        }
        Constraint::PrimaryKeyConstraint(it) if it.using_index().is_none() && !first.is_empty() => {
            let mut all: Vec<Demand> = first.iter().map(|it| nulls(table, it)).collect();
            all.push(twice(table, &first, true, ""));
            all
        }
        Constraint::ForeignKeyConstraint(it) => {
            let [own, theirs] = lists.as_slice() else { return Vec::new() };
            let Some(other) = it.table_name_ref().filter(|_| own.len() == theirs.len()) else {
                return Vec::new();
            };
            let other = text(other.syntax());
            let known: Vec<String> = own.iter().map(|it| format!("k.{it} IS NOT NULL")).collect();
            let same = own.iter().zip(theirs).map(|(own, its)| format!("o.{its} = k.{own}"));
            let same: Vec<String> = same.collect();
            let rows = format!(
                "SELECT k.* FROM {table} AS k WHERE {} AND NOT EXISTS (SELECT FROM {other} AS o WHERE {})",
                known.join(" AND "),
                same.join(" AND ")
            );
            let what = format!("{} of {table} refers to no row of {other}", own.join(", "));
            vec![demand(what, rows)]
        }
        _ => Vec::new(),
    }
}

fn is_nulls_not_distinct(node: &SyntaxNode) -> bool {
    let words: Vec<String> =
        text(node).to_lowercase().split_whitespace().map(str::to_owned).collect();
    words.windows(3).any(|it| it == ["nulls", "not", "distinct"])
}

fn of_index(index: &ast::CreateIndex) -> Demands {
    let (Some(table), Some(items)) = (index.table_relation_name(), index.partition_item_list())
    else {
        return Demands::default();
    };
    let table = text(table.syntax());
    if index.unique_token().is_none() {
        return Demands { table: Some(bare(&table)), only: true, ..Demands::default() };
    }
    let columns = items.partition_items().map(|it| Some(text(it.expr()?.syntax())));
    let columns: Option<Vec<String>> = columns.collect();
    let condition = index.where_clause().and_then(|it| it.expr());
    let condition = condition.map(|it| text(it.syntax())).unwrap_or_default();
    let distinct = !is_nulls_not_distinct(index.syntax());
    let all = columns.map(|it| twice(&table, &it, distinct, &condition));
    let all = all.into_iter().collect();
    Demands { table: Some(bare(&table)), only: true, all, ..Demands::default() }
}

#[cfg(test)]
mod tests {
    use super::demands;

    #[track_caller]
    fn rows(statement: &str) -> Vec<String> {
        let asked = demands(statement).all.into_iter().filter(|it| it.versions.contains(&16));
        asked.map(|it| it.rows).collect()
    }

    #[test]
    fn each_form_has_the_query_for_the_rows_that_it_fails_on() {
        for (statement, wanted) in [
            (
                "ALTER TABLE a.t ALTER COLUMN \"C x\" SET NOT NULL",
                "SELECT * FROM a.t WHERE \"C x\" IS NULL",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0 OR m)",
                "SELECT * FROM t WHERE NOT (n > 0 OR m)",
            ),
            (
                "ALTER TABLE t ADD UNIQUE (a, b)",
                r#"SELECT "a", "b", pg_catalog.count(*) AS times FROM t WHERE "a" IS NOT NULL AND "b" IS NOT NULL GROUP BY "a", "b" HAVING pg_catalog.count(*) > 1"#,
            ),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a DESC) WHERE b",
                "SELECT a, pg_catalog.count(*) AS times FROM t WHERE a IS NOT NULL AND (b) GROUP BY a HAVING pg_catalog.count(*) > 1",
            ),
            (
                "CREATE UNIQUE INDEX i ON t (lower(a), (b || 'x')) NULLS NOT DISTINCT",
                "SELECT lower(a), (b || 'x'), pg_catalog.count(*) AS times FROM t GROUP BY lower(a), (b || 'x') HAVING pg_catalog.count(*) > 1",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.o (id) ON DELETE CASCADE",
                r#"SELECT k.* FROM t AS k WHERE k."a" IS NOT NULL AND NOT EXISTS (SELECT FROM s.o AS o WHERE o."id" = k."a")"#,
            ),
            (
                "ALTER TABLE t ALTER a TYPE numeric(4,1)",
                "SELECT * FROM t WHERE NOT pg_catalog.pg_input_is_valid(a::text, 'numeric(4,1)')",
            ),
            (
                "ALTER TABLE t ALTER a TYPE int USING length(a) / b",
                "SELECT pg_catalog.count(glowplug_value) FROM (SELECT (length(a) / b)::int AS glowplug_value FROM t) AS glowplug_values",
            ),
            ("ALTER TABLE t ADD COLUMN a int NOT NULL", "SELECT * FROM t"),
        ] {
            assert_eq!(rows(statement), [wanted], "{statement}");
        }
        assert_eq!(rows("ALTER TABLE t ADD PRIMARY KEY (a, b)").len(), 3);
    }

    #[test]
    fn what_cannot_fail_or_cannot_be_told_demands_nothing() {
        for statement in [
            "ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
            "ALTER TABLE t VALIDATE CONSTRAINT c",
            "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0",
            "ALTER TABLE t ADD COLUMN a bigserial NOT NULL",
            "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o",
            "CREATE INDEX i ON t (a)",
            "UPDATE t SET a = 1",
        ] {
            assert_eq!(rows(statement), Vec::<String>::new(), "{statement}");
        }
    }

    #[test]
    fn what_the_catalog_has_to_tell_is_asked_for() {
        let of = demands("ALTER DOMAIN s.d ADD CONSTRAINT c CHECK (VALUE > 0 AND 'value' <> 'x')");
        let asked = "ADD CHECK (glowplug_column > 0 AND ''value'' <> ''x'')'";
        assert!(of.elsewhere && of.unknown[0].contains(asked), "{of:?}");
        assert!(demands("ALTER DOMAIN d ADD CHECK (VALUE > 0) NOT VALID").unknown.is_empty());
        let of = demands("ALTER TABLE t ADD CONSTRAINT \"C\" CHECK (n > 0) NOT VALID");
        assert!(of.only && of.later.len() == 1 && of.later[0].0 == "\"C\"", "{of:?}");
        let of = demands("ALTER TABLE s.t VALIDATE CONSTRAINT \"C\"");
        assert!(of.only && of.validates == ["\"C\""], "{of:?}");
        assert!(of.unknown[0].contains("to_regclass('s.t')"), "{of:?}");
        assert!(of.unknown[0].contains("conname = 'C'"), "{of:?}");
        let of = demands("ALTER TABLE t ATTACH PARTITION s.p FOR VALUES FROM (1) TO (MAXVALUE)");
        assert!(
            of.unknown[0].contains("glowplug_key IS NOT NULL AND glowplug_key >= (1)'"),
            "{of:?}"
        );
        let of = demands("ALTER TABLE t ATTACH PARTITION p FOR VALUES IN ('a', 'b')");
        assert!(of.unknown[0].contains("glowplug_key IN (''a'', ''b'')'"), "{of:?}");
        let of = demands("ALTER TABLE t ATTACH PARTITION p FOR VALUES FROM (1, 2) TO (3, 4)");
        assert!(of.unknown.is_empty(), "{of:?}");
        let of = demands("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o");
        assert!(
            of.unknown[0].contains("'ALTER TABLE t ADD FOREIGN KEY (\"a\") REFERENCES o ('"),
            "{of:?}"
        );
    }
}

//! The forms in which a migration with `ledger = true` may change the structure of a sealed ledger: parsed, and listed here. Nothing
//! that they hold can run code that is not PostgreSQL's own, because they run as the owner of the ledger.

use std::ops::Range;

use squawk_syntax::{
    SourceFile, SyntaxKind, SyntaxNode,
    ast::{self, AlterTableAction, AstNode, Constraint, Stmt},
};

use crate::migration::source::Direction;

/// What speaks against a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// What is wrong, as a sentence without a place.
    pub what: String,
    /// The bytes of the statement that are meant.
    pub span: Range<usize>,
}

/// The list, for people.
pub(crate) const FORMS: &str = "A migration with `ledger = true` may contain: ALTER TABLE … ADD COLUMN (nullable, or with a constant default), ADD CONSTRAINT … NOT VALID (CHECK, FOREIGN KEY without actions), VALIDATE CONSTRAINT, ATTACH PARTITION, ENABLE ALWAYS TRIGGER; \
    CREATE INDEX [CONCURRENTLY]; CREATE TABLE … PARTITION OF; CREATE TRIGGER … BEFORE UPDATE, DELETE or TRUNCATE; COMMENT; GRANT SELECT, INSERT; CREATE STATISTICS; and its down.sql what takes these back: DROP COLUMN, CONSTRAINT, INDEX, STATISTICS, TABLE, TRIGGER, DETACH PARTITION, REVOKE, without CASCADE. \
    Tables are named with their schema; types, functions and operators are PostgreSQL's own. Put everything else into a migration without it.";

/// Looks whether a statement has one of the forms.
///
/// # Errors
/// When it has not, with the part of it that is the reason.
pub(crate) fn demand_form(text: &str, direction: Direction) -> Result<(), Unfit> {
    let parsed = SourceFile::parse(text);
    let whole = || 0..text.trim_end().len();
    if !parsed.errors().is_empty() {
        return Err(Unfit {
            what: "this cannot be parsed well enough to be allowed".into(),
            span: whole(),
        });
    }
    let file = parsed.tree();
    let mut statements = file.stmts();
    let (Some(statement), None) = (statements.next(), statements.next()) else {
        return Err(Unfit { what: "this is not one statement".into(), span: whole() });
    };
    let down = direction == Direction::Down;
    let is_plain = match &statement {
        Stmt::AlterTable(it) => {
            let mut actions = it.actions().peekable();
            if actions.peek().is_none() {
                return Err(unfit(it.syntax(), "ALTER TABLE of this form"));
            }
            for action in actions {
                demand_action(&action, down)?;
            }
            true
        }
        Stmt::CreateIndex(_) | Stmt::CreateStatistics(_) => true,
        Stmt::CreateTable(it) => {
            demand_partition(it)?;
            true
        }
        Stmt::CreateTrigger(it) => {
            demand_refusal(it)?;
            true
        }
        Stmt::CommentOn(_) => false,
        Stmt::Grant(it) => {
            demand_appending(it)?;
            false
        }
        Stmt::DropIndex(_)
        | Stmt::DropStatistics(_)
        | Stmt::DropTable(_)
        | Stmt::DropTrigger(_)
            if down =>
        {
            true
        }
        Stmt::Revoke(_) if down => false,
        other => return Err(unfit(other.syntax(), "this form of statement")),
    };
    let node = statement.syntax();
    if let Some(word) = tokens(node).find(|it| it.kind() == SyntaxKind::CASCADE_KW) {
        return Err(Unfit {
            what: "CASCADE drops what is not named".into(),
            span: span(word.text_range()),
        });
    }
    if is_plain { demand_names(node) } else { Ok(()) }
}

fn unfit(node: &SyntaxNode, what: &str) -> Unfit {
    let span = first_to_last(node);
    Unfit { what: format!("{what} is not allowed in a migration with `ledger = true`"), span }
}

fn span(range: impl Into<Range<usize>>) -> Range<usize> {
    range.into()
}

fn first_to_last(node: &SyntaxNode) -> Range<usize> {
    let mut all = tokens(node);
    let first = all.next();
    let last = all.last().or_else(|| first.clone());
    match (first, last) {
        (Some(first), Some(last)) => {
            Range::<usize>::from(first.text_range()).start
                ..Range::<usize>::from(last.text_range()).end
        }
        _ => node.text_range().into(),
    }
}

/// The tokens that mean something.
fn tokens(node: &SyntaxNode) -> impl Iterator<Item = squawk_syntax::SyntaxToken> + use<> {
    let all = node.descendants_with_tokens().filter_map(|it| it.into_token());
    all.filter(|it| !matches!(it.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT))
}

fn demand_action(action: &AlterTableAction, down: bool) -> Result<(), Unfit> {
    match action {
        AlterTableAction::AddColumn(it) => demand_column(it),
        AlterTableAction::AddConstraint(it) => demand_constraint(it),
        AlterTableAction::ValidateConstraint(_)
        | AlterTableAction::AttachPartition(_)
        | AlterTableAction::EnableAlwaysTrigger(_) => Ok(()),
        AlterTableAction::DropColumn(_)
        | AlterTableAction::DropConstraint(_)
        | AlterTableAction::DetachPartition(_)
            if down =>
        {
            Ok(())
        }
        other => Err(unfit(other.syntax(), "this change of a table")),
    }
}

fn demand_column(column: &ast::AddColumn) -> Result<(), Unfit> {
    let of = column.ty().map(|it| it.syntax().text().to_string()).unwrap_or_default();
    if of.to_lowercase().contains("serial") {
        return Err(unfit(column.syntax(), "a column that numbers existing rows"));
    }
    let mut is_null = true;
    let mut has_default = false;
    for constraint in column.constraints() {
        match &constraint {
            Constraint::NullConstraint(_) => {}
            Constraint::NotNullConstraint(_) => is_null = false,
            Constraint::DefaultConstraint(it) => {
                has_default = true;
                if !it.expr().is_some_and(|it| is_constant(&it)) {
                    return Err(unfit(it.syntax(), "a default that is not a constant"));
                }
            }
            other => return Err(unfit(other.syntax(), "a new column with this")),
        }
    }
    match is_null || has_default {
        true => Ok(()),
        false => Err(unfit(column.syntax(), "a new column that is NOT NULL without a default")),
    }
}

/// A literal, a signed one, or one with a type of PostgreSQL's own.
fn is_constant(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Literal(_) => true,
        ast::Expr::PrefixExpr(it) => {
            it.expr().is_some_and(|it| matches!(it, ast::Expr::Literal(_)))
        }
        ast::Expr::ParenExpr(it) => it.expr().is_some_and(|it| is_constant(&it)),
        ast::Expr::CastExpr(it) => match it.expr() {
            Some(inner) => is_constant(&inner),
            None => true,
        },
        _ => false,
    }
}

fn demand_constraint(added: &ast::AddConstraint) -> Result<(), Unfit> {
    let is_late = added.syntax().descendants().any(|it| it.kind() == SyntaxKind::NOT_VALID);
    let is_fit = match added.constraint() {
        Some(Constraint::CheckConstraint(_) | Constraint::NotNullConstraint(_)) => is_late,
        Some(Constraint::ForeignKeyConstraint(it)) => {
            if let Some(action) = it.referential_actions().next() {
                return Err(unfit(action.syntax(), "a foreign key with an action"));
            }
            is_late
        }
        _ => return Err(unfit(added.syntax(), "this constraint")),
    };
    match is_fit {
        true => Ok(()),
        false => Err(unfit(added.syntax(), "a constraint without NOT VALID")),
    }
}

fn demand_partition(table: &ast::CreateTable) -> Result<(), Unfit> {
    let is_more = table.persistence().is_some()
        || table.of_type().is_some()
        || table.table_arg_list().is_some()
        || table.inherits().is_some()
        || table.on_commit().is_some();
    match table.partition_of().is_some() && !is_more {
        true => Ok(()),
        false => Err(unfit(table.syntax(), "a table that is not a plain PARTITION OF another")),
    }
}

/// A trigger that comes before what a ledger refuses anyway.
fn demand_refusal(trigger: &ast::CreateTrigger) -> Result<(), Unfit> {
    let is_before = matches!(trigger.timing(), Some(ast::Timing::TimingBefore(_)));
    let of_writes = trigger.trigger_event_list().is_some_and(|it| {
        it.trigger_events().all(|it| !matches!(it, ast::TriggerEvent::TriggerEventInsert(_)))
    });
    let is_more = trigger.when_condition().is_some()
        || trigger.from_table().is_some()
        || trigger.referencing().is_some()
        || trigger.constraint_options().next().is_some();
    match is_before && of_writes && !is_more {
        true => Ok(()),
        false => Err(unfit(
            trigger.syntax(),
            "a trigger that does not plainly come BEFORE UPDATE, DELETE or TRUNCATE",
        )),
    }
}

fn demand_appending(grant: &ast::Grant) -> Result<(), Unfit> {
    if let Some(with) = grant.grant_with_clause() {
        return Err(unfit(with.syntax(), "WITH GRANT OPTION"));
    }
    let objects = grant.on_privilege_objects_clause().and_then(|it| it.privilege_objects());
    let Some(ast::PrivilegeObjects::PrivilegeTable(_) | ast::PrivilegeObjects::PrivilegeDefault(_)) =
        objects
    else {
        return Err(unfit(grant.syntax(), "a grant that is not on a table"));
    };
    let Some(ast::Privileges::RevokeCommandList(list)) = grant.privileges() else {
        return Err(unfit(grant.syntax(), "a grant of everything"));
    };
    for privilege in list.revoke_commands() {
        let first = tokens(privilege.syntax()).next();
        let word = first.map(|it| it.text().to_lowercase()).unwrap_or_default();
        if word != "select" && word != "insert" {
            return Err(unfit(privilege.syntax(), "a grant of more than SELECT and INSERT"));
        }
    }
    Ok(())
}

/// Names of tables, and what stands in their place: these have a schema.
const PLACES: [SyntaxKind; 5] = [
    SyntaxKind::TABLE_RELATION_NAME,
    SyntaxKind::TABLE_NAME_REF,
    SyntaxKind::TABLE_NAME,
    SyntaxKind::RELATION_NAME_REF,
    SyntaxKind::INDEX_REF,
];

/// Demands a schema before each table, and before nothing else another one than `pg_catalog`.
fn demand_names(node: &SyntaxNode) -> Result<(), Unfit> {
    let mut tables: Vec<Range<usize>> = Vec::new();
    for it in node.descendants() {
        if PLACES.contains(&it.kind()) {
            if !tokens(&it).any(|it| it.kind() == SyntaxKind::DOT) {
                let what =
                    "a name without a schema means another table under another search_path".into();
                return Err(Unfit { what, span: first_to_last(&it) });
            }
            tables.push(it.text_range().into());
        }
        let is_name = matches!(it.kind(), SyntaxKind::STATISTICS | SyntaxKind::STATISTICS_REF);
        let is_call = it.kind() == SyntaxKind::CALL_EXPR
            && it.parent().is_some_and(|it| it.kind() == SyntaxKind::CREATE_TRIGGER);
        if is_name || is_call {
            tables.push(it.text_range().into());
        }
    }
    let mut before = None;
    for token in tokens(node) {
        let at = Range::<usize>::from(token.text_range());
        let is_table = tables.iter().any(|it| it.start <= at.start && at.end <= it.end);
        if token.kind() == SyntaxKind::DOT && !is_table {
            let schema: Option<squawk_syntax::SyntaxToken> = before;
            let name = schema.as_ref().map(|it| it.text().to_lowercase()).unwrap_or_default();
            if name != "pg_catalog" && name != "\"pg_catalog\"" {
                let span = schema.map_or(at.clone(), |it| it.text_range().into());
                let what = "only PostgreSQL's own types, functions and operators are allowed: they run as the owner of the ledger".into();
                return Err(Unfit { what, span });
            }
        }
        before = Some(token);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fit(text: &str, direction: Direction) -> bool {
        demand_form(text, direction).is_ok()
    }

    #[test]
    fn forms_are_let_through() {
        for text in [
            "ALTER TABLE public.events ADD COLUMN note text",
            "ALTER TABLE ONLY public.events ADD note varchar(20) NULL, ADD COLUMN n int NOT NULL DEFAULT 0",
            "ALTER TABLE public.events ADD COLUMN n numeric(10, 2) DEFAULT -1.5",
            "ALTER TABLE public.events ADD COLUMN at timestamptz DEFAULT '2024-01-01'::timestamptz",
            "ALTER TABLE public.events ADD CONSTRAINT c CHECK (pg_catalog.length(kind) > 0 AND lower(kind) = kind) NOT VALID",
            "ALTER TABLE public.events ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.accounts (id) NOT VALID",
            "ALTER TABLE public.events VALIDATE CONSTRAINT c",
            "ALTER TABLE public.entries ATTACH PARTITION public.entries_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
            "ALTER TABLE public.entries_1 ENABLE ALWAYS TRIGGER t",
            "CREATE INDEX CONCURRENTLY i ON public.events (lower(kind), (payload ->> 'a')) WHERE kind IS NOT NULL",
            "CREATE UNIQUE INDEX IF NOT EXISTS i ON public.events USING btree (id DESC) INCLUDE (kind)",
            "CREATE TABLE public.entries_1 PARTITION OF public.entries FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
            "CREATE TRIGGER t BEFORE TRUNCATE ON public.entries_1 FOR EACH STATEMENT EXECUTE FUNCTION public.refuse()",
            "COMMENT ON COLUMN public.events.kind IS 'what happened'",
            "GRANT SELECT, INSERT (kind) ON public.events TO app, reader",
            "GRANT INSERT ON TABLE public.events TO app",
            "CREATE STATISTICS public.s (dependencies) ON kind, stream_id FROM public.events",
        ] {
            assert_eq!(demand_form(text, Direction::Up), Ok(()), "{text}");
        }
        for text in [
            "ALTER TABLE public.events DROP COLUMN note, DROP CONSTRAINT c",
            "DROP INDEX CONCURRENTLY public.i",
            "DROP STATISTICS public.s",
            "DROP TABLE public.entries_1",
            "REVOKE SELECT ON public.events FROM reader",
            "ALTER TABLE public.entries DETACH PARTITION public.entries_1",
        ] {
            assert_eq!(demand_form(text, Direction::Down), Ok(()), "{text}");
            assert!(!is_fit(text, Direction::Up), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "ALTER TABLE events ADD COLUMN note text",
            "ALTER TABLE public.events ADD COLUMN note text NOT NULL",
            "ALTER TABLE public.events ADD COLUMN at timestamptz DEFAULT now()",
            "ALTER TABLE public.events ADD COLUMN n int DEFAULT 1 + 1",
            "ALTER TABLE public.events ADD COLUMN n bigserial",
            "ALTER TABLE public.events ADD COLUMN n public.cents",
            "ALTER TABLE public.events ADD COLUMN n int DEFAULT '1'::public.cents",
            "ALTER TABLE public.events ADD COLUMN n int GENERATED ALWAYS AS (1) STORED",
            "ALTER TABLE public.events ADD COLUMN n int REFERENCES public.other",
            "ALTER TABLE public.events ADD CONSTRAINT c CHECK (kind <> '')",
            "ALTER TABLE public.events ADD CONSTRAINT c CHECK (public.evil(kind)) NOT VALID",
            "ALTER TABLE public.events ADD CONSTRAINT c CHECK (kind OPERATOR(public.=) '') NOT VALID",
            "ALTER TABLE public.events ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.b (id) ON DELETE CASCADE NOT VALID",
            "ALTER TABLE public.events ALTER COLUMN kind TYPE text USING ''",
            "ALTER TABLE public.events DISABLE TRIGGER ALL",
            "ALTER TABLE public.events OWNER TO app",
            "ALTER TABLE public.events RENAME TO e",
            "ALTER TABLE public.events ENABLE TRIGGER t",
            "CREATE INDEX i ON public.events (public.evil(kind))",
            "CREATE INDEX i ON public.events (kind public.evil_ops)",
            "CREATE INDEX i ON public.events (kind) WHERE public.evil(kind)",
            "CREATE TABLE public.t (id int)",
            "CREATE TABLE public.t PARTITION OF public.entries (note DEFAULT public.evil()) DEFAULT",
            "CREATE TEMP TABLE t PARTITION OF public.entries DEFAULT",
            "CREATE TRIGGER t BEFORE INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.evil()",
            "CREATE TRIGGER t AFTER UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION public.evil()",
            "CREATE TRIGGER t BEFORE UPDATE ON public.events FOR EACH ROW WHEN (public.evil()) EXECUTE FUNCTION public.f()",
            "GRANT UPDATE ON public.events TO app",
            "GRANT ALL ON public.events TO app",
            "GRANT SELECT ON public.events TO app WITH GRANT OPTION",
            "GRANT keeper TO app",
            "GRANT USAGE ON SCHEMA public TO app",
            "CREATE STATISTICS public.s ON (public.evil(kind)), id FROM public.events",
            "UPDATE public.events SET kind = ''",
            "INSERT INTO public.events (kind) VALUES ('x')",
            "DO $$ BEGIN END $$",
            "SET ROLE postgres",
            "SELECT 1",
            "DROP TABLE public.events",
            "ALTER TABLE public.events ADD COLUMN a text; DROP TABLE public.events",
            "not SQL",
        ] {
            assert!(!is_fit(text, Direction::Up), "{text}");
        }
        assert!(!is_fit("DROP TABLE public.entries_1 CASCADE", Direction::Down));
        assert!(!is_fit("DROP FUNCTION public.refuse()", Direction::Down));
        assert!(!is_fit("ALTER TABLE public.events DROP COLUMN note CASCADE", Direction::Down));
    }

    #[test]
    fn the_reason_is_pointed_at() {
        let text = "CREATE INDEX i ON public.events (public.evil(kind))";
        let unfit = demand_form(text, Direction::Up).unwrap_err();
        assert_eq!(&text[unfit.span], "public");
        let text = "ALTER TABLE public.events ADD COLUMN a text, OWNER TO app";
        assert_eq!(&text[demand_form(text, Direction::Up).unwrap_err().span], "OWNER TO app");
    }
}

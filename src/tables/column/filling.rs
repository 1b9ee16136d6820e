//! The place where the author of a migration fills a new column.

use crate::{
    ddl::rules::{Boundary, FILL, Fill, Object, Statement},
    tables::names,
    words::ident::{Ident, Literal},
};

/// How many pages are filled between two commits: with rows of 100 bytes some 80,000 rows.
const PAGES: u32 = 1000;

/// An UPDATE that fills a column: page by page, a transaction each, where readers and writers should not wait.
pub(super) fn fill(object: &Object<'_>) -> Statement {
    let (table, column) = (names::relation(object), Ident(object.key.name()));
    let mut statement = if object.online && object.batches {
        let name = Literal(&table.to_string()).to_string();
        Statement::new(format!(
            "DO $fill$
DECLARE
    -- of the largest partition, if there are some
    pages bigint := (SELECT max(pg_relation_size(relid)) / current_setting('block_size')::bigint
        FROM (SELECT {name}::regclass AS relid UNION SELECT relid FROM pg_partition_tree({name})) r);
    page bigint := 0;
    batch bigint;
    filled bigint := 0;
BEGIN
    WHILE page <= pages LOOP
        UPDATE {table} SET {column} = {FILL}
        WHERE {column} IS NULL AND ctid >= format('(%s,0)', page)::tid AND ctid < format('(%s,0)', page + {PAGES})::tid;
        GET DIAGNOSTICS batch = ROW_COUNT;
        COMMIT;
        page := page + {PAGES};
        filled := filled + batch;
        RAISE NOTICE '% of % pages, % rows filled', least(page, pages), pages, filled;
    END LOOP;
    -- what was added meanwhile
    UPDATE {table} SET {column} = {FILL} WHERE {column} IS NULL;
END $fill$"
        ))
        .at(Boundary::Alone)
    } else {
        let update =
            Statement::new(format!("UPDATE {table} SET {column} = {FILL} WHERE {column} IS NULL"));
        // the lock that the new column needs is given back first
        match object.online {
            true => update.at(Boundary::Before),
            false => update,
        }
    };
    let column = object.key.clone();
    statement.fills.push(Fill::Column { column });
    statement
}

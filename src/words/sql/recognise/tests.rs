use super::*;
use crate::words::sql::{Name, split};

/// Recognises the statement as written, in lower case, and with comments and line breaks for
/// blanks.
#[track_caller]
fn check(sql: &str, expected: &StatementKind) {
    let commented = sql.replace(' ', " -- '\r\n/* ; /* \" */ */ ");
    let lower = if sql.contains('"') { sql.to_owned() } else { sql.to_lowercase() };
    for text in [sql, &lower, &commented] {
        let script = format!("/* first */ {text} ; -- last");
        let statements = split(&script).expect("the script can be cut");
        assert_eq!(statements.len(), 1, "{text}");
        assert_eq!(&statements[0].kind, expected, "{text}");
    }
}

fn name(text: &str) -> Name {
    let (schema, name) =
        text.split_once('.').map_or((None, text), |(s, n)| (Some(s.to_owned()), n));
    Name { schema, name: name.to_owned() }
}

#[test]
fn transaction_control_is_named_by_its_keywords() {
    for (sql, keywords) in [
        ("BEGIN", "BEGIN"),
        ("BEGIN WORK", "BEGIN"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN"),
        ("START TRANSACTION READ ONLY", "START TRANSACTION"),
        ("COMMIT", "COMMIT"),
        ("COMMIT AND CHAIN", "COMMIT"),
        ("END", "END"),
        ("END TRANSACTION", "END"),
        ("ABORT", "ABORT"),
        ("ROLLBACK", "ROLLBACK"),
        ("ROLLBACK WORK", "ROLLBACK"),
        ("ROLLBACK TRANSACTION AND NO CHAIN", "ROLLBACK"),
        ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"),
        ("COMMIT PREPARED 'x'", "COMMIT PREPARED"),
        ("ROLLBACK PREPARED 'x'", "ROLLBACK PREPARED"),
    ] {
        check(sql, &StatementKind::Transaction(keywords.to_owned()));
    }
}

#[test]
fn kinds_without_names() {
    for (kind, statements) in [
        (
            StatementKind::Savepoint,
            &[
                "SAVEPOINT a",
                "RELEASE a",
                "RELEASE SAVEPOINT a",
                "ROLLBACK TO a",
                "ROLLBACK TO SAVEPOINT a",
                "ROLLBACK WORK TO a",
                "ROLLBACK TRANSACTION TO SAVEPOINT a",
            ][..],
        ),
        (
            StatementKind::CopyStdin,
            &[
                "COPY t FROM STDIN",
                "COPY t (a, b) FROM stdin",
                "COPY s.t FROM STDIN WITH (FORMAT csv, HEADER)",
                "COPY BINARY t FROM STDIN",
                "COPY \"to\" FROM STDIN",
                "COPY t FROM STDOUT",
                "COPY t (\"from\") FROM STDIN WHERE a > 1",
            ],
        ),
        (
            StatementKind::CopyStdout,
            &[
                "COPY t TO STDOUT",
                "COPY t TO STDIN",
                "COPY (SELECT * FROM stdin) TO STDOUT WITH (FORMAT csv)",
                "COPY (DELETE FROM t RETURNING (a)) TO STDOUT",
            ],
        ),
        (
            StatementKind::ReindexConcurrently,
            &[
                "REINDEX INDEX CONCURRENTLY i",
                "REINDEX TABLE CONCURRENTLY s.t",
                "REINDEX (CONCURRENTLY) TABLE t",
                "REINDEX (VERBOSE, CONCURRENTLY) INDEX i",
                "REINDEX (CONCURRENTLY TRUE, TABLESPACE x) INDEX i",
                "REINDEX SCHEMA CONCURRENTLY s",
            ],
        ),
        (
            StatementKind::Maintenance,
            &[
                "VACUUM",
                "VACUUM t",
                "VACUUM (FULL, ANALYZE) t",
                "VACUUM FULL",
                "CLUSTER",
                "CLUSTER VERBOSE",
                "CLUSTER (VERBOSE)",
                "CLUSTER (VERBOSE off)",
                "REINDEX DATABASE d",
                "REINDEX SYSTEM d",
                "REINDEX (VERBOSE) SCHEMA s",
                "REINDEX (CONCURRENTLY off) SCHEMA s",
            ],
        ),
        (StatementKind::AlterSystem, &["ALTER SYSTEM SET a = 1", "ALTER SYSTEM RESET ALL"]),
        (
            StatementKind::Call,
            &["CALL p()", "DO $$ BEGIN COMMIT; END $$", "DO LANGUAGE plpgsql 'x'"],
        ),
        (StatementKind::OutsideTransaction("DISCARD ALL"), &["DISCARD ALL"]),
        (
            StatementKind::OutsideTransaction("ALTER DATABASE SET TABLESPACE"),
            &["ALTER DATABASE d SET TABLESPACE x"],
        ),
        (
            StatementKind::OutsideTransaction("ALTER SUBSCRIPTION REFRESH PUBLICATION"),
            &["ALTER SUBSCRIPTION s REFRESH PUBLICATION WITH (copy_data = false)"],
        ),
        (
            StatementKind::OutsideTransaction("ALTER SUBSCRIPTION with refresh"),
            &[
                "ALTER SUBSCRIPTION s SET PUBLICATION p",
                "ALTER SUBSCRIPTION s ADD PUBLICATION p, q WITH (copy_data = off)",
                "ALTER SUBSCRIPTION s DROP PUBLICATION p WITH (refresh = true)",
            ],
        ),
        (
            StatementKind::OutsideTransaction("ALTER SUBSCRIPTION of a slot"),
            &["ALTER SUBSCRIPTION s SET (failover = true)"],
        ),
    ] {
        for sql in statements {
            check(sql, &kind);
        }
    }
}

#[test]
fn concurrent_index_builds_name_index_and_table() {
    for (sql, index, table, if_not_exists) in [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", Some("i"), "t", false),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON s.t USING btree (a)", Some("i"), "s.t", false),
        ("CREATE INDEX CONCURRENTLY ON t (a)", None, "t", false),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t (a)", Some("i"), "s.t", true),
        ("CREATE INDEX CONCURRENTLY i ON ONLY (t) (a)", Some("i"), "t", false),
        ("CREATE INDEX CONCURRENTLY if ON t * (a)", Some("if"), "t", false),
        ("CREATE INDEX CONCURRENTLY \"On\" ON \"S\".\"T\"\"1\" (a)", Some("On"), "S.T\"1", false),
        ("CREATE INDEX CONCURRENTLY i ON c . s . t (a)", Some("i"), "s.t", false),
        (
            "CREATE INDEX CONCURRENTLY U&\"\\0069\" ON U&\"!0074\" UESCAPE '!' (a)",
            Some("i"),
            "t",
            false,
        ),
    ] {
        let index = index.map(|it| Box::new(name(it)));
        check(
            sql,
            &StatementKind::CreateIndexConcurrently {
                index,
                table: Box::new(name(table)),
                if_not_exists,
            },
        );
    }
}

#[test]
fn other_kinds_name_what_they_touch() {
    let drop = |names: &[&str], if_exists| StatementKind::DropIndexConcurrently {
        indexes: names.iter().map(|n| name(n)).collect(),
        if_exists,
    };
    check("DROP INDEX CONCURRENTLY a", &drop(&["a"], false));
    check("DROP INDEX CONCURRENTLY IF EXISTS s.a, b CASCADE", &drop(&["s.a", "b"], true));
    check(
        "DROP INDEX CONCURRENTLY \"A.b\"",
        &StatementKind::DropIndexConcurrently {
            indexes: vec![Name { schema: None, name: "A.b".to_owned() }],
            if_exists: false,
        },
    );

    let (table, partition) = (Box::new(name("s.t")), Box::new(name("p")));
    let detach =
        StatementKind::DetachConcurrently { table: table.clone(), partition: partition.clone() };
    check("ALTER TABLE s.t DETACH PARTITION p CONCURRENTLY", &detach);
    check("ALTER TABLE IF EXISTS ONLY s.t DETACH PARTITION p CONCURRENTLY", &detach);
    check(
        "ALTER TABLE s.t DETACH PARTITION p FINALIZE",
        &StatementKind::DetachFinalize { table, partition },
    );

    let (n, if_exists) = ("n".to_owned(), true);
    check("CREATE DATABASE n TEMPLATE x", &StatementKind::CreateDatabase { name: n.clone() });
    check(
        "CREATE TABLESPACE n LOCATION '/x'",
        &StatementKind::CreateTablespace { name: n.clone() },
    );
    check(
        "DROP DATABASE IF EXISTS n (FORCE)",
        &StatementKind::DropDatabase { name: n.clone(), if_exists },
    );
    check(
        "DROP TABLESPACE IF EXISTS n",
        &StatementKind::DropTablespace { name: n.clone(), if_exists },
    );
    check(
        "DROP SUBSCRIPTION IF EXISTS n",
        &StatementKind::DropSubscription { name: n.clone(), if_exists },
    );
    check(
        "DROP DATABASE \"N\"",
        &StatementKind::DropDatabase { name: "N".to_owned(), if_exists: false },
    );
    for with in ["", " WITH (enabled = false)", " WITH (create_slot)", " WITH (connect = 'true')"] {
        let sql = format!("CREATE SUBSCRIPTION n CONNECTION 'x' PUBLICATION p{with}");
        check(&sql, &StatementKind::CreateSubscription { name: n.clone() });
    }
}

#[test]
fn everything_else_is_other() {
    for sql in [
        "SELECT 1",
        "(SELECT 1)",
        "\"begin\"",
        "\"commit\" x",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE p AS SELECT 1",
        "PREPARE transaction AS SELECT 1",
        "START x",
        "SET TRANSACTION READ ONLY",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "LOCK TABLE t",
        "LISTEN a",
        "COPY t FROM PROGRAM 'x'",
        "COPY t FROM 'stdin'",
        "COPY t TO '/x'",
        "COPY t FROM \"stdin\"",
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX \"concurrently\" ON t (a)",
        "CREATE INDEX CONCURRENTLY i",
        "CREATE INDEX CONCURRENTLY",
        "CREATE UNIQUE x",
        "CREATE TABLE database (a int)",
        "CREATE SUBSCRIPTION n CONNECTION 'x' PUBLICATION p WITH (connect = false)",
        "CREATE SUBSCRIPTION n CONNECTION 'x' PUBLICATION p WITH (slot_name = NONE, create_slot = off)",
        "CREATE SUBSCRIPTION n CONNECTION 'x' PUBLICATION p WITH (\"create_slot\" = '0')",
        "DROP INDEX a",
        "DROP INDEX \"concurrently\"",
        "DROP TABLE database",
        "DROP DATABASE",
        "ALTER TABLE t DETACH PARTITION p",
        "ALTER TABLE t ADD COLUMN concurrently int",
        "ALTER TABLE ALL IN TABLESPACE x SET TABLESPACE y",
        "ALTER TYPE t ADD VALUE 'x'",
        "ALTER DATABASE d REFRESH COLLATION VERSION",
        "ALTER DATABASE d SET search_path = x",
        "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
        "ALTER SUBSCRIPTION s SET (binary = true)",
        "ALTER SUBSCRIPTION s DISABLE",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "REINDEX TABLE t",
        "REINDEX (CONCURRENTLY false) TABLE t",
        "REINDEX (VERBOSE) INDEX \"concurrently\"",
        "REINDEX",
        "REINDEX (CONCURRENTLY",
        "CLUSTER t",
        "CLUSTER VERBOSE t USING i",
        "CLUSTER i ON t",
        "DISCARD TEMP",
        "WITH a AS (DELETE FROM t) SELECT 1",
        "é",
    ] {
        // An open parenthesis swallows the semicolon; what it is does not change.
        assert!(recognise(sql).may_run_in_transaction(), "{sql}");
        assert_eq!(recognise(sql), StatementKind::Other, "{sql}");
        if sql.matches('(').count() == sql.matches(')').count() {
            check(sql, &StatementKind::Other);
        }
    }
}

#[test]
fn only_what_the_server_refuses_stays_outside_of_transactions() {
    for (sql, may) in [
        ("COMMIT", true),
        ("COMMIT PREPARED 'x'", false),
        ("SAVEPOINT a", true),
        ("DO $$ $$", true),
        ("ALTER TABLE t DETACH PARTITION p FINALIZE", true),
        ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", false),
        ("CREATE INDEX CONCURRENTLY ON t (a)", false),
        ("DROP INDEX CONCURRENTLY a", false),
        ("REINDEX INDEX CONCURRENTLY i", false),
        ("VACUUM", false),
        ("ALTER SYSTEM RESET ALL", false),
        ("CREATE DATABASE d", false),
        ("DISCARD ALL", false),
    ] {
        assert_eq!(recognise(sql).may_run_in_transaction(), may, "{sql}");
    }
}

use super::*;

#[track_caller]
fn check(script: &str, expected: &[&str]) {
    let statements = split(script).expect("the script can be cut");
    let found: Vec<_> = statements.iter().map(|s| &script[s.span.clone()]).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_error(script: &str, expected: &str, at: usize) {
    let error = split(script).expect_err("the script cannot be cut");
    assert_eq!((error.to_string().as_str(), error.at()), (expected, at));
}

#[test]
fn a_semicolon_ends_a_statement() {
    check("", &[]);
    check("SELECT 1", &["SELECT 1"]);
    check("SELECT 1;", &["SELECT 1"]);
    check("SELECT 1;SELECT 2", &["SELECT 1", "SELECT 2"]);
    check("  SELECT\n 1 ;\r\n\tSELECT 2 \r\n;\r\n", &["SELECT\n 1", "SELECT 2"]);
    check("SELECT 'é😀';SELECT é", &["SELECT 'é😀'", "SELECT é"]);
}

#[test]
fn empty_statements_give_nothing() {
    check(";;", &[]);
    check(" ; ; SELECT 1;; ", &["SELECT 1"]);
    check("-- only a comment", &[]);
    check("/* ; */ ; -- ;\n", &[]);
    check("\u{feff}", &[]);
    check("\r\n\r\n", &[]);
}

#[test]
fn a_byte_order_mark_is_blank_only_at_the_start() {
    check("\u{feff}SELECT 1;", &["SELECT 1"]);
    check("SELECT 1;\u{feff}SELECT 2;", &["SELECT 1", "\u{feff}SELECT 2"]);
    check("SELECT 1;\u{feff}", &["SELECT 1", "\u{feff}"]);
}

#[test]
fn comments_around_a_statement_are_left_out_and_those_within_kept() {
    check("-- a\nSELECT 1 -- b\n; -- c", &["SELECT 1"]);
    check("/* a */ SELECT /* b; */ 1 /* c */;", &["SELECT /* b; */ 1"]);
    check("SELECT 1 -- b;\n + 2;", &["SELECT 1 -- b;\n + 2"]);
    check("SELECT 1 /* /* ; */ ; */ + 2;", &["SELECT 1 /* /* ; */ ; */ + 2"]);
    check("/*/* */*/SELECT 1", &["SELECT 1"]);
    check("/**/SELECT 1/***/;/*;**/", &["SELECT 1"]);
    check("SELECT 1 -- ' \" $$ /*\n;SELECT 2", &["SELECT 1", "SELECT 2"]);
    check("SELECT 1 */ 2;SELECT 3", &["SELECT 1 */ 2", "SELECT 3"]);
    check("SELECT 1-- \\d\r;SELECT 2", &["SELECT 1", "SELECT 2"]);
    check("SELECT 2-/* ; */-1", &["SELECT 2-/* ; */-1"]);
}

#[test]
fn quotes_hide_semicolons() {
    check("SELECT ';', 'it''s;'; SELECT 2", &["SELECT ';', 'it''s;'", "SELECT 2"]);
    check(r"SELECT '\'; SELECT 2", &[r"SELECT '\'", "SELECT 2"]);
    check(r"SELECT E'\';', e'\\'; SELECT 2", &[r"SELECT E'\';', e'\\'", "SELECT 2"]);
    check(r"SELECT E'\'''; '; SELECT 2", &[r"SELECT E'\'''; '", "SELECT 2"]);
    check(r#"SELECT ";" AS "a"";"; SELECT 2"#, &[r#"SELECT ";" AS "a"";""#, "SELECT 2"]);
    check(r#"SELECT U&"\003B;", u&';'; x"#, &[r#"SELECT U&"\003B;", u&';'"#, "x"]);
    check("SELECT B'1;', X'F;', N';'; x", &["SELECT B'1;', X'F;', N';'", "x"]);
    check("SELECT type'a;b', me'a;b'; x", &["SELECT type'a;b', me'a;b'", "x"]);
    check("SELECT 'a\n;\nb'; x", &["SELECT 'a\n;\nb'", "x"]);
    check("SELECT '/*'; SELECT '*/';", &["SELECT '/*'", "SELECT '*/'"]);
}

#[test]
fn a_string_that_goes_on_after_a_line_break_keeps_its_escapes() {
    check("SELECT E'a'\n'\\';'; x", &["SELECT E'a'\n'\\';'", "x"]);
    check("SELECT E'a' -- ;'\r\n\t'\\';'; x", &["SELECT E'a' -- ;'\r\n\t'\\';'", "x"]);
    check("SELECT E'a'\n'b'\n'\\';'; x", &["SELECT E'a'\n'b'\n'\\';'", "x"]);
    check("SELECT E'a'\n'b'''; x", &["SELECT E'a'\n'b'''", "x"]);
    check("SELECT E'a' '\\'; x", &["SELECT E'a' '\\'", "x"]);
    check("SELECT 'a'\n'\\'; x", &["SELECT 'a'\n'\\'", "x"]);
    check("SELECT E'a'\n/* */'\\'; x", &["SELECT E'a'\n/* */'\\'", "x"]);
    check("SELECT E'a'\n; x", &["SELECT E'a'", "x"]);
    check_error("SELECT E'a'\n'\\';", "unterminated string", 7);
}

#[test]
fn dollar_quotes_hide_semicolons() {
    check("SELECT $$;$$; x", &["SELECT $$;$$", "x"]);
    check("SELECT $a$;$$;$b$;$a$; x", &["SELECT $a$;$$;$b$;$a$", "x"]);
    check("SELECT $a$;$A$;$a$; x", &["SELECT $a$;$A$;$a$", "x"]);
    check("SELECT $é1$;$é1$; x", &["SELECT $é1$;$é1$", "x"]);
    check("SELECT $a$$ a$;$aa$;$a$; x", &["SELECT $a$$ a$;$aa$;$a$", "x"]);
    check("SELECT a$$;b$a$; x", &["SELECT a$$", "b$a$", "x"]);
    check("SELECT $1;SELECT $2", &["SELECT $1", "SELECT $2"]);
    check("SELECT $ab;SELECT $2", &["SELECT $ab", "SELECT $2"]);
    let function = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  COMMIT;\n  \
                    RETURN 1; -- it's $1\nEND;\n$$";
    check(
        &format!("{function};\nDO $x$ BEGIN COMMIT; END $x$;"),
        &[function, "DO $x$ BEGIN COMMIT; END $x$"],
    );
}

#[test]
fn parentheses_hide_semicolons() {
    let rule = "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM (b);)";
    check(&format!("{rule}; x"), &[rule, "x"]);
    check("SELECT (1; 2", &["SELECT (1; 2"]);
    check("SELECT 1); SELECT 2", &["SELECT 1)", "SELECT 2"]);
    check("SELECT ')', (';)'; x); y", &["SELECT ')', (';)'; x)", "y"]);
    check("SELECT a[1; 2]", &["SELECT a[1", "2]"]);
}

#[test]
fn a_function_body_hides_semicolons() {
    for body in [
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "create or replace procedure f() begin /* ; */ atomic select 1; end",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE CASE a WHEN 1 THEN 2 END \
         WHEN 2 THEN 3 END; SELECT (CASE 1 WHEN 1 THEN 2 END); END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end, t.case FROM t; SELECT 2; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT \"end\", 'end', $$end$$ -- end\n; END",
        "CREATE FUNCTION begin(atomic int) RETURNS int BEGIN ATOMIC SELECT 1; END",
    ] {
        check(&format!("{body}; x;"), &[body, "x"]);
    }
    check(
        "CREATE FUNCTION begin() RETURNS int RETURN 1; x",
        &["CREATE FUNCTION begin() RETURNS int RETURN 1", "x"],
    );
    check(
        "CREATE TABLE begin (a int); BEGIN; END; x",
        &["CREATE TABLE begin (a int)", "BEGIN", "END", "x"],
    );
    check(
        "CREATE VIEW v AS SELECT begin atomic; x",
        &["CREATE VIEW v AS SELECT begin atomic", "x"],
    );
}

#[test]
fn the_data_of_a_copy_belongs_to_no_statement() {
    let copy = "COPY t (a, b) FROM stdin";
    let dump =
        "SET x = 1;\n\nCOPY t (a, b) FROM stdin;\n1\tit's; \\N\n2\t$$ /* \\x\n\\.\n\n\nSELECT 1;\n";
    check(dump, &["SET x = 1", copy, "SELECT 1"]);
    check(&dump.replace('\n', "\r\n"), &["SET x = 1", copy, "SELECT 1"]);
    check(&format!("{copy}; -- data\nit's\n\\.\nx"), &[copy, "x"]);
    check(&format!("{copy};\n\\.\nx"), &[copy, "x"]);
    check(&format!("{copy};\nit's\n \\.\n\\. \n\\."), &[copy]);
    check(&format!("{copy};\n\\.\u{feff}\n\\.\nx"), &[copy, "x"]);
    check(&format!("{copy};\nnever closed"), &[copy]);
    check(&format!("{copy}; SELECT 1;\nit's\n\\.\nx"), &[copy, "SELECT 1", "x"]);
    check(&format!("{copy}; {copy};\nit's\n\\.\nit's\n\\.\nx"), &[copy, copy, "x"]);
    check(copy, &[copy]);
    check(&format!("{copy};"), &[copy]);
    check("COPY t TO STDOUT;\nSELECT 1;", &["COPY t TO STDOUT", "SELECT 1"]);
    check("COPY t FROM '/f';\nSELECT 1;", &["COPY t FROM '/f'", "SELECT 1"]);
}

#[test]
fn backslash_commands_are_refused_by_name() {
    check_error("\\connect db", "`\\connect` is a psql command, not SQL", 0);
    check_error("SELECT 1;\n\\i x.sql", "`\\i` is a psql command, not SQL", 10);
    check_error("SELECT 1 \\gset", "`\\gset` is a psql command, not SQL", 9);
    check_error("SELECT 1 \\restrict abc", "`\\restrict` is a psql command, not SQL", 9);
    check_error("SELECT 1;\n\\.\n", "`\\.` is a psql command, not SQL", 10);
    check_error("\\! ls", "`\\!` is a psql command, not SQL", 0);
    check_error("é \\é", "`\\é` is a psql command, not SQL", 3);
    check_error("SELECT (1 \\", "`\\` is a psql command, not SQL", 10);
    check_error("\\\n", "`\\` is a psql command, not SQL", 0);
    check_error(r"COPY t FROM '\'; \;", "`\\;` is a psql command, not SQL", 17);
}

#[test]
fn what_is_never_closed_is_named_with_its_start() {
    check_error("SELECT 'a;", "unterminated string", 7);
    check_error("SELECT 'a'';", "unterminated string", 7);
    check_error(r"SELECT E'\';", "unterminated string", 7);
    check_error("SELECT E'\\", "unterminated string", 7);
    check_error("SELECT U&'a", "unterminated string", 7);
    check_error("SELECT B'1", "unterminated string", 7);
    check_error("é \"a\"\"", "unterminated quoted identifier", 3);
    check_error("SELECT U&\"a", "unterminated quoted identifier", 7);
    check_error("DO $a$ $b$ $$;", "unterminated dollar-quoted string", 3);
    check_error("SELECT 1; /* /* */", "unterminated comment", 10);
    check_error("SELECT 'a\0'", "the script contains a NUL byte", 9);
}

#[test]
fn deep_nesting_does_not_matter() {
    let deep = format!("SELECT {}1{}", "(".repeat(200_000), ")".repeat(200_000));
    check(&format!("{deep}; x"), &[&deep, "x"]);
    let comment = format!("{}{}", "/*".repeat(200_000), "*/".repeat(200_000));
    check(&format!("{comment}x"), &["x"]);
}

/// Every token is blank, a comment, a semicolon, data, or in exactly one span; spans never overlap.
#[test]
fn no_input_panics_and_no_token_is_lost() {
    const PIECES: &[&str] = &[
        "SELECT",
        "create",
        "or replace",
        "function",
        "BEGIN",
        "atomic",
        "case",
        "end",
        "as",
        "COPY t",
        "from",
        "stdin",
        "to",
        "e'",
        "E'a'",
        "'",
        "''",
        "\"",
        "U&\"",
        "U&'",
        "$$",
        "$a$",
        "$1",
        "$",
        "--",
        "/*",
        "*/",
        "(",
        ")",
        "[",
        ";",
        ";",
        ";\n",
        "\n",
        "\r\n",
        " ",
        "\t",
        ".",
        ",",
        "=",
        "é",
        "😀",
        "\u{feff}",
        "\\",
        "\\.",
        "\n\\.\n",
        "1",
        "1e",
        "0x",
        "index concurrently",
        "drop",
        "alter table",
        "detach partition",
        "reindex",
        "with (",
        "uescape '!'",
        "rollback",
        "prepare",
        "cluster",
        "*",
        "if not exists",
        "on",
        "only",
        "subscription s",
    ];
    let mut seed = 0x5eed_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    let mut cut = 0;
    for _ in 0..60_000 {
        let script: String = (0..=below(24)).map(|_| PIECES[below(PIECES.len())]).collect();
        let Ok(statements) = split(&script) else {
            continue;
        };
        cut += 1;
        let mut end = 0;
        for statement in &statements {
            assert!(
                end <= statement.span.start && statement.span.start < statement.span.end,
                "{script:?}"
            );
            assert!(script.get(statement.span.clone()).is_some(), "{script:?}");
            end = statement.span.end;
        }
        if statements.iter().any(|s| s.kind == StatementKind::CopyStdin) {
            continue;
        }
        let mut at = 0;
        while let Ok(Some(token)) = token(&script, at) {
            assert_eq!(token.start, at);
            at = token.end;
            let home =
                statements.iter().filter(|s| s.span.start < token.end && token.start < s.span.end);
            match token.class {
                Class::Space | Class::Comment => {}
                Class::Semicolon => assert!(home.count() <= 1, "{script:?}"),
                _ => {
                    let home: Vec<_> = home.collect();
                    assert_eq!(home.len(), 1, "{script:?}");
                    assert!(home[0].span.start <= token.start && token.end <= home[0].span.end);
                }
            }
        }
        assert_eq!(at, script.len());
    }
    assert!(cut > 5_000, "most scripts are errors: only {cut} were cut");
}

//! Random changes of random tables, and what becomes of the statements of the old schema.rs when they are executed.
//!
//! The oracle shares nothing with glowplug: it runs statements with values in the binary format, and decodes what comes back by the
//! rules of another driver.

use tokio_postgres::{Client, types::ToSql};

use super::{report, verdicts};
use crate::{
    sample,
    support::{Database, Project, number},
};

/// A column: its name, its type in SQL and in schema.rs, whether it can be NULL, and its default.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: Kind,
    nullable: bool,
    default: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Big,
    Text,
    Bool,
    Time,
}

const KINDS: [Kind; 5] = [Kind::Int, Kind::Big, Kind::Text, Kind::Bool, Kind::Time];

impl Kind {
    fn sql(self) -> &'static str {
        match self {
            Self::Int => "int4",
            Self::Big => "int8",
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Time => "timestamptz",
        }
    }

    fn diesel(self) -> &'static str {
        match self {
            Self::Int => "Int4",
            Self::Big => "Int8",
            Self::Text => "Text",
            Self::Bool => "Bool",
            Self::Time => "Timestamptz",
        }
    }

    fn literal(self) -> &'static str {
        match self {
            Self::Int | Self::Big => "7",
            Self::Text => "'7'",
            Self::Bool => "true",
            Self::Time => "'2020-01-01'",
        }
    }

    fn value(self) -> Box<dyn ToSql + Sync> {
        match self {
            Self::Int => Box::new(7_i32),
            Self::Big => Box::new(7_i64),
            Self::Text => Box::new("7"),
            Self::Bool => Box::new(true),
            Self::Time => Box::new(std::time::SystemTime::UNIX_EPOCH),
        }
    }

    /// Whether a row's column is decoded as this.
    fn reads(self, row: &tokio_postgres::Row) -> bool {
        match self {
            Self::Int => row.try_get::<_, i32>(0).is_ok(),
            Self::Big => row.try_get::<_, i64>(0).is_ok(),
            Self::Text => row.try_get::<_, String>(0).is_ok(),
            Self::Bool => row.try_get::<_, bool>(0).is_ok(),
            Self::Time => row.try_get::<_, std::time::SystemTime>(0).is_ok(),
        }
    }
}

/// Some columns beside the key.
fn columns(random: &mut fastrand::Rng) -> Vec<Column> {
    let column = |at: usize, random: &mut fastrand::Rng| Column {
        name: format!("c{at}"),
        kind: KINDS[random.usize(..KINDS.len())],
        nullable: random.bool(),
        default: random.u8(..3) == 0,
    };
    (0..random.usize(1..5)).map(|at| column(at, random)).collect()
}

fn create(table: &str, columns: &[Column]) -> String {
    let column = |it: &Column| {
        let null = if it.nullable { "" } else { " NOT NULL" };
        let default =
            if it.default { format!(" DEFAULT {}", it.kind.literal()) } else { String::new() };
        format!(", {} {}{null}{default}", it.name, it.kind.sql())
    };
    let columns: String = columns.iter().map(column).collect();
    format!("CREATE TABLE {table} (id serial PRIMARY KEY{columns});\n")
}

fn schema(table: &str, columns: &[Column]) -> String {
    let column = |it: &Column| match it.nullable {
        true => format!("{} -> Nullable<{}>, ", it.name, it.kind.diesel()),
        false => format!("{} -> {}, ", it.name, it.kind.diesel()),
    };
    let columns: String = columns.iter().map(column).collect();
    format!("diesel::table! {{ {table} (id) {{ id -> Int4, {columns} }} }}\n")
}

/// One change, as SQL.
fn change(table: &str, columns: &[Column], random: &mut fastrand::Rng) -> String {
    let of = &columns[random.usize(..columns.len())];
    let alter = |what: &str| format!("ALTER TABLE {table} {what};\n");
    let name = &of.name;
    match random.u8(..16) {
        0 => alter(&format!("DROP COLUMN {name}")),
        1 => alter(&format!("RENAME COLUMN {name} TO renamed_{name}")),
        2 => alter("ADD COLUMN x text"),
        3 => alter("ADD COLUMN y int NOT NULL DEFAULT 1"),
        4 => format!(
            "{}{}",
            alter("ADD COLUMN z int NOT NULL DEFAULT 1"),
            alter("ALTER z DROP DEFAULT")
        ),
        5 => {
            let to = KINDS[random.usize(..KINDS.len())];
            let value = to.literal();
            let (drop, set) = (
                alter(&format!("ALTER {name} DROP DEFAULT")),
                alter(&format!("ALTER {name} TYPE {} USING {value}::{}", to.sql(), to.sql())),
            );
            let default = alter(&format!("ALTER {name} SET DEFAULT {value}"));
            format!("{drop}{set}{}", if of.default { default } else { String::new() })
        }
        6 => alter(&format!("ALTER {name} SET NOT NULL")),
        7 => alter(&format!("ALTER {name} DROP NOT NULL")),
        8 => alter(&format!("ALTER {name} DROP DEFAULT")),
        9 => alter(&format!("ALTER {name} SET DEFAULT {}", of.kind.literal())),
        10 => alter("ALTER id DROP DEFAULT"),
        11 => alter(&format!("RENAME TO {table}_new")),
        12 => format!(
            "{}CREATE VIEW {table} AS SELECT * FROM {table}_new;\n",
            alter(&format!("RENAME TO {table}_new"))
        ),
        13 => alter(&format!("ADD CHECK ({name} IS NULL OR {name} IS NOT NULL)")),
        14 if of.kind == Kind::Text => alter(&format!("ALTER {name} TYPE varchar(40)")),
        _ => format!("CREATE INDEX ON {table} ({name});\n"),
    }
}

/// Whether every statement of the program works: each is executed and taken back.
async fn works(client: &Client, table: &str, columns: &[Column]) -> bool {
    let mut is_fine = true;
    let mut all =
        vec![Column { name: "id".into(), kind: Kind::Int, nullable: false, default: true }];
    all.extend(columns.iter().cloned());
    for it in &all {
        let select = format!("SELECT {} FROM {table} WHERE {} IS NOT NULL", it.name, it.name);
        is_fine &= match client.query(&select, &[]).await {
            Ok(rows) => rows.iter().all(|row| it.kind.reads(row)),
            Err(_) => false,
        };
    }
    // with everything, and with what has no default; both give values of the program's own types
    for inserted in [all.clone(), all.iter().filter(|it| !it.default).cloned().collect()] {
        is_fine &= runs(client, &insert(table, &inserted), &inserted).await;
    }
    for it in columns {
        let update = format!("UPDATE {table} SET {} = $1::{}", it.name, it.kind.sql());
        is_fine &= runs(client, &update, std::slice::from_ref(it)).await;
    }
    is_fine && runs(client, &format!("DELETE FROM {table} WHERE id = 1"), &[]).await
}

fn insert(table: &str, columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
    let values = columns.iter().enumerate();
    let values: Vec<String> =
        values.map(|(at, it)| format!("${}::{}", at + 1, it.kind.sql())).collect();
    match columns.is_empty() {
        true => format!("INSERT INTO {table} DEFAULT VALUES"),
        false => {
            format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
        }
    }
}

/// Executes a statement with values, and takes it back.
async fn runs(client: &Client, sql: &str, columns: &[Column]) -> bool {
    let values: Vec<Box<dyn ToSql + Sync>> = columns.iter().map(|it| it.kind.value()).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|it| &**it).collect();
    client.batch_execute("BEGIN").await.unwrap();
    let done = client.execute(sql, &values).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    if let Err(error) = &done {
        let code = error.code().map(|it| it.code());
        assert!(code.is_some(), "{sql}: {error:?}");
    }
    done.is_ok()
}

#[test]
fn what_is_executed_fails_where_compat_says_so() {
    let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("GLOWPLUG_TEST_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let count = sample::count(30, 300);
    let database = Database::new();
    let project = Project::at(&database);
    let (mut first, mut old, mut cases) = (String::new(), String::new(), Vec::new());
    for at in 0..count {
        let table = format!("t{at}");
        let columns = columns(&mut random);
        first += &create(&table, &columns);
        let gives: Vec<&str> = columns.iter().map(|it| it.kind.literal()).collect();
        // the sequence does not get there
        first += &format!("INSERT INTO {table} VALUES (1000, {});\n", gives.join(", "));
        old += &schema(&table, &columns);
        let up = change(&table, &columns, &mut random);
        cases.push((table, columns, up));
    }
    project.migration("000_first", &first, "");
    project.write("old.rs", &old);
    project.run("upgrade").ok();
    for (at, (_, _, up)) in cases.iter().enumerate() {
        project.migration(&format!("{:03}_t{at}", at + 1), up, "");
    }
    let found = report(&project, "--from old.rs");
    for (_, _, up) in &cases {
        database.execute(up);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let differ = runtime.block_on(async {
        let config: tokio_postgres::Config = database.url().parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut differ = Vec::new();
        for ((table, columns, up), (_, verdict)) in cases.iter().zip(verdicts(&found)) {
            let works = works(&client, table, columns).await;
            if works == ["deploy-first", "neither"].contains(&verdict.as_str()) {
                differ.push(format!(
                    "{}{up}{verdict}, and it works: {works}",
                    create(table, columns)
                ));
            }
        }
        differ
    });
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}

//! The documentation: every console block is run, every link leads somewhere, what can be generated is current.
//!
//! `GLOWPLUG_UPDATE_DOCS=1 cargo test docs` writes what the program says now into the pages; read the difference before you commit it.

mod api;
mod links;
mod messages;
mod page;
mod picture;
mod reference;
mod shell;

use std::fmt::Write as _;

use self::{
    page::Step,
    shell::{Shell, covered},
};

/// Runs a page from its top to its end, as its reader would.
#[track_caller]
fn check(page: &str) {
    let text = page::read(page);
    let mut shell = Shell::new();
    let (mut new, mut at, mut wrong) = (String::new(), 0, String::new());
    for step in page::steps(&text) {
        let Some(said) = shell.step(&step) else { continue };
        let Step::Console { block, .. } = step else { continue };
        let shown = &text[block.span.clone()];
        new.push_str(&text[at..block.span.start]);
        at = block.span.end;
        if covered(shown) == covered(&said) {
            new.push_str(shown);
        } else {
            new.push_str(&said);
            writeln!(wrong, "--- the page\n{shown}--- the program\n{said}").unwrap();
        }
    }
    new.push_str(&text[at..]);
    if page::updates() {
        page::write(page, &new);
    } else {
        assert!(wrong.is_empty(), "{page}\n{wrong}GLOWPLUG_UPDATE_DOCS=1 writes the page anew");
    }
}

/// One test for each page that has something to run.
macro_rules! pages {
    ($($test:ident $page:literal)*) => {
        const RUN: &[&str] = &[$($page),*];
        $(#[test] fn $test() { check($page); })*
    };
}

pages! {
    the_front_page_is_true "README.md"
    adopt_from_dbmate_is_true "docs/src/adopt/dbmate.md"
    adopt_from_flyway_is_true "docs/src/adopt/flyway.md"
    adopt_from_golang_migrate_is_true "docs/src/adopt/golang-migrate.md"
    adopt_from_prisma_is_true "docs/src/adopt/prisma.md"
    adopt_from_refinery_is_true "docs/src/adopt/refinery.md"
    adopt_from_sqlx_is_true "docs/src/adopt/sqlx.md"
    getting_started_is_true "docs/src/getting-started.md"
    alembic_troubleshooting_is_true "docs/src/guides/alembic-troubleshooting.md"
    moving_rows_is_true "docs/src/guides/data.md"
    autogenerate_is_true "docs/src/guides/autogenerate.md"
    deploy_is_true "docs/src/guides/deploy.md"
    ledgers_is_true "docs/src/guides/ledgers.md"
    lint_is_true "docs/src/guides/lint.md"
    migrations_is_true "docs/src/guides/migrations.md"
    production_is_true "docs/src/guides/production.md"
    report_is_true "docs/src/guides/report.md"
    schema_rs_page_is_true "docs/src/guides/schema-rs.md"
    sealed_ledgers_is_true "docs/src/guides/sealed-ledgers.md"
    teamwork_is_true "docs/src/guides/teamwork.md"
    troubleshooting_is_true "docs/src/guides/troubleshooting.md"
    verify_is_true "docs/src/guides/verify.md"
    json_is_true "docs/src/reference/json.md"
    ci_is_true "docs/src/tutorials/ci.md"
    diesel_project_is_true "docs/src/tutorials/diesel-project.md"
    existing_database_is_true "docs/src/tutorials/existing-database.md"
    from_alembic_is_true "docs/src/tutorials/from-alembic.md"
    neon_is_true "docs/src/tutorials/neon.md"
    new_project_is_true "docs/src/tutorials/new-project.md"
}

#[test]
fn every_page_with_a_console_block_is_run() {
    let runs = |page: &String| {
        page::steps(&page::read(page)).iter().any(|it| matches!(it, Step::Console { .. }))
    };
    let with_blocks: Vec<String> = page::all().into_iter().filter(runs).collect();
    let mut run: Vec<&str> = RUN.to_vec();
    run.sort_unstable();
    assert_eq!(run, with_blocks, "list each in `pages!`");
}

/// What is not run says why; there are few of them.
#[test]
fn blocks_that_cannot_run_here_are_counted() {
    let mut found = String::new();
    for page in page::all() {
        for step in page::steps(&page::read(&page)) {
            if let Step::NotRun(reason) = step {
                writeln!(found, "{page}: {reason}").unwrap();
            }
        }
    }
    snapbox::assert_data_eq!(
        found,
        snapbox::str![[r#"
README.md: builds the program from its source
docs/src/adopt/alembic.md: Alembic is not part of the machine that checks these pages; tests/it/adopt/alembic.rs walks this
docs/src/getting-started.md: builds the program from its source
docs/src/getting-started.md: installs a published package
docs/src/guides/production.md: takes two runs at once
docs/src/guides/production.md: takes a run that is killed
docs/src/guides/sealed-ledgers.md: takes a superuser
docs/src/guides/sealed-ledgers.md: takes roles with such memberships
docs/src/tutorials/neon.md: needs a database on Neon
docs/src/tutorials/neon.md: needs a database on Neon

"#]]
    );
}

#[test]
fn the_front_page_fits_a_screen() {
    let text = page::read("README.md");
    assert!(text.lines().count() <= 160, "{} lines", text.lines().count());
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

/// No sentence of the table in the style guide's "now" column comes back.
#[test]
fn pages_are_free_of_sentences_that_were_replaced() {
    let gone = [
        "is another one by now",
        "was not to be had",
        "is to be reverted, and is not",
        "writes the table anew",
        "that nobody here looks after",
        "How it stands to transactions",
        "deprived of",
        "leads to the source of truth",
        "lead to the source of truth",
        "another one than",
        "Say where the database is",
        "nothing but the answer",
        "going on after",
        "lets it pass",
    ];
    let pages = page::all().into_iter().filter(|page| !page.contains("/reference/"));
    let found: Vec<String> = pages
        .flat_map(|page| {
            let text = page::read(&page);
            let here = gone.into_iter().filter(move |it| text.contains(it));
            here.map(|it| format!("{page}: {it}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

//! Two databases of one throwaway server: the same migrations with fewer and with more rows.

use std::collections::BTreeSet;

use super::{Wish, bounds, nulls};
use crate::{
    catalog::{Catalog, Difference},
    cluster::Scratch,
    introspect::{
        Reader,
        observe::{self, Grown, Pattern, Watched},
        seed::Hints,
    },
    job::{
        JobError,
        open::Endpoint,
        run::{self, Operation, RunOptions},
    },
    lint::{
        case::Said,
        judge::{self, Block},
        observation::{Failed, Kind, Observation, Pair, SEVERAL},
        stats::{Costs, Stats},
    },
    migration::{
        plan::{Policy, Step},
        source::{Direction, Migration, Migrations, Script},
    },
    postgres::{
        session::{Failure, Message, Session, Stop},
        session_error::SessionError,
    },
    replay::shadow::{Shadow, end, in_the_shadow, of_migration},
    words::{
        ident::{Ident, split},
        sql::{self, Statement},
    },
};

/// The rows of a table in the two databases, unless production's is smaller.
const FEW: u64 = 2_000;
const MANY: u64 = 20_000;
const COPY: &str = "glowplug_many";
const DOING: &str = "watching a migration";

/// One of the two.
struct Side {
    session: Session<'static>,
    /// Looks on.
    second: Session<'static>,
    rows: u64,
}

/// Both, on their server.
pub(super) struct Stage {
    scratch: Scratch,
    few: Side,
    many: Side,
    reader: Reader,
    server_version: u32,
    /// What rows that are counted are like.
    hints: Hints,
    /// What rows are like that fit everything.
    fitting: Hints,
    stats: Option<Stats>,
    costs: Option<Costs>,
    pub(super) notes: Vec<String>,
}

/// What was seen of a script.
pub(super) struct Ran {
    pub(super) pair: Pair,
    pub(super) blocks: Vec<Block>,
    pub(super) before: Catalog,
    pub(super) after: Catalog,
    pub(super) differences: Vec<Difference>,
    /// Why it failed with rows, where it does not without.
    pub(super) with_rows: Option<Failed>,
    /// Why it failed.
    pub(super) failed: Option<Failed>,
}

impl Ran {
    pub(super) fn grows(&self) -> bool {
        self.blocks.iter().any(Block::grows)
    }
}

/// Cuts a script that is one of ours to run.
pub(super) fn statements(
    migration: &Migration,
    direction: Direction,
) -> Result<Vec<Statement>, JobError> {
    let step = Step { migration, direction, resume: None, noted: None };
    Ok(run::task(&step)?.statements)
}

fn failed(failure: Failure) -> JobError {
    SessionError::while_doing(DOING)(failure).into()
}

impl Stage {
    /// Starts a server, replays what comes before, and copies it.
    pub(super) async fn open(
        wish: &Wish<'_>,
        before: &[&Migration],
        rest: &[&Migration],
        stop: Stop,
    ) -> Result<Self, JobError> {
        let shadow = wish.shadow;
        let needs = shadow.needs(wish.migrations.texts());
        let keys: Vec<String> = before.iter().map(|it| of_migration(it)).collect();
        let bytes = before.iter().map(|it| it.up.text.len()).sum();
        let beginnings = shadow.beginnings("lint", &needs, keys.into_iter(), bytes);
        let (prepared, known) = shadow.begin(&beginnings, &needs).await?;
        let endpoint = shadow.endpoint(&prepared.scratch, stop);
        let [hints, fitting] = hints(rest);
        let replayed = async {
            if known < before.len() {
                replay(&endpoint, before).await?;
                shadow.kept(&endpoint, &beginnings, &prepared).await?;
            }
            sides(shadow, &prepared.scratch, &endpoint, &hints).await
        };
        match replayed.await {
            Ok((few, many, server_version)) => Ok(Self {
                scratch: prepared.scratch,
                few,
                many,
                reader: Reader::keeping(),
                server_version,
                hints,
                fitting,
                stats: wish.stats.cloned(),
                costs: None,
                notes: [shadow.notes.clone(), prepared.notes].concat(),
            }),
            Err(error) => {
                end(prepared.scratch).await;
                Err(error)
            }
        }
    }

    pub(super) async fn end(self) {
        drop((self.few, self.many));
        end(self.scratch).await;
    }

    /// What a row costs here; measured once.
    pub(super) async fn costs(&mut self) -> Result<Costs, JobError> {
        if let Some(costs) = self.costs {
            return Ok(costs);
        }
        let costs = observe::costs(&mut self.few.second).await.map_err(failed)?;
        Ok(*self.costs.insert(costs))
    }

    /// Runs a script in both without looking at it.
    pub(super) async fn pass(
        &mut self,
        migration: &Migration,
        direction: Direction,
    ) -> Result<(), JobError> {
        let Some(script) = migration.script(direction) else { return Ok(()) };
        let statements = statements(migration, direction)?;
        let watched = watched(migration, script, &statements);
        let pair = self.observe(&watched, &[Grown::new(), Grown::new()]).await?;
        if let Some(failed) = pair.small.failed.or(pair.big.failed) {
            self.notes.push(format!(
                "{} fails here, and was passed over: {}",
                migration.name, failed.message
            ));
        }
        Ok(())
    }

    /// Runs a script in both, and watches it. With rows that it does not get along with it is tried again with others, and without.
    pub(super) async fn run(
        &mut self,
        migration: &Migration,
        direction: Direction,
        statements: &[Statement],
    ) -> Result<Ran, JobError> {
        let script = migration.script(direction).unwrap_or(&migration.up);
        let watched = watched(migration, script, statements);
        let before = self.catalog().await?;
        self.seed(false).await?;
        let tables = self.touched(&watched).await?;
        let grown = self.grow(&tables, false).await?;
        let said = Said::all(&script.text, statements);
        let (columns, updates) = (nulls::wanted(&said), bounds::updates(&said, &before));
        self.put_nulls(&tables, &columns).await?;
        self.put_in_bounds(&updates).await?;
        let mut pair = self.observe(&watched, &grown).await?;
        let mut with_rows = None;
        if failure(&pair).is_some() && watched.is_whole {
            self.empty(&grown).await?;
            self.seed(true).await?;
            let careful = self.grow(&tables, true).await?;
            self.put_in_bounds(&updates).await?;
            pair = self.observe(&watched, &careful).await?;
            if let Some(failed) = failure(&pair) {
                pair = self.with_few_rows(&watched, &careful, &failed).await?;
                with_rows = Some(failed);
            }
        }
        let failed = failure(&pair);
        let after = self.catalog().await?;
        Ok(Ran {
            blocks: judge::blocks(&pair),
            differences: before.differences(&after),
            before,
            after,
            with_rows: with_rows.filter(|_| failed.is_none()),
            failed,
            pair,
        })
    }

    /// Runs a script without rows; where a query has to find one row, with one in each table.
    async fn with_few_rows(
        &mut self,
        watched: &Watched<'_>,
        grown: &[Grown; 2],
        failed: &Failed,
    ) -> Result<Pair, JobError> {
        self.empty(grown).await?;
        if failed.code == SEVERAL {
            self.seed(true).await?;
            for (side, grown) in [&mut self.few, &mut self.many].into_iter().zip(grown) {
                observe::thin(&mut side.session, grown).await.map_err(self::failed)?;
            }
            let pair = self.observe(watched, &[Grown::new(), Grown::new()]).await?;
            if failure(&pair).is_none() {
                return Ok(pair);
            }
            self.empty(grown).await?;
        }
        self.observe(watched, &[Grown::new(), Grown::new()]).await
    }

    async fn catalog(&mut self) -> Result<Catalog, JobError> {
        Ok(self.reader.read(&mut self.few.second, self.server_version).await?)
    }

    async fn seed(&mut self, is_careful: bool) -> Result<(), JobError> {
        let hints = if is_careful { &self.fitting } else { &self.hints };
        let both = tokio::join!(
            self.few.session.seed_fitting(hints),
            self.many.session.seed_fitting(hints)
        );
        both.0.and(both.1).map_err(failed)
    }

    async fn put_nulls(
        &mut self,
        tables: &[String],
        columns: &BTreeSet<String>,
    ) -> Result<(), JobError> {
        let both = tokio::join!(
            nulls::put(&mut self.few.session, tables, columns),
            nulls::put(&mut self.many.session, tables, columns),
        );
        both.0.and(both.1).map_err(failed)
    }

    async fn put_in_bounds(&mut self, updates: &[String]) -> Result<(), JobError> {
        let both = tokio::join!(
            bounds::put(&mut self.few.session, updates),
            bounds::put(&mut self.many.session, updates),
        );
        both.0.and(both.1).map_err(failed)
    }

    async fn empty(&mut self, grown: &[Grown; 2]) -> Result<(), JobError> {
        for (side, grown) in [&mut self.few, &mut self.many].into_iter().zip(grown) {
            let tables: Vec<&str> = grown.keys().map(String::as_str).collect();
            observe::empty(&mut side.session, &tables).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn observe(
        &mut self,
        watched: &Watched<'_>,
        grown: &[Grown; 2],
    ) -> Result<Pair, JobError> {
        let (few, many) = (&mut self.few, &mut self.many);
        let both = tokio::join!(
            observe::observe(&mut few.session, &mut few.second, watched, &grown[0]),
            observe::observe(&mut many.session, &mut many.second, watched, &grown[1]),
        );
        Ok(Pair { small: both.0.map_err(failed)?, big: both.1.map_err(failed)? })
    }

    /// The tables that a script has to do with: those that it locks, where it can be tried, and those that it names.
    async fn touched(&mut self, watched: &Watched<'_>) -> Result<Vec<String>, JobError> {
        let tried = observe::touched(&mut self.few.session, watched).await.map_err(failed)?;
        let mut found: BTreeSet<String> = BTreeSet::new();
        let locked = tried.steps.iter().flat_map(|it| it.locks.keys().map(|(name, _)| name));
        let locked: BTreeSet<&String> = locked.collect();
        let pieces = sql::pieces(watched.text).unwrap_or_default();
        let words: BTreeSet<&str> = pieces
            .iter()
            .filter_map(|it| match it {
                sql::Piece::Word(word) | sql::Piece::Name(word) => Some(word.as_str()),
                sql::Piece::Text(_) | sql::Piece::Sign(_) => None,
            })
            .collect();
        for (name, relation) in tried.relations.iter().filter(|(_, it)| !it.is_new) {
            let is_named = split(name).is_some_and(|(_, name)| words.contains(name.as_str()));
            if is_named || locked.contains(name) {
                let table = match relation.kind {
                    Kind::Index | Kind::Sequence => relation.table.clone(),
                    _ => Some(name.clone()),
                };
                found.extend(table);
            }
        }
        Ok(found.into_iter().collect())
    }

    async fn grow(&mut self, tables: &[String], is_careful: bool) -> Result<[Grown; 2], JobError> {
        let stats = self.stats.as_ref();
        let hints = if is_careful { &self.fitting } else { &self.hints };
        let pattern = Pattern { hints, is_careful, stats };
        let rows = |most: u64| {
            move |table: &str| {
                let known = stats.and_then(|it| it.tables.get(table));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a number of rows"
                )]
                known.map_or(most, |it| (it.rows.max(0.0) as u64).min(most))
            }
        };
        let (few, many) = (&mut self.few, &mut self.many);
        let both = tokio::join!(
            observe::grow(&mut few.session, tables, pattern, rows(few.rows)),
            observe::grow(&mut many.session, tables, pattern, rows(many.rows)),
        );
        Ok([both.0.map_err(failed)?, both.1.map_err(failed)?])
    }
}

fn failure(pair: &Pair) -> Option<Failed> {
    let of = |it: &Observation| it.failed.clone();
    of(&pair.small).or_else(|| of(&pair.big))
}

fn watched<'s>(
    migration: &Migration,
    script: &'s Script,
    statements: &'s [Statement],
) -> Watched<'s> {
    Watched { text: &script.text, statements, is_whole: migration.metadata.run_in_transaction }
}

/// What the scripts ask of the values in columns: of some rows, and of all.
fn hints(migrations: &[&Migration]) -> [Hints; 2] {
    let ups: Vec<&str> = migrations.iter().map(|it| it.up.text.as_str()).collect();
    let downs = migrations.iter().filter_map(|it| it.down.as_ref());
    let downs: Vec<&str> = downs.map(|it| it.text.as_str()).collect();
    let (ups, downs) = (ups.join("\n;\n"), downs.join("\n;\n"));
    [Hints::spread(&ups, &downs), Hints::of(&ups, &downs)]
}

async fn replay(endpoint: &Endpoint, before: &[&Migration]) -> Result<(), JobError> {
    let before = Migrations::new(before.iter().map(|it| (*it).clone()).collect());
    let before = before.expect("they were migrations with others behind them");
    let operation = Operation::Upgrade { target: "head".into(), policy: Policy::default() };
    let ran = run::run(endpoint, &before, &operation, &RunOptions::default(), &mut |_| {}).await;
    ran.map_err(|error| in_the_shadow(error.cause))?;
    Ok(())
}

/// Seeds the database, copies it, and opens two sessions in each.
async fn sides(
    shadow: &Shadow,
    scratch: &Scratch,
    endpoint: &Endpoint,
    hints: &Hints,
) -> Result<(Side, Side, u32), JobError> {
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    session.seed_fitting(hints).await.map_err(failed)?;
    let strategy = match facts.server_version / 10_000 {
        ..15 => "",
        _ => " STRATEGY file_copy",
    };
    let create =
        format!("CREATE DATABASE {} TEMPLATE {}{strategy}", Ident(COPY), Scratch::MAINTENANCE);
    // its settings are not copied with it
    let settings = include_str!("copied.sql");
    let messages = [Message::Batch(&create), Message::Batch(settings)];
    for reply in session.exchange(&messages, &mut |_| {}).await {
        reply.map_err(failed)?;
    }
    let second = endpoint.session(&mut |_| {}).await?;
    let few = Side { session, second, rows: FEW };
    let mut other = shadow.endpoint(scratch, endpoint.stop.clone());
    other.url = scratch.url(COPY);
    let session = other.session(&mut |_| {}).await?;
    let second = other.session(&mut |_| {}).await?;
    Ok((few, Side { session, second, rows: MANY }, facts.server_version))
}

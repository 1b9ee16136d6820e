//! The shadow in which a plan is tried: up, down, and up again, with rows in the tables.

use crate::{
    catalog::{Catalog, Coverage, Kind},
    ddl::{
        Statement,
        filling::{fill, filled, sent},
        plan::Target,
        segment::Segment,
    },
    job::{
        JobError, Watch,
        autogenerate::{
            Compared, Place, ROLE, Truth, Wish, comparable_of, differences, ledgers,
            listing::listed,
            rename::{self, Renames},
            script, truth, way, with_aside,
        },
        failure::AutogenerateError,
        open::Endpoint,
        revision,
        run::{self, Options},
        shadow::{end, in_the_shadow},
        verify::careful::Legs,
    },
    migration::{
        plan::Policy,
        source::{Metadata, Migration, Script},
        version::Version,
    },
    postgres::{
        cluster::Scratch,
        introspect,
        lock::Locked,
        session::{Failure, Message, Session, Stop},
        session_error::SessionError,
    },
    project::ProjectError,
    report::{
        autogenerate::{AutogenerateReport, Drafted},
        verify::VerifyReport,
    },
    words::{ident::Ident, sql},
};

/// A shadow in which the migrations have been replayed.
pub(super) struct Proving {
    scratch: Scratch,
    endpoint: Endpoint,
    major: u32,
    keeps_data: bool,
}

/// The database that the SQL of the truth is loaded into.
const TRUTH: &str = "glowplug_truth";

impl Proving {
    pub(super) async fn start(
        wish: &Wish<'_>,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Self, JobError> {
        let scratch = wish.shadow.start().await?;
        let endpoint = wish.shadow.endpoint(&scratch, stop);
        if let Truth::Sql(_) = wish.truth {
            // while nothing is in the one that is copied
            let (mut session, _, _) = endpoint.read(watch).await?;
            let create = format!(
                "CREATE DATABASE {} TEMPLATE {}",
                Ident(TRUTH),
                Scratch::MAINTENANCE
            );
            let sent = send(&mut session, &[Message::Batch(&create)]).await;
            sent.map_err(SessionError::while_doing("making a database"))?;
        }
        let migrations = wish.migrations;
        let keeps_data = wish.forms.keeps_data;
        let wish = run::Wish::Upgrade {
            target: "head".into(),
            policy: Policy::default(),
        };
        let replayed = run::run(&endpoint, migrations, &wish, &Options::default(), watch).await;
        let mut proving = Self {
            scratch,
            endpoint,
            major: 0,
            keeps_data,
        };
        let opened = match replayed {
            Ok(_) => proving.endpoint.read(watch).await,
            Err(error) => Err(in_the_shadow(error.cause)),
        };
        match opened {
            Ok((_, facts, _)) => {
                proving.major = facts.server_version / 10_000;
                Ok(proving)
            }
            Err(error) => {
                proving.end().await;
                Err(error)
            }
        }
    }

    pub(super) async fn end(self) {
        end(self.scratch).await;
    }

    /// Compares what the migrations lead to with what is wanted.
    pub(super) async fn compare(
        &mut self,
        wish: &Wish<'_>,
        watch: Watch<'_>,
    ) -> Result<Compared, JobError> {
        let (mut session, _, _) = self.endpoint.read(watch).await?;
        let before = self.catalog(&mut session).await?;
        let mut renames = Renames::default();
        let mut from = before.clone();
        let asked = rename::statements(wish.renames, &before)?;
        self.rename(&mut session, asked, &mut renames, &mut from)
            .await?;
        let mut to = match wish.truth {
            Truth::Sql(files) => {
                let mut endpoint = self.endpoint.clone();
                endpoint.url = self.scratch.url(TRUTH);
                load(&endpoint, files, watch).await?
            }
            Truth::SchemaRs(printer) => truth::wanted(printer, &from)?,
        };
        if self.keeps_data {
            let aside = rename::aside(&from, &to, &wish.guard.ledgers);
            self.rename(&mut session, aside, &mut renames, &mut from)
                .await?;
            to = rename::with_kept(&to, &from);
        }
        // the index of a constraint is renamed with it
        for kinds in [&[Kind::Constraint][..], &[Kind::Index, Kind::Sequence]] {
            let alike = rename::alike(&from, &to, kinds);
            self.rename(&mut session, alike, &mut renames, &mut from)
                .await?;
        }
        let found = differences(&from, &to);
        let mut unread: Vec<String> = from
            .unread
            .keys()
            .chain(to.unread.keys())
            .cloned()
            .collect();
        // that of the shadow itself
        unread.retain(|it| !it.ends_with("this database"));
        unread.sort();
        unread.dedup();
        let mut described: Vec<String> = renames.up.clone();
        described.extend(listed(&found, &from, &to));
        let report = AutogenerateReport {
            renames: rename::candidates(&from, &to),
            differences: described,
            not_compared: unread,
            ..AutogenerateReport::default()
        };
        Ok(Compared {
            before,
            renames,
            from,
            to,
            report,
        })
    }

    /// Runs renames, and reads what they lead to.
    async fn rename(
        &self,
        session: &mut Session<'_>,
        more: Renames,
        all: &mut Renames,
        from: &mut Catalog,
    ) -> Result<(), JobError> {
        if more.up.is_empty() {
            return Ok(());
        }
        for statement in &more.up {
            send(session, &[Message::Script(statement)])
                .await
                .map_err(failed(statement))?;
        }
        *from = self.catalog(session).await?;
        all.extend(more);
        Ok(())
    }

    async fn catalog(&self, session: &mut Session<'_>) -> Result<Catalog, JobError> {
        let read = introspect::read(session, self.major * 10_000, &Coverage::all()).await?;
        Ok(match self.keeps_data {
            true => with_aside(read),
            false => comparable_of(read),
        })
    }

    /// Plans, tries, and proves. What comes out is ready to be written.
    pub(super) async fn draft(
        &mut self,
        wish: &Wish<'_>,
        place: &Place<'_>,
        rows: bool,
        watch: Watch<'_>,
    ) -> Result<AutogenerateReport, JobError> {
        let compared = self.compare(wish, watch).await?;
        let Compared {
            before,
            renames,
            from,
            to,
            mut report,
        } = compared;
        if report.is_empty() {
            return Ok(report);
        }
        if wish.forms.strict && !report.not_compared.is_empty() {
            return Err(AutogenerateError::NotCompared {
                kinds: report.not_compared,
            }
            .into());
        }
        let found = differences(&from, &to);
        let harm = ledgers::refusals(&found, &to, &wish.guard.ledgers);
        if !harm.is_empty() {
            return Err(AutogenerateError::Ledger { harm }.into());
        }
        if !report.renames.is_empty() && !place.renames_settled {
            return Err(AutogenerateError::Renames {
                flags: report.renames,
            }
            .into());
        }
        let (mut session, _, _) = self.endpoint.read(watch).await?;
        if rows {
            let seeded = session.seed().await;
            seeded.map_err(SessionError::while_doing("making rows"))?;
        }
        let target = Target {
            major: self.major,
            role: ROLE,
            online: wish.forms.online,
            // a block that commits cannot be guarded
            batches: !wish.guard.is_on(),
        };
        let mut ups = way(&from, &to, &target)?;
        if ups.is_empty() {
            ups.push(Segment::default());
        }
        // up, to learn what each leads to
        let mut states = vec![from];
        for segment in &ups {
            self.run(&mut session, segment).await?;
            states.push(self.catalog(&mut session).await?);
        }
        self.reached(wish, &to, states.last())?;
        // down again, each from what it led to
        let mut downs = Vec::new();
        for (index, segment) in ups.iter().enumerate().rev() {
            let back = Target {
                online: segment.alone,
                ..target
            };
            let mut down = way(&states[index + 1], &states[index], &back)?;
            for segment in &down {
                self.run(&mut session, segment).await?;
            }
            if index == 0 && !renames.down.is_empty() {
                let back: Vec<Statement> =
                    renames.down.iter().map(|it| Statement::plain(it)).collect();
                for statement in &renames.down {
                    send(&mut session, &[Message::Script(statement)])
                        .await
                        .map_err(failed(statement))?;
                }
                match down.last_mut().filter(|it| !it.alone) {
                    Some(last) => last.statements.extend(back),
                    None => down.push(Segment {
                        statements: back,
                        alone: false,
                    }),
                }
            }
            downs.push(down);
        }
        downs.reverse();
        if !renames.up.is_empty() {
            let first = renames.up.iter().map(|it| Statement::plain(it));
            ups[0].statements.splice(0..0, first);
        }
        let back = self.catalog(&mut session).await?;
        let left: Vec<String> = differences(&before, &back)
            .iter()
            .map(ToString::to_string)
            .collect();
        if !left.is_empty() {
            return Err(AutogenerateError::Proof {
                what: "the way down does not lead back".into(),
                difference: left,
                plan: downs.iter().map(|it| script::text(it, &[])).collect(),
            }
            .into());
        }
        drop(session);
        let drafts = self.drafts(wish, place, &ups, &downs, &mut report)?;
        self.prove(wish, &ups, &downs, &drafts, watch).await?;
        report.migrations = drafts;
        Ok(report)
    }

    /// Names the migrations, and writes their texts.
    fn drafts(
        &self,
        wish: &Wish<'_>,
        place: &Place<'_>,
        ups: &[Segment],
        downs: &[Vec<Segment>],
        report: &mut AutogenerateReport,
    ) -> Result<Vec<Drafted>, JobError> {
        let (_, name) = revision::place(place.dir, wish.migrations, place.message, place.version)?;
        let slug = revision::slug(place.message);
        let key = name
            .strip_suffix(&slug)
            .unwrap_or(&name)
            .trim_end_matches('_')
            .to_owned();
        let mut drafts = Vec::new();
        for (index, (up, down)) in ups.iter().zip(downs).enumerate() {
            let name = match index {
                0 => name.clone(),
                _ => format!("{}_{slug}_{}", following(&key, index), index + 1),
            };
            let statements = |segments: &[Segment]| -> Vec<Statement> {
                segments
                    .iter()
                    .flat_map(|it| it.statements.clone())
                    .collect()
            };
            for statement in statements(std::slice::from_ref(up)) {
                report.loses.extend(statement.loses.clone());
                let felt = statement.hazard.map(|hazard| {
                    format!("{name}: {}: {}", first_line(&statement.sql), hazard.words())
                });
                report.hazards.extend(felt);
                let fill = statement.fills.as_ref().map(script::to_fill);
                let looks = fill.into_iter().chain(statement.remark);
                report
                    .remarks
                    .extend(looks.map(|it| format!("{name}: {it}")));
            }
            let lost: Vec<String> = statements(down)
                .into_iter()
                .flat_map(|it| it.loses)
                .collect();
            let head: Vec<String> = lost
                .iter()
                .map(|it| format!("deletes-data: going back loses {it}"))
                .collect();
            report.loses_down.extend(lost);
            drafts.push(Drafted {
                up: script::text(std::slice::from_ref(up), &[]),
                down: script::text(down, &head),
                run_in_transaction: !up.alone,
                path: None,
                name,
            });
        }
        Ok(drafts)
    }

    /// Walks each migration up, down and up again as `verify` does, under the guard of the ledgers.
    async fn prove(
        &self,
        wish: &Wish<'_>,
        ups: &[Segment],
        downs: &[Vec<Segment>],
        drafts: &[Drafted],
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        let mut options = Options::default();
        options.manner.guard = wish.guard.clone();
        let (mut locked, _) = self.endpoint.lock(&options.limits, watch).await?;
        locked.prepare().await?;
        let walked = walk(&mut locked, &options, (ups, downs), drafts, watch).await;
        locked.let_go().await;
        walked
    }

    /// Whether the way up has led to what was wanted.
    fn reached(
        &self,
        wish: &Wish<'_>,
        to: &Catalog,
        found: Option<&Catalog>,
    ) -> Result<(), JobError> {
        let Some(found) = found else { return Ok(()) };
        let left: Vec<String> = match wish.truth {
            Truth::Sql(_) => differences(to, found)
                .iter()
                .map(ToString::to_string)
                .collect(),
            // what the files cannot say has no definition to compare
            Truth::SchemaRs(printer) => truth::edits(printer, found)?
                .iter()
                .flatten()
                .map(|edit| format!("{edit:?}"))
                .collect(),
        };
        if left.is_empty() {
            return Ok(());
        }
        Err(AutogenerateError::Proof {
            what: "the way up does not lead to the source of truth".into(),
            difference: left,
            plan: String::new(),
        }
        .into())
    }

    /// Runs one segment as its migration would.
    async fn run(&self, session: &mut Session<'_>, segment: &Segment) -> Result<(), JobError> {
        let texts: Vec<String> = segment.statements.iter().map(sent).collect();
        let mut messages = Vec::new();
        if !segment.alone {
            messages.push(Message::Batch(
                "BEGIN; SET LOCAL check_function_bodies = off",
            ));
        }
        for (statement, text) in segment.statements.iter().zip(&texts) {
            messages.push(match fill(statement) {
                // it may be two
                Some(_) => Message::Batch(text),
                None => Message::Script(text),
            });
        }
        if !segment.alone {
            messages.push(Message::Batch(crate::postgres::session::COMMIT));
        }
        if let Err(failure) = send(session, &messages).await {
            if let Failure::Server(_) = &failure {
                return Err(AutogenerateError::Proof {
                    what: format!("PostgreSQL refuses a statement of the plan: {failure}"),
                    difference: Vec::new(),
                    plan: texts.join(";\n"),
                }
                .into());
            }
            return Err(SessionError::while_doing("trying the plan")(failure).into());
        }
        Ok(())
    }
}

/// How many statements are sent before the first answer is read.
const AT_ONCE: usize = 100;

/// Loads SQL into an empty database, and reads what it makes.
pub(in crate::job) async fn load(
    endpoint: &Endpoint,
    files: &[(std::path::PathBuf, String)],
    watch: Watch<'_>,
) -> Result<Catalog, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    for (path, text) in files {
        let refused = |what: String| AutogenerateError::Sql {
            what,
            path: path.display().to_string(),
        };
        let statements = sql::split(text).map_err(|error| refused(error.to_string()))?;
        for some in statements.chunks(AT_ONCE) {
            let texts = some.iter().map(|it| &text[it.span.clone()]);
            let messages: Vec<Message<'_>> = texts.clone().map(Message::Script).collect();
            let replies = session.exchange(&messages, &mut |_| {}).await;
            for (sql, reply) in texts.zip(replies) {
                reply.map_err(|failure| refused(format!("{failure}, in: {}", first_line(sql))))?;
            }
        }
    }
    let catalog = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    Ok(comparable_of(catalog))
}

async fn walk(
    locked: &mut Locked<'_>,
    options: &Options,
    (ups, downs): (&[Segment], &[Vec<Segment>]),
    drafts: &[Drafted],
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let mut before = crate::job::verify::careful::catalog(locked).await?;
    for (drafted, (up, down)) in drafts.iter().zip(ups.iter().zip(downs)) {
        // what the author fills is filled here with anything
        let text = filled(std::slice::from_ref(up), &drafted.up);
        let back = filled(down, &drafted.down);
        let script = |file: &str, text: &str| {
            Script::new(format!("{}/{file}", drafted.name), text.to_owned())
        };
        let migration = Migration {
            version: Version::of_directory(&drafted.name).map_err(|_| {
                ProjectError::NotAVersion {
                    text: drafted.name.clone(),
                }
            })?,
            name: drafted.name.clone(),
            up: script("up.sql", &text),
            down: Some(script("down.sql", &back)),
            metadata: Metadata {
                run_in_transaction: drafted.run_in_transaction,
            },
        };
        let mut legs = Legs {
            locked: &mut *locked,
            migration: &migration,
            options,
        };
        let mut report = VerifyReport::default();
        if let Some(problem) = legs.walk(&mut before, &mut report, watch).await? {
            return Err(AutogenerateError::Proof {
                what: problem.what,
                difference: problem.difference,
                plan: format!("-- up.sql\n{text}\n-- down.sql\n{}", drafted.down),
            }
            .into());
        }
    }
    Ok(())
}

/// Sends messages; the first failure counts.
async fn send(session: &mut Session<'_>, messages: &[Message<'_>]) -> Result<(), Failure> {
    let mut first = None;
    for reply in session.exchange(messages, &mut |_| {}).await {
        if let Err(failure) = reply {
            first = first.or(Some(failure));
        }
    }
    first.map_or(Ok(()), Err)
}

fn failed(sql: &str) -> impl Fn(Failure) -> JobError + use<'_> {
    move |failure| {
        AutogenerateError::Proof {
            what: format!("{failure}"),
            difference: Vec::new(),
            plan: sql.to_owned(),
        }
        .into()
    }
}

fn first_line(sql: &str) -> &str {
    sql.trim().lines().next().unwrap_or_default()
}

/// The version that comes so many after another: the last four digits count.
fn following(key: &str, index: usize) -> String {
    match key.rsplit_once('-') {
        Some((head, tail)) if tail.len() == 4 => match u32::from_str_radix(tail, 16) {
            Ok(number) => format!("{head}-{:04x}", number as usize + index),
            Err(_) => format!("{key}-{index:04}"),
        },
        _ => format!("{key}-{index:04}"),
    }
}

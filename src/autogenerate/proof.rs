//! A plan is tried, and proved: up, down, and up again, with rows in the tables.

use crate::{
    autogenerate::{
        AutogenerateRequest, Compared, Place, Truth, differences, forms, ledgers,
        proving::Proving,
        rows::{Rows, needed, qualified},
        script,
        send::{failed, first_line, send},
        takes_values, truth, way,
    },
    catalog::Catalog,
    ddl::Statement,
    introspect::Reader,
    job::{
        JobError, Watch,
        failure::{AutogenerateError, ProofFailure},
        owner::ROLE,
        revision,
        run::RunOptions,
    },
    migration::{
        links::Links,
        source::{Checks, Metadata, Migration, Script},
        version::Version,
    },
    planner::{
        PlanError, Target, plan,
        segment::{Segment, segments},
    },
    postgres::{
        lock::Locked,
        session::{Message, Session, Stop},
        session_error::SessionError,
    },
    project::ProjectError,
    replay::{alike, verify::full::Legs},
    report::{
        autogenerate::{AutogenerateReport, Drafted},
        verify::VerifyReport,
    },
    words::ident::Qualified,
};

impl Proving {
    /// Plans, tries, and proves. What comes out is ready to be written.
    pub(super) async fn draft(
        &mut self,
        request: &AutogenerateRequest<'_>,
        place: &Place<'_>,
        has_rows: bool,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<AutogenerateReport, JobError> {
        let compared = self.compare(request, watch).await?;
        let Compared { before, asked, renames, from, to, mut report } = compared;
        if report.is_empty() {
            return Ok(report);
        }
        if request.forms.strict && !report.not_compared.is_empty() {
            return Err(AutogenerateError::NotCompared { kinds: report.not_compared }.into());
        }
        let found = differences(&from, &to);
        let mut harm = ledgers::refusals(&found, &to, &request.guard.ledgers);
        harm.extend(ledgers::renamed(&asked, &request.guard.ledgers));
        if !harm.is_empty() {
            return Err(AutogenerateError::Ledger { harm }.into());
        }
        if !report.renames.is_empty() && !place.renames_settled {
            let has_values = found.iter().any(|it| takes_values(&from, it));
            let renames = report.renames;
            return Err(AutogenerateError::Renames { renames, has_values }.into());
        }
        let endpoint = self.endpoint.clone();
        let (mut session, _, _) = endpoint.read(watch).await?;
        let target = Target {
            major: self.major,
            role: ROLE,
            online: request.forms.online,
            // a block that commits cannot be guarded
            batches: !request.guard.is_on() && !request.forms.in_one,
            in_one: request.forms.in_one,
            portable: self.is_for_any(),
        };
        let mut ups = way(&from, &to, &target)?;
        if has_rows {
            seed(&mut session, &from, &ups).await?;
        }
        if ups.is_empty() {
            ups.push(Segment::default());
        }
        // up, to learn what each leads to
        let mut states = vec![from];
        let start = Rows::read(&mut session, &states[0], &ups).await?;
        for (index, segment) in ups.iter().enumerate() {
            self.run(&mut session, segment).await?;
            if index + 1 == ups.len() {
                // what is to be the truth is looked at whole
                self.reader.forget();
            }
            states.push(self.catalog(&mut session).await?);
        }
        let found = states.last().expect("it begins with what was there");
        let rows = Rows::read(&mut session, found, &ups).await?;
        self.reached(request, &mut session, to, found).await?;
        let lost = start.lost(&rows, &ups);
        if !lost.is_empty() {
            let text = |it| script::text(std::slice::from_ref(it), &[]);
            let plan: String = ups.iter().map(text).collect();
            let failure = ProofFailure::new("up.sql loses rows without saying so");
            return Err(failure.differing(lost).of_plan(plan).into());
        }
        self.ask_pg_dump(request, &mut session, found, &mut report).await?;
        // down again, each from what it led to, as far as there is a way
        let mut downs: Vec<Result<Vec<Segment>, Vec<String>>> = Vec::new();
        for (index, segment) in ups.iter().enumerate().rev() {
            let is_tried = downs.iter().all(Result::is_ok);
            let down = way_back(&states[index + 1], &states[index], segment.alone, &target);
            for segment in down.iter().flatten().filter(|_| is_tried) {
                self.run(&mut session, segment).await?;
            }
            downs.push(down);
        }
        downs.reverse();
        let is_tried = downs.iter().all(Result::is_ok);
        for statement in renames.down.iter().filter(|_| is_tried) {
            send(&mut session, &[Message::Script(statement)]).await.map_err(failed(statement))?;
        }
        drop(session);
        if !renames.up.is_empty() {
            let [first, back] = [&renames.up, &renames.down].map(|all| Segment {
                statements: all.iter().map(|it| Statement::plain(it)).collect(),
                alone: false,
            });
            match downs[0].as_mut().ok().filter(|_| !ups[0].alone) {
                Some(down) => {
                    ups[0].statements.splice(0..0, first.statements);
                    match down.last_mut() {
                        Some(last) => last.statements.extend(back.statements),
                        None => down.push(back),
                    }
                    // the first begins before the renames
                    states[0] = before;
                }
                None => {
                    ups.insert(0, first);
                    downs.insert(0, Ok(vec![back]));
                    states.insert(0, before);
                }
            }
        }
        let reasons = downs.iter().filter_map(|it| it.as_ref().err());
        let reasons: Vec<String> = reasons.flatten().cloned().collect();
        let is_one_way = !reasons.is_empty();
        if request.forms.strict && is_one_way {
            return Err(AutogenerateError::Irreversible { why: reasons }.into());
        }
        let drafts = self.drafts(request, place, &ups, &downs, &mut report)?;
        let tried = Tried { ups, downs, states };
        if is_one_way {
            // this one did not come back to where the first begins
            let mut fresh = Self::start(request, stop, watch).await?;
            let proved = fresh.prove_again(request, &tried, &drafts, has_rows, watch).await;
            fresh.end().await;
            proved?;
        } else {
            self.prove(request, &tried, &drafts, watch).await?;
        }
        if self.is_for_any() {
            report.remarks.extend(forms::needed(&drafts, self.major));
        }
        report.migrations = drafts;
        Ok(report)
    }

    /// Names the migrations, and writes their texts.
    fn drafts(
        &self,
        request: &AutogenerateRequest<'_>,
        place: &Place<'_>,
        ups: &[Segment],
        downs: &[Result<Vec<Segment>, Vec<String>>],
        report: &mut AutogenerateReport,
    ) -> Result<Vec<Drafted>, JobError> {
        let (_, name) =
            revision::place(place.dir, request.migrations, place.message, place.version)?;
        let slug = revision::slug(place.message);
        let key = name.strip_suffix(&slug).unwrap_or(&name).trim_end_matches('_').to_owned();
        let mut drafts = Vec::new();
        for (index, (up, down)) in ups.iter().zip(downs).enumerate() {
            let name = match index {
                0 => name.clone(),
                _ => format!("{}_{slug}_{}", following(&key, index), index + 1),
            };
            let statements = |segments: &[Segment]| -> Vec<Statement> {
                segments.iter().flat_map(|it| it.statements.clone()).collect()
            };
            for statement in statements(std::slice::from_ref(up)) {
                report.loses.extend(statement.loses.iter().map(ToString::to_string));
                let felt = statement.hazard.map(|hazard| {
                    format!("{name}: {}: {}", first_line(&statement.sql()), hazard.text())
                });
                report.hazards.extend(felt);
                let fill = statement.fills.iter().filter_map(script::to_fill);
                let looks = fill.chain(statement.remark.clone());
                report.remarks.extend(looks.map(|it| format!("{name}: {it}")));
            }
            let down = match down {
                Ok(down) => {
                    let back = statements(down);
                    let doubts = back.iter().filter(|it| it.is_doubtful).flat_map(|it| &it.remark);
                    let doubts = doubts.map(|it| format!("{name}, when reverted: {it}"));
                    report.remarks.extend(doubts);
                    let lost = back.into_iter().flat_map(|it| it.loses);
                    let lost: Vec<String> = lost.map(|it| it.to_string()).collect();
                    let head = lost.iter().map(|it| format!("deletes-data: going back loses {it}"));
                    let head: Vec<String> = head.collect();
                    report.loses_down.extend(lost);
                    script::text(down, &head)
                }
                Err(why) => {
                    let reasons = why.iter().map(|it| format!("{name}: {it}"));
                    report.irreversible.extend(reasons);
                    script::refusal(why)
                }
            };
            drafts.push(Drafted {
                up: script::text(std::slice::from_ref(up), &[]),
                down,
                run_in_transaction: !up.alone,
                path: None,
                name,
            });
        }
        Ok(drafts)
    }

    /// The same in a shadow in which the plan has not been tried.
    async fn prove_again(
        &mut self,
        request: &AutogenerateRequest<'_>,
        tried: &Tried,
        drafts: &[Drafted],
        has_rows: bool,
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        if has_rows {
            let endpoint = self.endpoint.clone();
            let (mut session, _, _) = endpoint.read(watch).await?;
            seed(&mut session, &tried.states[0], &tried.ups).await?;
        }
        self.prove(request, tried, drafts, watch).await
    }

    /// Walks each migration up, down and up again as `verify` does, under the guard of the ledgers; only up, where there is no way
    /// back.
    async fn prove(
        &mut self,
        request: &AutogenerateRequest<'_>,
        tried: &Tried,
        drafts: &[Drafted],
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        let mut options = RunOptions::default();
        options.exec.guard = request.guard.clone();
        let mut reader = std::mem::take(&mut self.reader);
        let (mut locked, _) = self.endpoint.lock(&options.limits, watch).await?;
        locked.prepare().await?;
        let steps = Steps { tried, drafts, options: &options };
        let walked = self.walk(&mut locked, &mut reader, &steps, watch).await;
        locked.release().await;
        walked
    }

    async fn walk(
        &self,
        locked: &mut Locked<'_>,
        reader: &mut Reader,
        steps: &Steps<'_>,
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        let Steps { tried, drafts, options } = steps;
        let narrow = |read: Catalog| self.narrowed(read);
        let steps = tried.ups.iter().zip(&tried.downs).zip(tried.states.windows(2));
        for (drafted, ((up, down), states)) in drafts.iter().zip(steps) {
            // what the author fills is filled here with anything
            let text = script::filled(std::slice::from_ref(up), &drafted.up);
            let back = down.as_ref().ok().map(|it| script::filled(it, &drafted.down));
            let migration = migration(drafted, &text, back.as_deref())?;
            let mut legs = Legs {
                locked: &mut *locked,
                migration: &migration,
                options,
                narrow: Some((&mut *reader, &narrow)),
                known: Some(states[1].clone()),
            };
            let mut report = VerifyReport::default();
            let mut before = states[0].clone();
            if let Some(problem) = legs.walk(&mut before, &mut report, watch).await? {
                let plan = format!("-- up.sql\n{text}\n-- down.sql\n{}", drafted.down);
                let mut failure =
                    ProofFailure::new(problem.what).differing(problem.difference).of_plan(plan);
                failure.sqlstate = problem.sqlstate;
                return Err(failure.into());
            }
        }
        let version = locked.facts().server_version;
        let found = narrow(reader.read(&mut locked.session, version).await?);
        let wanted = tried.states.last().cloned().unwrap_or_default();
        let wanted = alike::agreed(&mut locked.session, self.major, &found, wanted).await?;
        let left = differences(&wanted, &found);
        let left: Vec<String> = left.iter().map(ToString::to_string).collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(ProofFailure::new("the scripts do not lead to the source of truth")
            .differing(left)
            .of_plan(drafts.iter().map(|it| it.up.as_str()).collect::<String>())
            .into())
    }

    /// Whether the way up has led to what was wanted.
    async fn reached(
        &self,
        request: &AutogenerateRequest<'_>,
        session: &mut Session<'_>,
        to: Catalog,
        found: &Catalog,
    ) -> Result<(), JobError> {
        let left: Vec<String> = match request.truth {
            Truth::Sql(_) | Truth::Over(_) | Truth::Migrations(_) => {
                let to = alike::agreed(session, self.major, found, to).await?;
                let left = differences(&to, found);
                left.iter().map(ToString::to_string).collect()
            }
            // what the files cannot say has no definition to compare
            Truth::SchemaRs(printer) => truth::left(printer, &to, found)?,
        };
        if left.is_empty() {
            return Ok(());
        }
        Err(ProofFailure::new("up.sql does not lead to the source of truth").differing(left).into())
    }
}

/// The way back of one segment. It is one script, and `diesel` runs one without a transaction only if that is one statement: where it takes
/// more, all of it is in forms that a transaction can hold.
pub(crate) fn way_back(
    after: &Catalog,
    before: &Catalog,
    alone: bool,
    target: &Target<'_>,
) -> Result<Vec<Segment>, Vec<String>> {
    let back = |online| {
        let target = Target { online, in_one: true, ..*target };
        let statements = plan(after, before, &target).map_err(PlanError::reasons)?;
        Ok(segments(statements))
    };
    let down = back(alone)?;
    let count: usize = down.iter().map(|it| it.statements.len()).sum();
    if count > 1 && down.iter().any(|it| it.alone) {
        return back(false);
    }
    Ok(down)
}

/// What is walked.
struct Steps<'s> {
    tried: &'s Tried,
    drafts: &'s [Drafted],
    options: &'s RunOptions,
}

/// A plan that was tried.
struct Tried {
    ups: Vec<Segment>,
    /// The ways back, or why there is none.
    downs: Vec<Result<Vec<Segment>, Vec<String>>>,
    /// What was there before, and after each way up.
    states: Vec<Catalog>,
}

/// Makes rows in the tables that a plan speaks of.
async fn seed(
    session: &mut Session<'_>,
    catalog: &Catalog,
    ups: &[Segment],
) -> Result<(), JobError> {
    let tables = needed(catalog, ups);
    let names: Vec<Qualified<'_>> = tables.iter().map(|it| qualified(it)).collect();
    let seeded = session.seed_some(&names).await;
    Ok(seeded.map_err(SessionError::while_doing("generating rows"))?)
}

/// A draft as a migration, with these scripts.
fn migration(drafted: &Drafted, up: &str, down: Option<&str>) -> Result<Migration, JobError> {
    let script =
        |file: &str, text: &str| Script::new(format!("{}/{file}", drafted.name), text.to_owned());
    let version = Version::of_directory(&drafted.name)
        .map_err(|_| ProjectError::NotAVersion { text: drafted.name.clone() })?;
    Ok(Migration {
        version,
        name: drafted.name.clone(),
        up: script("up.sql", up),
        down: down.map(|it| script("down.sql", it)),
        metadata: Metadata { run_in_transaction: drafted.run_in_transaction, ledger: false },
        links: Links::default(),
        backfill: None,
        checks: Checks::default(),
    })
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

//! The shadow in which a plan is tried.

use crate::{
    autogenerate::{
        AutogenerateRequest, Compared, LeftAlone, Truth,
        candidates::candidates,
        comparable_of, differences,
        listing::listed,
        load::beside,
        rename::{self, Asked, Renames},
        send::{failed, first_refused, send},
        truth, way, with_aside,
    },
    catalog::{Catalog, Coverage, Difference, How, Ignored, ObjectKind},
    cluster::Scratch,
    ddl::Statement,
    introspect::{self, Reader},
    job::{
        JobError, Watch,
        failure::{AutogenerateError, ProofFailure, RenameError, RenameFault},
        load,
        open::Endpoint,
        owner::{ROLE, live_for, roles, runner},
    },
    planner::{Target, filling::sent, segment::Segment, settled},
    postgres::{
        session::{COMMIT, Failure, Message, Session, Stop},
        session_error::SessionError,
    },
    replay::{
        alike,
        shadow::{Given, Prepared, Shadow, end, make_roles},
    },
    report::autogenerate::AutogenerateReport,
};

/// What is said where the first tables of a project come out of schema.rs: they may be those of a database that is there.
const BASELINE: &str = "schema.rs cannot say defaults, sequences, indexes, checks or triggers: these tables have none. An existing database is taken over with all of them by `glowplug adopt`";

/// A shadow in which the migrations have been replayed.
pub(super) struct Proving {
    pub(super) scratch: Scratch,
    /// The server that has the SQL of the truth, where it is SQL: what belongs to a server never meets.
    pub(super) beside: Option<Scratch>,
    pub(super) endpoint: Endpoint,
    pub(super) major: u32,
    pub(super) shadow: Shadow,
    /// What is there before the first migration.
    given: Given,
    /// What to keep in mind of it.
    remarks: Vec<String>,
    pub(super) keeps_data: bool,
    ignored: Ignored,
    /// Partitions that only the database has.
    pub(super) left_alone: LeftAlone,
    /// What the SQL of the truth makes.
    truth: Option<Catalog>,
    /// What the migrations lead to.
    before: Catalog,
    /// Reads what the migrations and the plan make.
    pub(super) reader: Reader,
}

impl Proving {
    pub(super) async fn start(
        request: &AutogenerateRequest<'_>,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Self, JobError> {
        let mut shadow = request.shadow.clone();
        let mut remarks = Vec::new();
        if let Some(database) = request.database {
            shadow = shadow.like(database, watch).await?;
            let major = shadow.known.environment().map(|it| it.postgresql);
            remarks.extend(major.and_then(|it| shadow.remark(it)));
        }
        remarks.extend(shadow.notes.iter().cloned());
        let needs = shadow.needs(request.migrations.texts());
        let truth = load(&shadow, request, &stop);
        let replayed = async {
            let prepared = match request.database {
                Some(_) => shadow.start(&needs).await?,
                None => shadow.ran(request.migrations, stop.clone(), watch).await?,
            };
            remarks.extend(prepared.notes);
            let mut proving = Self {
                endpoint: shadow.endpoint(&prepared.scratch, stop.clone()),
                scratch: prepared.scratch,
                beside: None,
                major: 0,
                shadow: shadow.clone(),
                given: prepared.given,
                remarks,
                keeps_data: request.forms.keeps_data,
                ignored: request.ignored.clone(),
                left_alone: LeftAlone::default(),
                truth: None,
                before: Catalog::default(),
                reader: Reader::default(),
            };
            match proving.begin(request, watch).await {
                Ok(()) => Ok(proving),
                Err(error) => {
                    proving.end().await;
                    Err(error)
                }
            }
        };
        let (proving, truth) = tokio::join!(replayed, truth);
        let mut proving = proving?;
        let taken = match truth {
            Ok(None) => Ok(()),
            Ok(Some((truth, prepared))) => {
                proving.beside = Some(prepared.scratch);
                proving.take(truth).await
            }
            Err(error) => Err(error),
        };
        match taken {
            Ok(()) => Ok(proving),
            Err(error) => {
                proving.end().await;
                Err(error)
            }
        }
    }

    /// Takes what the SQL of the truth has made on the server beside.
    async fn take(&mut self, truth: Catalog) -> Result<(), JobError> {
        let truth = self.given.agreed(&self.before, truth);
        make_roles(&self.endpoint, roles(&truth)).await?;
        self.truth = Some(truth);
        Ok(())
    }

    /// Replays the migrations, or makes what a database has.
    async fn begin(
        &mut self,
        request: &AutogenerateRequest<'_>,
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        let endpoint = self.endpoint.clone();
        let (mut session, facts, _) = endpoint.read(watch).await?;
        self.major = facts.server_version / 10_000;
        if let Some(database) = request.database {
            let (mut live, facts, _) = database.read(watch).await?;
            let read = introspect::read(&mut live, facts.server_version, &Coverage::all()).await?;
            drop(live);
            let runner = runner(&read).unwrap_or(facts.role);
            let live = comparable_of(live_for(read, &runner), &self.ignored);
            make_roles(&endpoint, roles(&live)).await?;
            let empty = self.catalog(&mut session).await?;
            let live = self.given.agreed(&empty, live);
            let target = Target {
                major: self.major,
                role: ROLE,
                online: false,
                batches: false,
                in_one: false,
                portable: false,
            };
            for segment in way(&empty, &live, &target)? {
                self.run(&mut session, &segment).await?;
            }
        }
        self.before = self.catalog(&mut session).await?;
        Ok(())
    }

    pub(super) async fn end(self) {
        let Self { scratch, beside, .. } = self;
        let beside = async {
            if let Some(beside) = beside {
                end(beside).await;
            }
        };
        tokio::join!(end(scratch), beside);
    }

    /// The server that has the truth, and what is there.
    pub(super) fn truth(&self, stop: Stop) -> Result<(Endpoint, &Catalog), JobError> {
        match (&self.beside, &self.truth) {
            (Some(beside), Some(truth)) => Ok((self.shadow.endpoint(beside, stop), truth)),
            _ => Err(AutogenerateError::Meanwhile.into()),
        }
    }

    /// Compares what the migrations lead to with what is wanted.
    pub(super) async fn compare(
        &mut self,
        request: &AutogenerateRequest<'_>,
        watch: Watch<'_>,
    ) -> Result<Compared, JobError> {
        let endpoint = self.endpoint.clone();
        let (mut session, _, _) = endpoint.read(watch).await?;
        let before = self.set_aside(request)?;
        let mut renames = Renames::default();
        let mut from = before.clone();
        let asked = Asked::resolve(request.renames, &before, self.truth.as_ref())
            .map_err(|error| AutogenerateError::Rename(Box::new(error)))?;
        self.rename(&mut session, asked.statements(), &mut renames, &mut from).await?;
        let mut remarks = self.remarks.clone();
        remarks.extend(self.left_alone.remark());
        let mut to = match request.truth {
            Truth::SchemaRs(printer) => {
                let wanted = truth::wanted(printer, &from)?;
                remarks.extend(wanted.remark);
                wanted.catalog
            }
            Truth::Sql(_) | Truth::Over(_) | Truth::Migrations(_) => {
                self.truth.clone().expect("it was loaded at the start")
            }
        };
        asked.check(&from, &to).map_err(|error| AutogenerateError::Rename(Box::new(error)))?;
        if self.keeps_data {
            let aside = rename::aside(&from, &to, &request.guard.ledgers);
            self.rename(&mut session, aside, &mut renames, &mut from).await?;
            to = rename::with_kept(&to, &from);
        }
        loop {
            let alike = rename::alike(&from, &to);
            if alike.up.is_empty() {
                break;
            }
            self.rename(&mut session, alike, &mut renames, &mut from).await?;
        }
        let to = alike::agreed(&mut session, self.major, &from, to).await?;
        let to = settled(&from, to);
        let found = differences(&from, &to);
        let makes_tables =
            |it: &Difference| it.key.kind() == ObjectKind::Relation && it.how == How::New;
        let has_tables = before.iter().any(|(key, _)| key.kind() == ObjectKind::Relation);
        if matches!(request.truth, Truth::SchemaRs(_))
            && !has_tables
            && found.iter().any(makes_tables)
        {
            remarks.push(BASELINE.to_owned());
        }
        let mut unread: Vec<String> = from.unread.keys().chain(to.unread.keys()).cloned().collect();
        // that of the shadow itself
        unread.retain(|it| !it.ends_with("this database"));
        unread.sort();
        unread.dedup();
        let mut described: Vec<String> = renames.up.clone();
        described.extend(listed(&found, &from, &to));
        let report = AutogenerateReport {
            renames: candidates(&from, &to),
            differences: described,
            not_compared: unread,
            remarks,
            proved_on: Some(self.shadow.proved_on()),
            ..AutogenerateReport::default()
        };
        Ok(Compared { before, asked, renames, from, to, report })
    }

    /// What the migrations or the database lead to, without partitions that only the database has.
    fn set_aside(&mut self, request: &AutogenerateRequest<'_>) -> Result<Catalog, JobError> {
        let before = std::mem::take(&mut self.before);
        if request.database.is_none() {
            let named = request.drop_partitions.first();
            return match named.cloned() {
                Some(text) => Err(AutogenerateError::NoPartition { text }.into()),
                None => Ok(before),
            };
        }
        let named = request.drop_partitions;
        self.left_alone = match (request.truth, &self.truth) {
            (Truth::SchemaRs(printer), _) => {
                let dropped = truth::dropped(printer, &before)?;
                LeftAlone::of(&before, |key| dropped.contains(key), named)?
            }
            (Truth::Sql(_) | Truth::Over(_) | Truth::Migrations(_), Some(truth)) => {
                LeftAlone::of(&before, |key| truth.get(key).is_none(), named)?
            }
            (Truth::Sql(_) | Truth::Over(_) | Truth::Migrations(_), None) => LeftAlone::default(),
        };
        Ok(self.left_alone.without(before))
    }

    /// Runs renames, and reads what they lead to.
    async fn rename(
        &mut self,
        session: &mut Session<'_>,
        more: Renames,
        all: &mut Renames,
        from: &mut Catalog,
    ) -> Result<(), JobError> {
        if more.up.is_empty() {
            return Ok(());
        }
        for (index, statement) in more.up.iter().enumerate() {
            let sent = send(session, &[Message::Script(statement)]).await;
            sent.map_err(|failure| match (more.flags.get(index), &failure) {
                (Some(flag), Failure::Server(_)) => {
                    let what = failure.to_string();
                    let error = RenameError::new(flag, RenameFault::Server { what });
                    AutogenerateError::Rename(Box::new(error)).into()
                }
                _ => failed(statement)(failure),
            })?;
        }
        *from = self.catalog(session).await?;
        all.extend(more);
        Ok(())
    }

    pub(super) async fn catalog(&mut self, session: &mut Session<'_>) -> Result<Catalog, JobError> {
        let read = self.reader.read(session, self.major * 10_000).await?;
        Ok(self.narrowed(read))
    }

    /// What of a catalog is compared.
    pub(super) fn narrowed(&self, read: Catalog) -> Catalog {
        let read = match self.keeps_data {
            true => with_aside(read, &self.ignored),
            false => comparable_of(read, &self.ignored),
        };
        self.left_alone.without(read)
    }

    /// Runs one segment as its migration would.
    pub(super) async fn run(
        &self,
        session: &mut Session<'_>,
        segment: &Segment,
    ) -> Result<(), JobError> {
        let texts: Vec<String> = segment.statements.iter().map(sent).collect();
        let mut messages = Vec::new();
        if !segment.alone {
            messages.push(Message::Batch("BEGIN; SET LOCAL check_function_bodies = off"));
        }
        for (statement, text) in segment.statements.iter().zip(&texts) {
            messages.push(match statement.fills.is_empty() {
                true => Message::Script(text),
                // it may be several
                false => Message::Batch(text),
            });
        }
        if !segment.alone {
            messages.push(Message::Batch(COMMIT));
        }
        let Some((at, failure)) = first_refused(session, &messages).await else {
            return Ok(());
        };
        if !matches!(failure, Failure::Server(_)) {
            return Err(SessionError::while_doing("trying the plan")(failure).into());
        }
        // BEGIN stands before them
        let at = at.saturating_sub(usize::from(!segment.alone));
        let statement = segment.statements.get(at).or(segment.statements.last());
        let sql = statement.map(Statement::sql).unwrap_or_default();
        let what = format!("PostgreSQL rejects a statement of the plan: {failure}");
        let mut refused =
            ProofFailure::new(what).of_plan(texts.join(";\n")).refused(&sql, &failure);
        refused.target = statement.and_then(|it| it.target.clone());
        Err(refused.into())
    }
}

/// Makes what the truth says on a server of its own, unless it is schema.rs.
async fn load(
    shadow: &Shadow,
    request: &AutogenerateRequest<'_>,
    stop: &Stop,
) -> Result<Option<(Catalog, Prepared)>, JobError> {
    let files = match request.truth {
        Truth::SchemaRs(_) => return Ok(None),
        Truth::Sql(files) => files,
        Truth::Over(files) => return over(shadow, request, files, stop).await.map(Some),
        Truth::Migrations(migrations) => {
            let coverage = Coverage::all();
            let ran = shadow.replayed(migrations, &coverage, stop.clone(), &mut |_| {}).await?;
            return Ok(Some((comparable_of(ran.catalog, request.ignored), ran.prepared)));
        }
    };
    match beside(shadow, files, request.ignored, stop).await {
        // a dump of a whole database makes these, too
        Err(first) if !shadow.prerequisites.is_empty() && !first.is_interrupt() => {
            let mut bare = shadow.clone();
            bare.prerequisites.clear();
            match beside(&bare, files, request.ignored, stop).await {
                Ok(loaded) => Ok(Some(loaded)),
                Err(_) => Err(first),
            }
        }
        loaded => loaded.map(Some),
    }
}

/// Runs SQL over what the migrations lead to, on a server of its own.
async fn over(
    shadow: &Shadow,
    request: &AutogenerateRequest<'_>,
    files: &[(std::path::PathBuf, String)],
    stop: &Stop,
) -> Result<(Catalog, Prepared), JobError> {
    let prepared = shadow.ran(request.migrations, stop.clone(), &mut |_| {}).await?;
    let endpoint = shadow.endpoint(&prepared.scratch, stop.clone());
    let loaded = async {
        let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
        load::run(&mut session, &shadow.stood_in_files(files)).await?;
        let read = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
        Ok(comparable_of(read, request.ignored))
    };
    match loaded.await {
        Ok(catalog) => Ok((catalog, prepared)),
        Err(error) => {
            end(prepared.scratch).await;
            Err(error)
        }
    }
}

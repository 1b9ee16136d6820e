//! What the way up alone leads to: a server on which migrations are replayed without made-up rows, and copies of it.
//!
//! Where a walk went astray, or made-up rows are in question, a copy is where the next one begins. The server is started when it is first
//! asked for, and goes on from where it was.

use std::collections::BTreeMap;

use crate::{
    catalog::Catalog,
    cluster::Scratch,
    introspect::Reader,
    job::{
        JobError,
        explain::failed,
        open::Endpoint,
        run::{RunOptions, task},
    },
    migration::{
        environment::Needs,
        plan::Step,
        source::{Direction, Migration},
    },
    postgres::{
        lock::Locked,
        session::{Message, Session, Stop},
        session_error::SessionError,
    },
    replay::shadow::{Shadow, end, lacking},
    words::ident::{Ident, Literal},
};

/// Replays migrations as they are, as far as it is asked to.
pub(super) struct Plain<'p> {
    shadow: &'p Shadow,
    all: &'p [&'p Migration],
    needs: &'p Needs,
    stop: Stop,
    server: Option<Server>,
    /// Which server it is, of those that were started.
    generation: usize,
    /// Why migrations fail on their way up with no made-up row in any table.
    failures: BTreeMap<usize, JobError>,
}

struct Server {
    scratch: Scratch,
    locked: Locked<'static>,
    /// A session that reads what is there now, if that was asked for.
    reading: Option<(Session<'static>, Reader)>,
    /// What was read last, by how many migrations had been replayed: a migration is asked about more than once.
    read: BTreeMap<usize, Catalog>,
    /// How many migrations were replayed.
    at: usize,
    copies: usize,
}

impl<'p> Plain<'p> {
    pub(super) fn new(
        shadow: &'p Shadow,
        all: &'p [&'p Migration],
        needs: &'p Needs,
        stop: Stop,
    ) -> Self {
        Self { shadow, all, needs, stop, server: None, generation: 0, failures: BTreeMap::new() }
    }

    /// Replays so many migrations. Those that fail are passed over: [`has_failed`](Self::has_failed).
    pub(super) async fn replay(&mut self, count: usize) -> Result<(), JobError> {
        loop {
            let (server, is_fresh) = match &mut self.server {
                Some(server) if server.at <= count => (server, false),
                _ => {
                    self.end().await;
                    self.generation += 1;
                    let server = start(self.shadow, self.needs, self.stop.clone()).await?;
                    (self.server.insert(server), true)
                }
            };
            let mut is_whole = true;
            while server.at < count {
                let (applied, failure) =
                    up(&mut server.locked, &self.all[server.at..count]).await?;
                for number in server.at..server.at + applied {
                    self.failures.remove(&number);
                }
                server.at += applied;
                match failure {
                    None => {}
                    // what was tried in a copy may have left what belongs to the whole server
                    Some(_) if !is_fresh && server.copies > 0 => {
                        is_whole = false;
                        break;
                    }
                    Some(failure) => {
                        self.failures.insert(server.at, failure);
                        server.at += 1;
                    }
                }
            }
            if is_whole {
                return Ok(());
            }
            self.end().await;
        }
    }

    /// Whether a migration fails on its way up with no made-up row in any table. It must have been replayed.
    pub(super) fn has_failed(&self, number: usize) -> bool {
        self.failures.contains_key(&number)
    }

    /// Why migrations failed, by their numbers.
    pub(super) fn failures(&self) -> &BTreeMap<usize, JobError> {
        &self.failures
    }

    /// The first failure.
    pub(super) fn into_failure(mut self) -> Option<JobError> {
        self.failures.pop_first().map(|(_, failure)| failure)
    }

    /// A copy of what so many migrations lead to.
    pub(super) async fn copy(&mut self, count: usize) -> Result<Copy, JobError> {
        self.replay(count).await?;
        let server = self.server.as_mut().expect("it was started by the replay");
        server.copies += 1;
        // nobody else may be there while it is copied
        server.reading = None;
        let name = format!("glowplug_copy_{}", server.copies);
        let version = server.locked.facts().server_version;
        let strategy = match version / 10_000 {
            ..15 => "",
            _ => " STRATEGY file_copy",
        };
        let create =
            format!("CREATE DATABASE {} TEMPLATE {}{strategy}", Ident(&name), Scratch::MAINTENANCE);
        server.send(&create).await?;
        // those of a database are not copied with it
        let settings = format!(
            "INSERT INTO pg_catalog.pg_db_role_setting SELECT c.oid, s.setrole, s.setconfig \
             FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.pg_database c \
             WHERE d.datname = {} AND c.datname = {}",
            Literal(Scratch::MAINTENANCE),
            Literal(&name)
        );
        server.send(&settings).await?;
        let owner = format!(
            "UPDATE pg_catalog.pg_database SET datdba = (SELECT datdba FROM pg_catalog.pg_database WHERE datname = {}) WHERE datname = {}",
            Literal(Scratch::MAINTENANCE),
            Literal(&name)
        );
        server.send(&owner).await?;
        let mut endpoint = self.shadow.endpoint(&server.scratch, self.stop.clone());
        endpoint.url = server.scratch.url(&name);
        Ok(Copy { name, endpoint, generation: self.generation })
    }

    /// The structure that so many migrations lead to.
    pub(super) async fn catalog(&mut self, count: usize) -> Result<Catalog, JobError> {
        let read = self.server.as_ref().and_then(|it| it.read.get(&count));
        if let Some(catalog) = read {
            return Ok(catalog.clone());
        }
        self.replay(count).await?;
        let server = self.server.as_mut().expect("it was started by the replay");
        let version = server.locked.facts().server_version;
        let (session, reader) = match &mut server.reading {
            Some(reading) => reading,
            none => {
                let endpoint = self.shadow.endpoint(&server.scratch, self.stop.clone());
                let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
                // what is asked again and again is planned once
                let planned = session.plan_once().await;
                planned.map_err(SessionError::while_doing("reading the catalog"))?;
                none.insert((session, Reader::keeping()))
            }
        };
        let catalog = reader.read(session, version).await?;
        // that before a migration, and that after it
        while server.read.len() > 1 {
            server.read.pop_first();
        }
        server.read.insert(count, catalog.clone());
        Ok(catalog)
    }

    /// Whether a copy is still there.
    pub(super) fn has(&self, copy: &Copy) -> bool {
        copy.generation == self.generation
    }

    /// The way to what so many migrations lead to.
    pub(super) async fn endpoint(&mut self, count: usize) -> Result<Endpoint, JobError> {
        self.replay(count).await?;
        let server = self.server.as_ref().expect("it was started by the replay");
        Ok(self.shadow.endpoint(&server.scratch, self.stop.clone()))
    }

    /// Drops a copy that nobody needs any more.
    pub(super) async fn forget(&mut self, copy: Copy) -> Result<(), JobError> {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", Ident(&copy.name));
        match &mut self.server {
            Some(server) if copy.generation == self.generation => server.send(&drop).await,
            _ => Ok(()),
        }
    }

    /// Ends the server.
    pub(super) async fn end(&mut self) {
        if let Some(server) = self.server.take() {
            server.locked.release().await;
            end(server.scratch).await;
        }
    }
}

/// A copy of what some migrations lead to.
pub(super) struct Copy {
    name: String,
    pub(super) endpoint: Endpoint,
    generation: usize,
}

impl Server {
    async fn send(&mut self, sql: &str) -> Result<(), JobError> {
        let messages = [Message::Batch(sql)];
        let replies = self.locked.session.exchange(&messages, &mut |_| {}).await;
        for reply in replies {
            reply.map_err(SessionError::while_doing("copying a database"))?;
        }
        Ok(())
    }
}

async fn start(shadow: &Shadow, needs: &Needs, stop: Stop) -> Result<Server, JobError> {
    let scratch = shadow.start(needs).await?.scratch;
    let endpoint = shadow.endpoint(&scratch, stop);
    let opened = async {
        let (mut locked, _) = endpoint.lock(&RunOptions::of_replay().limits, &mut |_| {}).await?;
        locked.prepare().await?;
        Ok(locked)
    };
    match opened.await {
        Ok(locked) => {
            Ok(Server { scratch, locked, reading: None, read: BTreeMap::new(), at: 0, copies: 0 })
        }
        Err(error) => {
            end(scratch).await;
            Err(error)
        }
    }
}

/// How many migrations are read before they are applied: behind one that fails, the rest is read again.
const AT_ONCE: usize = 100;

/// Applies migrations, as many at once as possible. Gives how many it applied, and why the next one cannot be applied if that is what
/// stopped it; an error says that nothing can be said.
async fn up(
    locked: &mut Locked<'_>,
    migrations: &[&Migration],
) -> Result<(usize, Option<JobError>), JobError> {
    let mut exec = RunOptions::of_replay().exec;
    exec.unrecorded = true;
    let mut steps = Vec::new();
    for migration in migrations.iter().copied().take(AT_ONCE) {
        steps.push(Step { migration, direction: Direction::Up, resume: None, noted: None });
    }
    let mut tasks = Vec::new();
    for step in &steps {
        match task(step) {
            Ok(task) => tasks.push(task),
            Err(failure) if tasks.is_empty() => return Ok((0, Some(failure))),
            Err(_) => break,
        }
    }
    let riding = locked.riding(&tasks, &exec);
    let (applied, error) = if riding > 0 {
        let (took, error) = locked.run_train(0, &tasks[..riding], &exec, &mut |_| {}).await;
        (took.len(), error)
    } else {
        match locked.run(0, &tasks[0], &exec, &mut |_| {}).await {
            Ok(_) => (1, None),
            Err(error) => (0, Some(error)),
        }
    };
    let Some(error) = error else {
        return Ok((applied, None));
    };
    let cause = failed(&tasks, &error, false, locked.facts().server_version);
    of_script(cause).map(|failure| (applied, Some(failure)))
}

/// Gives an error that says something of a script, as opposed to the connection, this machine, or the user's patience: that is one here,
/// too.
pub(super) fn of_script(error: JobError) -> Result<JobError, JobError> {
    let error = lacking(error);
    let is_of_script = match &error {
        JobError::Script(_) | JobError::Refused(_) => true,
        JobError::Migration(error) => !error.interrupted && error.server.is_some(),
        _ => false,
    };
    if is_of_script { Ok(error) } else { Err(error) }
}

//! Migrations with `ledger = true`: in which forms they may change a sealed ledger, and the session that may.

use miette::NamedSource;

use crate::{
    connect,
    job::{
        JobError, Watch,
        attest::failed,
        failure::{LedgerError, ScriptError},
        open::Endpoint,
    },
    ledger::{FORMS, demand_form},
    migration::{
        plan::Step,
        source::{Direction, Script},
    },
    postgres::{
        exec::{ExecOptions, Task},
        guard::{self, Guard},
        lock::Locked,
        session::Session,
    },
    report::ledger::Level,
    words::{
        secrets,
        sql::{self, Statement, StatementKind},
        url::Url,
    },
};

/// Refuses statements that are in none of the forms.
pub(crate) fn demand_forms(
    script: &Script,
    direction: Direction,
    statements: &[Statement],
) -> Result<(), Box<ScriptError>> {
    for statement in
        statements.iter().filter(|it| !matches!(it.kind, StatementKind::Transaction(_)))
    {
        let start = statement.span.start;
        let Err(unfit) = demand_form(&script.text[statement.span.clone()], direction) else {
            continue;
        };
        let at = start + unfit.span.start..start + unfit.span.end;
        let (line, column) = sql::line_column(&script.text, at.start);
        return Err(Box::new(ScriptError {
            path: script.path.clone(),
            line,
            column,
            what: unfit.what,
            text: NamedSource::new(&script.path, secrets::cover(&script.text)),
            at: at.into(),
            advice: FORMS.to_owned(),
        }));
    }
    Ok(())
}

/// Whether a step changes the structure of a ledger.
pub(crate) fn is_wanted(step: &Step<'_>) -> bool {
    step.migration.metadata.ledger
}

/// Opens the session that may change sealed ledgers, where one of these tasks has to and the session that holds the lock cannot.
///
/// # Errors
/// When the key is missing or does not fit.
pub(crate) async fn open(
    locked: &mut Locked<'_>,
    endpoint: Option<&Endpoint>,
    guard: &Guard,
    tasks: &[Task<'_>],
    together: bool,
    watch: Watch<'_>,
) -> Result<Option<Locked<'static>>, JobError> {
    let Some(task) = tasks.iter().find(|it| is_wanted(it.step)) else {
        return Ok(None);
    };
    let name = task.step.migration.name.clone();
    let facts = locked.facts().clone();
    let powers = guard.powers(&mut locked.session, &facts).await.map_err(failed)?;
    let sealed = guard.ledgers.iter().enumerate().filter(|(_, it)| it.level == Level::Sealed);
    let owners = sealed.flat_map(|(index, _)| powers.owners(index));
    let Some(owner) = owners.into_iter().find(|it| !powers.may_become(&facts.role, it)) else {
        // it is not sealed here
        return Ok(None);
    };
    let owner = owner.to_owned();
    if together {
        return Err(LedgerError::TwoKeys { name }.into());
    }
    let (Some(endpoint), Some((variable, url))) = (endpoint, &guard.second) else {
        return Err(LedgerError::NoSecondKey { name, owner, role: facts.role }.into());
    };
    let Some(url) = url else {
        return Err(
            LedgerError::SecondKeyMissing { name, variable: variable.clone(), owner }.into()
        );
    };
    let unfit = |why: String| {
        let (variable, owner) = (variable.clone(), owner.clone());
        JobError::from(LedgerError::SecondKey { variable, why, owner })
    };
    let parsed = Url::parse(url.reveal()).map_err(|error| unfit(error.to_string()))?;
    let mut url = connect::complete(parsed.url, &endpoint.environment)?;
    let escaped = owner.replace('\\', "\\\\").replace(' ', "\\ ");
    // what it makes belongs to the ledger's role, and nothing of anybody else's has a name there
    let own = format!("-c role={escaped} -c search_path=pg_catalog,pg_temp");
    let given = url.params.options.take().unwrap_or_default();
    url.params.options = Some(format!("{given} {own}").trim().to_owned());
    let wire = endpoint.wire(&url, watch).await?;
    let mut session = Session::over_wire(wire, endpoint.stop.clone());
    let who = session.query(WHO, Vec::new()).await.map_err(failed)?;
    let mut who = who.into_iter().flatten().map(Option::unwrap_or_default);
    let (login, acting) = (who.next().unwrap_or_default(), who.next().unwrap_or_default());
    if acting != owner {
        return Err(unfit(format!("{login} acts as {acting}")));
    }
    let database = who.next().unwrap_or_default();
    let here = guard::identity(&mut locked.session, &facts.database).await;
    if guard::identity(&mut session, &database).await != here {
        return Err(unfit("it connects to another database".to_owned()));
    }
    Ok(Some(locked.beside(session, login)))
}

/// How such a migration is run. What an append sets off, down to triggers of other tables, would run as somebody who may become the
/// owner: none is tried.
pub(crate) fn quiet(exec: &ExecOptions) -> ExecOptions {
    let mut exec = exec.clone();
    exec.guard.unprobed = true;
    exec
}

const WHO: &str = "SELECT ARRAY[session_user::pg_catalog.text, current_user::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text] AS \"row\"";

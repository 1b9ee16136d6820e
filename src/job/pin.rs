//! Keeps what a database is like for where none is asked.

use crate::{
    introspect::environment::{self, Surroundings},
    job::{JobError, Watch, open::Endpoint},
    migration::{
        environment::{Environment, Needs, Pin, own_settings},
        source::Migrations,
    },
    report::pin::PinReport,
};

/// Reads what migrations meet in a database, as it may be committed. The report has no files yet.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn pin(
    database: &Endpoint,
    migrations: &Migrations,
    watch: Watch<'_>,
) -> Result<(Pin, PinReport), JobError> {
    let (mut session, _, _) = database.read(watch).await?;
    let Surroundings { environment, concerned } =
        environment::read(&mut session, &database.url, &own_settings(migrations.texts())).await?;
    let spoken = Needs::of(&environment, migrations.texts()).roles;
    let custom = environment.settings.keys();
    let left_out = custom.filter(|it| Environment::is_custom(it)).cloned().collect();
    let concerns = |role: &str| concerned.contains(role) || spoken.contains_key(role);
    let environment = environment.committable(concerns);
    let report = PinReport {
        database: environment.database.clone(),
        postgresql: environment.postgresql,
        settings: environment.settings.clone(),
        left_out,
        ..PinReport::default()
    };
    let pinned = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let pinned = pinned.strftime("%Y-%m-%d").to_string();
    Ok((Pin { pinned, environment }, report))
}

//! `glowplug verify`, in a test.

use std::path::PathBuf;

use super::{TestingError, block_on, program, search};
use crate::{
    cluster::fetch,
    ledger::Declaration,
    migration::{
        environment::{Known, own_settings},
        source::Migrations,
    },
    postgres::{guard::Guard, session::Stop},
    replay::{
        schema::Printer,
        shadow::Shadow,
        verify::{self, VerifyRequest},
    },
    report::verify::VerifyReport,
    schema_rs::{PrintSchemas, Style},
};

/// Replays all migrations up, down and up again on a throwaway server, over rows, as `glowplug verify` does without a project.
///
/// The report says what went wrong: `assert!(report.is_clean(), "{report:#?}")`. `ledgers` are guarded on every leg.
///
/// # Errors
/// When there is no server to replay on.
pub fn verify(
    migrations: &Migrations,
    ledgers: &[Declaration],
) -> Result<VerifyReport, TestingError> {
    let search = search(None);
    let shadow = Shadow {
        binaries: fetch::find_or_fetch(&search, &mut |_| {})?,
        search,
        major: None,
        own_settings: own_settings(migrations.texts()),
        roles: Vec::new(),
        known: Known::Nothing,
        prerequisites: Vec::new(),
        stand_ins: Vec::new(),
        notes: Vec::new(),
        supervisor: program()?,
    };
    let printer = Printer {
        schemas: PrintSchemas::default(),
        style: Style::default(),
        current: PathBuf::new(),
        record: None,
    };
    let guard = Guard { ledgers: ledgers.to_vec(), ..Guard::default() };
    let request = VerifyRequest {
        shadow: &shadow,
        migrations,
        guard: &guard,
        caches: false,
        fail_fast: false,
        accepted: &[],
    };
    let verified = block_on(async {
        Ok(verify::verify(&request, &printer, Stop::never(), &mut |_| {}).await?)
    })?;
    Ok(verified.report)
}

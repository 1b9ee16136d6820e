//! That migrations and source of truth agreed: as long as neither has changed, nothing has to be replayed to know it.

use serde_json::json;

use super::{AutogenerateRequest, Truth};
use crate::{
    cluster::Kept, project::schema_file, report::autogenerate::AutogenerateReport,
    words::digest::Digest,
};

/// Where it is noted, beside the kept replay of the migrations.
pub(super) struct Verdict {
    kept: Kept,
    name: Digest,
}

impl Verdict {
    /// The one of a request; none where a database is asked, something has to be said, or no replay is kept.
    pub(super) fn of(request: &AutogenerateRequest<'_>) -> Option<Self> {
        let shadow = request.shadow;
        if request.database.is_some() || !shadow.notes.is_empty() {
            return None;
        }
        let truth = match request.truth {
            Truth::Migrations(_) | Truth::Over(_) => return None,
            Truth::Sql(files) => format!("{files:?}"),
            Truth::SchemaRs(printer) => {
                let configured = printer.schemas.all.values();
                let files = configured.flat_map(|it| [&it.file, &it.patch_file]).flatten();
                let texts = files.map(|it| schema_file::read(it).ok().flatten());
                let texts: Vec<Option<String>> = texts.collect();
                format!("{:?} {:?} {texts:?}", printer.schemas, printer.style)
            }
        };
        let asked = (request.renames, request.ignored, request.drop_partitions, request.forms);
        let ledgers = &request.guard.ledgers;
        let name = Digest::of(&format!("agrees {truth} {asked:?} {ledgers:?}"));
        Some(Self { kept: shadow.whole(request.migrations)?, name })
    }

    /// What is left to be reported where they agreed.
    pub(super) fn read(&self, request: &AutogenerateRequest<'_>) -> Option<AutogenerateReport> {
        let not_compared = serde_json::from_str(&self.kept.finding(&self.name)?).ok()?;
        let proved_on = Some(request.shadow.proved_on());
        Some(AutogenerateReport { not_compared, proved_on, ..AutogenerateReport::default() })
    }

    /// Notes that they agree. What fails here costs time later, and nothing else.
    pub(super) fn note(&self, report: &AutogenerateReport) {
        if report.is_empty() && report.remarks.is_empty() && report.renames.is_empty() {
            let text = json!(report.not_compared).to_string();
            self.kept.note_finding(&self.name, &text).unwrap_or_default();
        }
    }
}

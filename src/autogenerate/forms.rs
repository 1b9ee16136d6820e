//! Which version of PostgreSQL the forms need that migrations are written in.

use crate::{
    autogenerate::proving::Proving, cluster::SUPPORTED, job::advice::newer_forms,
    report::autogenerate::Drafted,
};

impl Proving {
    /// Whether nobody says which major version migrations are for.
    pub(super) fn is_for_any(&self) -> bool {
        self.shadow.known.environment().is_none() && self.shadow.major.is_none()
    }
}

/// Says which version migrations need, where they were made for none and the oldest would not do.
pub(super) fn needed(drafts: &[Drafted], made_with: u32) -> Option<String> {
    let texts = drafts.iter().flat_map(|it| [it.up.as_str(), it.down.as_str()]);
    let all: Vec<&str> = texts.collect();
    let forms = newer_forms(&all.join("\n;\n"), *SUPPORTED.start());
    let newest = forms.first()?.1;
    let forms = forms.iter().map(|(form, since)| format!("{form} ({since})"));
    let forms: Vec<String> = forms.collect();
    Some(format!(
        "it needs PostgreSQL {newest}: {}. Neither a database nor glowplug.lock gives the target version, so it was made with {made_with}; set `major` in [server] of glowplug.toml, or run `glowplug shadow pin`",
        forms.join(", ")
    ))
}

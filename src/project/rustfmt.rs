//! What a project's rustfmt.toml says of the layout of schema.rs.

use std::path::{Path, PathBuf};

use crate::{
    project::{ProjectError, regular},
    schema_rs::format::{Heuristics, Layout, Newline},
};

/// Reads the rustfmt.toml that rustfmt would use in this directory: the nearest upwards, else the user's. Options that do not
/// show in a schema.rs, or that rustfmt does not know, are passed over, as rustfmt does.
///
/// # Errors
/// When it cannot be read, or is no TOML.
pub(crate) fn layout(current: &Path, user: Option<&Path>) -> Result<Layout, ProjectError> {
    let in_user = user.into_iter().map(|dir| dir.join("rustfmt"));
    let dirs = current.ancestors().map(Path::to_owned).chain(in_user);
    let files = dirs.flat_map(|dir| [dir.join(".rustfmt.toml"), dir.join("rustfmt.toml")]);
    match files.into_iter().find(|file| file.is_file()) {
        Some(file) => read(&file),
        None => Ok(Layout::default()),
    }
}

fn read(file: &PathBuf) -> Result<Layout, ProjectError> {
    let text = regular::read_to_string(file).map_err(ProjectError::io("read", file))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        let advice = "rustfmt cannot read it either; its options are at https://rust-lang.github.io/rustfmt.";
        ProjectError::toml(file.clone(), &text, &error, advice)
    })?;
    let number = |key: &str| {
        let value = table.get(key).and_then(toml::Value::as_integer);
        value.and_then(|it| usize::try_from(it).ok())
    };
    let flag = |key: &str| table.get(key).and_then(toml::Value::as_bool);
    let word = |key: &str| table.get(key).and_then(toml::Value::as_str);
    // rustfmt does not mind the case of these
    let lower = |key: &str| word(key).map(str::to_lowercase);
    let default = Layout::default();
    let style = match (word("style_edition"), word("version"), word("edition")) {
        (Some(style), ..) => style >= "2024",
        (None, Some(version), _) => version == "Two",
        (None, None, edition) => edition.is_some_and(|it| it >= "2024"),
    };
    Ok(Layout {
        enabled: !flag("disable_all_formatting").unwrap_or_default(),
        max_width: number("max_width").unwrap_or(default.max_width),
        tab_spaces: number("tab_spaces").unwrap_or(default.tab_spaces),
        hard_tabs: flag("hard_tabs").unwrap_or(default.hard_tabs),
        newline: match lower("newline_style").as_deref() {
            Some("unix") => Newline::Unix,
            Some("windows") => Newline::Windows,
            Some("native") => Newline::Native,
            _ => Newline::Auto,
        },
        heuristics: match lower("use_small_heuristics").as_deref() {
            Some("off") => Heuristics::Off,
            Some("max") => Heuristics::Max,
            _ => Heuristics::Default,
        },
        fn_call_width: number("fn_call_width"),
        attr_fn_like_width: number("attr_fn_like_width"),
        merge_derives: flag("merge_derives").unwrap_or(default.merge_derives),
        style_2024: style,
        edition: word("edition").and_then(|it| it.parse().ok()).unwrap_or(default.edition),
    })
}

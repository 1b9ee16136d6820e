//! The public interface, listed: whoever changes it sees that in the difference of one page.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use proc_macro2::{LineColumn, Span};
use syn::{Attribute, Item, ItemMod, Meta, UseTree, Visibility};

use crate::docs::{page, reference};

/// A source file, parsed.
struct File {
    text: String,
    items: Vec<Item>,
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| match &it.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

/// How an item is shown that may get more fields or variants.
fn open(attributes: &[Attribute]) -> &'static str {
    let is_open = attributes.iter().any(|it| it.path().is_ident("non_exhaustive"));
    if is_open { "#[non_exhaustive] " } else { "" }
}

impl File {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let items = syn::parse_file(&text).unwrap().items;
        Self { text, items }
    }

    /// The text between two places, in one line.
    fn slice(&self, from: LineColumn, to: LineColumn) -> String {
        let lines = self.text.lines().enumerate().skip(from.line - 1).take(to.line - from.line + 1);
        let part = |(at, line): (usize, &str)| {
            let start = if at + 1 == from.line { from.column } else { 0 };
            let end = if at + 1 == to.line { to.column } else { usize::MAX };
            line.chars().take(end).skip(start).collect::<String>()
        };
        let text = lines.map(part).collect::<Vec<_>>().join(" ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    }

    fn to_end_of_line(&self, from: Span) -> String {
        let from = from.start();
        let line = self.text.lines().nth(from.line - 1).unwrap_or_default();
        let to = LineColumn { line: from.line, column: line.chars().count() };
        self.slice(from, to).trim_end_matches([',', '{', ' ']).to_owned()
    }

    /// What is public of the item of a name: one line for itself, one for each field, variant and method.
    fn describe(&self, name: &str) -> Option<(String, Vec<String>)> {
        let mut head = None;
        let mut parts = Vec::new();
        for item in &self.items {
            match item {
                Item::Fn(it) if it.sig.ident == name && is_public(&it.vis) => {
                    let to = it.block.brace_token.span.open().start();
                    head = Some(self.slice(it.sig.fn_token.span.start(), to));
                }
                Item::Struct(it) if it.ident == name && is_public(&it.vis) => {
                    let open = open(&it.attrs);
                    head = Some(format!("{open}struct {}", self.to_end_of_line(it.ident.span())));
                    let fields = it.fields.iter().filter(|field| is_public(&field.vis));
                    let names = fields.filter_map(|field| field.ident.as_ref());
                    parts.extend(names.map(|name| self.to_end_of_line(name.span())));
                }
                Item::Enum(it) if it.ident == name && is_public(&it.vis) => {
                    head = Some(format!("{}enum {name}", open(&it.attrs)));
                    parts.extend(it.variants.iter().map(|variant| variant.ident.to_string()));
                }
                Item::Trait(it) if it.ident == name && is_public(&it.vis) => {
                    head = Some(format!("trait {}", self.to_end_of_line(it.ident.span())));
                }
                Item::Impl(it) if it.trait_.is_none() && self.is_of(it, name) => {
                    for method in &it.items {
                        if let syn::ImplItem::Fn(method) = method
                            && is_public(&method.vis)
                        {
                            let from =
                                method.sig.asyncness.map_or(method.sig.fn_token.span, |it| it.span);
                            let to = method.block.brace_token.span.open().start();
                            parts.push(self.slice(from.start(), to));
                        }
                    }
                }
                _ => {}
            }
        }
        head.map(|head| (head, parts))
    }

    fn is_of(&self, it: &syn::ItemImpl, name: &str) -> bool {
        matches!(&*it.self_ty, syn::Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == name))
    }
}

/// The names that a `pub use` gives, each with the path that it comes from.
fn flatten(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(it) => {
            path.push(it.ident.to_string());
            flatten(&it.tree, path, found);
            path.pop();
        }
        UseTree::Group(it) => it.items.iter().for_each(|tree| flatten(tree, path, found)),
        UseTree::Name(it) => {
            found.push((it.ident.to_string(), [path.as_slice(), &[it.ident.to_string()]].concat()));
        }
        UseTree::Rename(it) => {
            found
                .push((it.rename.to_string(), [path.as_slice(), &[it.ident.to_string()]].concat()));
        }
        UseTree::Glob(_) => panic!("a facade names what it shows"),
    }
}

/// The files of a module and of what is below it, the module's own first.
fn files(module: &[String]) -> Vec<PathBuf> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let place = module.iter().fold(base.clone(), |path, part| path.join(part));
    let mut all = vec![place.with_extension("rs")];
    let mut open = vec![place];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { all.push(path) }
        }
    }
    all[1..].sort();
    all.retain(|path| path.extension().is_some_and(|it| it == "rs") && path.is_file());
    all
}

/// Everything public of a module, under its public name.
fn public(module: &[String], file: &File, shown: &mut BTreeMap<String, String>) {
    let prefix: String = module.iter().map(|it| format!("{it}::")).collect();
    let mut names = Vec::new();
    for item in &file.items {
        match item {
            Item::Use(it) if is_public(&it.vis) => {
                flatten(&it.tree, &mut Vec::new(), &mut names);
            }
            Item::Mod(ItemMod { attrs, vis, ident, .. }) if is_public(vis) && !is_hidden(attrs) => {
                let inner = [module, &[ident.to_string()]].concat();
                let path = files(&inner).remove(0);
                public(&inner, &File::read(&path), shown);
            }
            Item::Struct(it) if is_public(&it.vis) => {
                names.push((it.ident.to_string(), vec!["self".into(), it.ident.to_string()]));
            }
            Item::Enum(it) if is_public(&it.vis) => {
                names.push((it.ident.to_string(), vec!["self".into(), it.ident.to_string()]));
            }
            Item::Fn(it) if is_public(&it.vis) => {
                names.push((
                    it.sig.ident.to_string(),
                    vec!["self".into(), it.sig.ident.to_string()],
                ));
            }
            _ => {}
        }
    }
    for (name, path) in names {
        let (own, place) = path.split_last().unwrap();
        let place: Vec<String> = match place.first().map(String::as_str) {
            Some("crate") => place[1..].to_vec(),
            _ => [module, &place[1.min(place.len())..]].concat(),
        };
        let found = files(&place).iter().find_map(|path| File::read(path).describe(own));
        let (head, parts) = found.unwrap_or_else(|| panic!("{name} is not found below {place:?}"));
        let mut text = format!("{head}\n");
        parts.iter().for_each(|part| writeln!(text, "    {part}").unwrap());
        shown.insert(format!("{prefix}{name}"), text);
    }
}

#[test]
fn the_public_interface_is_small_and_listed() {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let mut shown = BTreeMap::new();
    public(&[], &File::read(&lib), &mut shown);
    let mut out = String::new();
    for (name, text) in &shown {
        write!(out, "## {name}\n\n```text\n{text}```\n\n").unwrap();
    }
    reference::check("docs/src/reference/api.md", "interface", &out);
    let closed = |text: &String| {
        let has_public_parts = text.lines().skip(1).any(|it| !it.contains("fn "));
        has_public_parts && (text.starts_with("struct ") || text.starts_with("enum "))
    };
    let closed: Vec<&String> =
        shown.iter().filter(|(_, text)| closed(text)).map(|(name, _)| name).collect();
    assert!(closed.is_empty(), "fields and variants may be added later: {closed:?}");
    assert!(shown.len() <= 40, "{} items", shown.len());
    assert!(page::read("docs/src/SUMMARY.md").contains("reference/api.md"));
}

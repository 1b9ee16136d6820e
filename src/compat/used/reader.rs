//! Reads source files: which tables and columns expressions name, and what a query that begins with a table reads.

use std::{collections::BTreeSet, path::PathBuf};

use syn::{
    Expr, ExprCall, ExprMethodCall, ExprPath, ItemStruct, ItemUse, Macro, Token, TypePath,
    Visibility,
    ext::IdentExt as _,
    parse::Parser as _,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::compat::{
    program::Program,
    used::{
        Used,
        found::{Found, everything},
        names::{Meaning, Names, Tables},
        rows,
        structs::{Model, model, steps},
        tokens::{self, OF_EXPRESSIONS, OF_SCHEMA},
    },
};

/// Reads files.
pub(super) fn read(program: &Program, files: &[(PathBuf, String)]) -> Used {
    let mut found = Found::new(program);
    let mut parsed = Vec::new();
    for (path, text) in files {
        match syn::parse_file(text) {
            Ok(file) => parsed.push(file),
            Err(_) => return Used { unread: Some(path.clone()), ..everything(program) },
        }
    }
    // first what others may need: structs, and what is exported
    let mut exported = Names::default();
    for file in &parsed {
        let mut first = First { tables: &found.tables, names: &mut exported, models: Vec::new() };
        first.visit_file(file);
        found.models.extend(first.models);
    }
    for file in &parsed {
        let mut names = exported.clone();
        let mut own = Own { tables: &found.tables, names: &mut names };
        own.visit_file(file);
        let mut reader = Reader {
            found: &mut found,
            names,
            frames: Vec::new(),
            tuples: 0,
            is_row: false,
            here: BTreeSet::new(),
            fragments: Vec::new(),
        };
        reader.visit_file(file);
        let Reader { here, fragments, .. } = reader;
        found.fragments.extend(fragments.into_iter().map(|it| (it, here.clone())));
    }
    found.finish()
}

/// The structs of a file, and what it exports.
struct First<'f> {
    tables: &'f Tables,
    names: &'f mut Names,
    models: Vec<(Model, Names)>,
}

impl<'a> Visit<'a> for First<'_> {
    fn visit_file(&mut self, file: &'a syn::File) {
        let mut own = Names::default();
        Own { tables: self.tables, names: &mut own }.visit_file(file);
        visit::visit_file(self, file);
        for (_, names) in &mut self.models {
            *names = own.clone();
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if !matches!(item.vis, Visibility::Inherited) {
            self.names.take(self.tables, &item.tree);
        }
    }

    fn visit_item_struct(&mut self, item: &'a ItemStruct) {
        self.models.extend(model(item).map(|it| (it, Names::default())));
    }
}

/// What the `use` items of a file bring, wherever they stand in it.
struct Own<'f> {
    tables: &'f Tables,
    names: &'f mut Names,
}

impl<'a> Visit<'a> for Own<'_> {
    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.names.take(self.tables, &item.tree);
    }
}

/// What stands around an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Frame {
    /// This method is called on it.
    Receiver(String),
    /// It is an argument of this method or function.
    Argument(String),
    /// A query does not reach beyond this.
    Boundary,
}

/// What a query that begins with a table reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// What it names.
    Named,
    /// All columns, as Diesel does by default.
    All,
}

/// The methods that say what is read.
const SELECTING: [&str; 3] = ["select", "count", "returning"];

/// The methods that read what a query has selected.
const LOADING: [&str; 9] = [
    "first",
    "get_result",
    "get_results",
    "load",
    "load_dyn",
    "load_iter",
    "load_stream",
    "internal_load",
    "save_changes",
];

/// The functions and methods that take a table to write to.
const WRITING: [&str; 6] =
    ["insert_into", "insert_or_ignore_into", "replace_into", "update", "delete", "copy_from"];

/// The methods that take a further table.
fn is_join(name: &str) -> bool {
    name.ends_with("join")
}

struct Reader<'r, 'p> {
    found: &'r mut Found<'p>,
    names: Names,
    frames: Vec<Frame>,
    /// In how many tuples it is.
    tuples: usize,
    /// Whether it is a row that is written out.
    is_row: bool,
    /// The tables that are named.
    here: BTreeSet<usize>,
    /// Pieces of SQL: `sql("lower(name) = 'x'")`.
    fragments: Vec<String>,
}

impl Reader<'_, '_> {
    fn within(&mut self, frame: Frame, visit: impl FnOnce(&mut Self)) {
        self.frames.push(frame);
        visit(self);
        self.frames.pop();
    }

    /// What is read by the query that begins here, and whether it inserts.
    fn reads(&self) -> (Reads, bool) {
        let (mut inserts, mut writes) = (false, false);
        for frame in self.frames.iter().rev() {
            match frame {
                Frame::Receiver(method) if SELECTING.contains(&method.as_str()) => {
                    return (Reads::Named, inserts);
                }
                Frame::Receiver(method) if method == "execute" && writes => {
                    return (Reads::Named, inserts);
                }
                Frame::Receiver(method) if LOADING.contains(&method.as_str()) => {
                    return (Reads::All, inserts);
                }
                Frame::Receiver(_) => {}
                Frame::Argument(name) if WRITING.contains(&name.as_str()) => {
                    writes = true;
                    inserts |= !["update", "delete"].contains(&name.as_str());
                }
                Frame::Argument(name) if is_join(name) || name == "on" => {}
                Frame::Argument(_) | Frame::Boundary => break,
            }
        }
        (Reads::All, inserts)
    }

    fn meet(&mut self, meaning: &Meaning) {
        let (Meaning::Table(named) | Meaning::Column(named, _) | Meaning::All(named)) = meaning;
        self.here.insert(*named);
        match meaning {
            Meaning::Column(table, column) => {
                self.found.of(*table).name(*column);
                if self.may_be_inserted() {
                    self.found.loose.insert(*table);
                }
            }
            Meaning::All(table) => self.found.of(*table).take_all(),
            Meaning::Table(table) => {
                let (reads, inserts) = self.reads();
                let default = Frame::Receiver("default_values".into());
                if self.frames.contains(&default) {
                    self.found.loose.insert(*table);
                }
                let of_table = self.found.of(*table);
                of_table.inserts |= inserts;
                if reads == Reads::All {
                    of_table.take_all();
                }
            }
        }
    }

    /// Whether a column that is named here may be part of a row that is not known as a whole.
    fn may_be_inserted(&self) -> bool {
        let arguments = self.frames.iter().rev().find(|it| matches!(it, Frame::Argument(_)));
        if self.is_row || arguments == Some(&Frame::Argument("set".into())) {
            return false;
        }
        let is_value = |it: &Frame| matches!(it, Frame::Argument(name) if name == "values" || name == "into_columns");
        let is_assigned = self.frames.last() == Some(&Frame::Receiver("eq".into()));
        is_assigned && self.tuples > 0 || self.frames.iter().any(is_value)
    }

    fn path(&mut self, path: &[String]) {
        for meaning in self.names.meanings(&self.found.tables, path) {
            self.meet(&meaning);
        }
    }

    /// Tokens that are no expressions: a table that they name is used in ways that are not known.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let (mut names, mut texts) = (BTreeSet::new(), Vec::new());
        tokens::words(tokens, &mut names, &mut texts);
        for name in &names {
            for table in self.found.tables.named(name).to_vec() {
                self.found.of(table).take_all();
                self.found.of(table).inserts = true;
                self.found.loose.insert(table);
                self.here.insert(table);
            }
            self.path(std::slice::from_ref(name));
        }
        texts.iter().for_each(|it| self.text(it));
    }

    fn text(&mut self, text: &str) {
        for spoken in tokens::spoken(self.found.program, text) {
            let of_table = self.found.of(spoken.table);
            match spoken.columns {
                Some(columns) => columns.into_iter().for_each(|it| of_table.name(it)),
                None => of_table.take_all(),
            }
            of_table.inserts |= spoken.inserts;
            if spoken.inserts {
                // no struct stands for its rows
                self.found.loose.insert(spoken.table);
            }
        }
    }
}

impl<'a> Visit<'a> for Reader<'_, '_> {
    fn visit_ident(&mut self, name: &'a syn::Ident) {
        // a table of whatever type
        self.found.is_generic |= name == "HasTable";
    }

    fn visit_item_use(&mut self, _: &'a ItemUse) {}

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let method = call.method.unraw().to_string();
        self.within(Frame::Receiver(method.clone()), |it| it.visit_expr(&call.receiver));
        self.found.reads_back |= method == "save_changes";
        for argument in &call.args {
            let column = |it: &Expr| self.column(it);
            let row = if method == "values" { rows::row(argument, &column) } else { None };
            let around = std::mem::replace(&mut self.is_row, row.is_some());
            if let Some((table, columns)) = row {
                self.found.row(table, columns);
            }
            self.within(Frame::Argument(method.clone()), |it| it.visit_expr(argument));
            self.is_row = around;
        }
        if let Some(generics) = &call.turbofish {
            self.visit_angle_bracketed_generic_arguments(generics);
        }
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        self.visit_expr(&call.func);
        let path = match &*call.func {
            Expr::Path(path) => steps(&path.path),
            _ => Vec::new(),
        };
        let name = path.last().cloned().unwrap_or_default();
        if name == "belonging_to" && self.reads().0 == Reads::All {
            self.all_of_model(&path);
        }
        if name == "table" && call.args.is_empty() {
            // `Model::table()`, of a model or of any
            self.found.is_generic |= self.of_model(&path).is_empty();
            self.all_of_model(&path);
        }
        let is_of_struct = ["update", "delete"].contains(&name.as_str())
            && call.args.iter().all(|it| !self.names_a_table(it));
        if is_of_struct {
            let reads_back = self.reads_back();
            self.found.reads_back |= reads_back;
        }
        for argument in &call.args {
            self.within(Frame::Argument(name.clone()), |it| it.visit_expr(argument));
        }
    }

    fn visit_expr_path(&mut self, path: &'a ExprPath) {
        self.path(&steps(&path.path));
        visit::visit_expr_path(self, path);
    }

    fn visit_type_path(&mut self, path: &'a TypePath) {
        let path_steps = steps(&path.path);
        for meaning in self.names.meanings(&self.found.tables, &path_steps) {
            // as a type, a table reads nothing
            if !matches!(meaning, Meaning::Table(_)) {
                self.meet(&meaning);
            }
        }
        visit::visit_type_path(self, path);
    }

    fn visit_expr_tuple(&mut self, tuple: &'a syn::ExprTuple) {
        self.tuples += 1;
        visit::visit_expr_tuple(self, tuple);
        self.tuples -= 1;
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        self.within(Frame::Boundary, |it| visit::visit_block(it, block));
    }

    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        self.within(Frame::Boundary, |it| visit::visit_expr_closure(it, closure));
    }

    fn visit_macro(&mut self, invoked: &'a Macro) {
        let name = invoked.path.segments.last().map(|it| it.ident.to_string());
        let name = name.unwrap_or_default();
        if OF_SCHEMA.contains(&name.as_str()) {
            return;
        }
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        match parser.parse2(invoked.tokens.clone()) {
            Ok(expressions) if OF_EXPRESSIONS.contains(&name.as_str()) => {
                for expression in &expressions {
                    self.within(Frame::Boundary, |it| it.visit_expr(expression));
                }
            }
            _ => self.tokens(invoked.tokens.clone()),
        }
    }

    fn visit_lit_str(&mut self, text: &'a syn::LitStr) {
        self.text(&text.value());
        let outer = self.frames.iter().rev().find(|it| **it != Frame::Boundary);
        if outer == Some(&Frame::Argument("sql".into())) {
            self.fragments.push(text.value());
        }
    }

    fn visit_item_struct(&mut self, item: &'a ItemStruct) {
        for expression in model(item).into_iter().flat_map(|it| it.expressions) {
            // it is selected
            let frame = Frame::Receiver("select".into());
            self.within(frame, |it| it.visit_expr(&expression));
        }
        // its attributes are read as those of a model
        item.fields.iter().for_each(|it| self.visit_type(&it.ty));
    }
}

impl Reader<'_, '_> {
    /// The tables of the model in `Model::belonging_to`.
    fn of_model(&self, path: &[String]) -> Vec<usize> {
        let name = path.iter().rev().nth(1);
        let models = self.found.models.iter().filter(|(it, _)| Some(&it.name) == name);
        models.flat_map(|(it, names)| names.tables(&self.found.tables, &it.table)).collect()
    }

    /// Reads all columns of them.
    fn all_of_model(&mut self, path: &[String]) {
        self.of_model(path).into_iter().for_each(|it| self.found.of(it).take_all());
    }

    /// The column that an expression is.
    fn column(&self, expression: &Expr) -> Option<(usize, usize)> {
        let Expr::Path(path) = expression else { return None };
        match self.names.meanings(&self.found.tables, &steps(&path.path))[..] {
            [Meaning::Column(table, column)] => Some((table, column)),
            _ => None,
        }
    }

    /// Whether an expression begins with a table.
    fn names_a_table(&self, expression: &Expr) -> bool {
        match expression {
            Expr::MethodCall(call) => self.names_a_table(&call.receiver),
            Expr::Reference(inner) => self.names_a_table(&inner.expr),
            Expr::Paren(inner) => self.names_a_table(&inner.expr),
            Expr::Path(path) => {
                let meanings = self.names.meanings(&self.found.tables, &steps(&path.path));
                meanings.iter().any(|it| matches!(it, Meaning::Table(_)))
            }
            _ => false,
        }
    }

    /// Whether a statement that writes here returns whole rows.
    fn reads_back(&self) -> bool {
        for frame in self.frames.iter().rev() {
            match frame {
                Frame::Receiver(method) if method == "execute" || method == "returning" => {
                    return false;
                }
                Frame::Receiver(_) => {}
                _ => break,
            }
        }
        true
    }
}

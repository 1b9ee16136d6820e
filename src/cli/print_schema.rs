//! `glowplug print-schema`: Diesel's command, flag by flag.

use std::{collections::BTreeMap, ops::Bound, path::PathBuf};

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    builder::{PossibleValuesParser, ValueParser},
};

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::Output,
        schema::{ResultOf, printer, say},
        settings::Settings,
    },
    render::failure::CliError,
    replay::schema::Source,
    schema_rs::{
        PrintSchema, PrintSchemas,
        config::{ColumnSorting, DEFAULT_KEY, Docs, Filter, Pattern, SameQuery},
    },
};

/// Prints schema.rs to stdout, as `diesel print-schema` does.
///
/// Where diesel.toml has several `[print_schema.KEY]`, a flag belongs to the `--schema-key` before it.
#[derive(Debug, Clone)]
pub(super) struct PrintSchemaCommand {
    /// The values of each argument, by their place on the command line.
    given: BTreeMap<&'static str, BTreeMap<usize, String>>,
    compat: Option<ResultOf>,
}

const VALUES: [&str; 13] = [
    "schema",
    "table-name",
    "only-tables",
    "except-tables",
    "with-docs",
    "with-docs-config",
    "allow-tables-to-appear-in-same-query-config",
    "column-sorting",
    "patch-file",
    "import-types",
    "no-generate-missing-sql-type-definitions",
    "except-custom-type-definitions",
    "custom-type-derives",
];
const DOMAINS: &str = "pg-domains-as-custom-types";
const SCHEMA_KEY: &str = "schema-key";

impl clap::Args for PrintSchemaCommand {
    fn augment_args(command: Command) -> Command {
        let flag = |name: &'static str, help: &'static str| {
            Arg::new(name)
                .long(name)
                .help(help)
                .action(ArgAction::Append)
                .num_args(0)
                .default_missing_value("true")
        };
        let value = |name: &'static str, help: &'static str| {
            Arg::new(name).long(name).help(help).action(ArgAction::Append).num_args(1)
        };
        let one_of =
            |values: Vec<&'static str>| -> ValueParser { PossibleValuesParser::new(values).into() };
        command
            .arg(value("schema", "The schema to print").short('s').value_name("SCHEMA"))
            .arg(
                Arg::new("table-name")
                    .help("Regular expressions for --only-tables or --except-tables")
                    .action(ArgAction::Append)
                    .num_args(1..),
            )
            .arg(flag("only-tables", "Print only tables that match a TABLE-NAME").short('o'))
            .arg(flag("except-tables", "Print only tables that match no TABLE-NAME").short('e'))
            .arg(flag("with-docs", "Write doc comments: the database's, or a generated sentence"))
            .arg(
                value("with-docs-config", "Which doc comments to write")
                    .value_parser(one_of(Docs::MODES.map(|(name, _)| name).to_vec())),
            )
            .arg(
                value(
                    "allow-tables-to-appear-in-same-query-config",
                    "Which tables may appear in one query",
                )
                .value_parser(one_of(vec![
                    "fk_related_tables",
                    "all_tables",
                    "none",
                ])),
            )
            .arg(
                value("column-sorting", "The order of columns")
                    .value_parser(one_of(vec!["ordinal_position", "name"])),
            )
            .arg(value("patch-file", "A unified diff to apply to the output").value_name("FILE"))
            .arg(
                value("import-types", "Paths that every table imports; may be repeated")
                    .value_name("PATH"),
            )
            .arg(flag(
                "no-generate-missing-sql-type-definitions",
                "Do not define types that Diesel does not have",
            ))
            .arg(
                value(
                    "except-custom-type-definitions",
                    "Types not to define, by regular expression",
                )
                .num_args(1..)
                .value_name("REGEX"),
            )
            .arg(
                value("custom-type-derives", "Traits that defined types derive; may be repeated")
                    .value_name("TRAIT"),
            )
            .arg(value(DOMAINS, "Domains to define as types; may be repeated").value_name("REGEX"))
            .arg(
                value(SCHEMA_KEY, "The settings that the following flags change").value_name("KEY"),
            )
            .arg(
                flag("sqlite-integer-primary-key-is-bigint", "For SQLite; has no effect")
                    .hide(true),
            )
            .arg(
                Arg::new("compat")
                    .long("compat")
                    .value_parser(clap::value_parser!(ResultOf))
                    .help("Which result to print where Diesel's is wrong"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for PrintSchemaCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = BTreeMap::new();
        for name in VALUES.into_iter().chain([DOMAINS, SCHEMA_KEY]) {
            let indices = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            let of_name: BTreeMap<usize, String> = indices.zip(values.cloned()).collect();
            given.insert(name, of_name);
        }
        Ok(Self { given, compat: matches.get_one("compat").copied() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl PrintSchemaCommand {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let mut printer = printer(&settings, self.compat)?;
        self.apply(&mut printer.schemas, output)?;
        let (files, notes) = block_on(async |stop| {
            let endpoint = settings.endpoint("print-schema", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            let catalog = Source::Database(&endpoint).catalog(&mut watch).await?;
            printer.print(&catalog).map_err(CliError::from)
        })?;
        say(&notes, output);
        output.texts(files.into_iter().map(|file| (file.key, file.text)));
        Ok(Exit::Done)
    }

    /// Applies the flags on top of the settings.
    fn apply(&self, schemas: &mut PrintSchemas, output: &Output) -> Result<(), CliError> {
        let keys = &self.given[SCHEMA_KEY];
        if !schemas.several {
            let everywhere = (Bound::Unbounded, Bound::Unbounded);
            let config = schemas.all.entry(DEFAULT_KEY.to_owned()).or_default();
            return self.apply_to(config, everywhere);
        }
        let first = keys.keys().next().copied().unwrap_or(usize::MAX);
        let early = VALUES.iter().find(|name| self.given[**name].keys().any(|at| *at < first));
        if let Some(name) = early {
            output.talk(&format!(
                "note: {name} has no effect: diesel.toml has several [print_schema.KEY], and a flag belongs to the --schema-key before it"
            ));
        }
        for (at, key) in keys {
            let next = keys.range((Bound::Excluded(*at), Bound::Unbounded)).next();
            let end = next.map_or(Bound::Unbounded, |(next, _)| Bound::Excluded(*next));
            let Some(config) = schemas.all.get_mut(key) else {
                let known = schemas.all.keys().cloned().collect::<Vec<_>>().join(", ");
                return Err(CliError::Cannot {
                    what: format!("diesel.toml has no [print_schema.{key}]"),
                    help: format!("It has: {known}."),
                });
            };
            self.apply_to(config, (Bound::Included(*at), end))?;
        }
        Ok(())
    }

    fn apply_to(
        &self,
        config: &mut PrintSchema,
        range: (Bound<usize>, Bound<usize>),
    ) -> Result<(), CliError> {
        let list = |name: &str| -> Vec<String> {
            let values = self.given[name].range(range);
            values.map(|(_, value)| value.clone()).collect()
        };
        // of a repeated flag, Diesel takes the first
        let first = |name: &str| list(name).into_iter().next();
        let is_set = |name: &str| first(name).is_some();
        let tables = patterns("a table name", list("table-name"))?;
        if is_set("only-tables") {
            config.filter = Filter::Only(tables);
        } else if is_set("except-tables") {
            config.filter = Filter::Except(tables);
        }
        if let Some(schema) = first("schema") {
            config.schema = Some(schema);
        }
        if is_set("with-docs") {
            config.with_docs = Docs::CommentsOrGenerated;
        }
        if let Some(mode) = first("with-docs-config") {
            let known = Docs::MODES.into_iter().find(|(name, _)| *name == mode);
            config.with_docs = known.map_or(config.with_docs, |(_, docs)| docs);
        }
        match first("allow-tables-to-appear-in-same-query-config").as_deref() {
            Some("fk_related_tables") => {
                config.allow_tables_to_appear_in_same_query_config = SameQuery::FkRelatedTables;
            }
            Some("all_tables") => {
                config.allow_tables_to_appear_in_same_query_config = SameQuery::AllTables;
            }
            Some(_) => config.allow_tables_to_appear_in_same_query_config = SameQuery::None,
            None => {}
        }
        match first("column-sorting").as_deref() {
            Some("name") => config.column_sorting = ColumnSorting::Name,
            Some(_) => config.column_sorting = ColumnSorting::OrdinalPosition,
            None => {}
        }
        if let Some(file) = first("patch-file") {
            config.patch_file = Some(PathBuf::from(file));
        }
        if is_set("import-types") {
            config.import_types = Some(list("import-types"));
        }
        if is_set("no-generate-missing-sql-type-definitions") {
            config.generate_missing_sql_type_definitions = Some(false);
        }
        if is_set("except-custom-type-definitions") {
            let list = list("except-custom-type-definitions");
            config.except_custom_type_definitions =
                patterns("--except-custom-type-definitions", list)?;
        }
        if is_set("custom-type-derives") {
            config.custom_type_derives = Some(list("custom-type-derives"));
        }
        if is_set(DOMAINS) {
            config.pg_domains_as_custom_types = patterns(&format!("--{DOMAINS}"), list(DOMAINS))?;
        }
        Ok(())
    }
}

fn patterns(from: &str, texts: Vec<String>) -> Result<Vec<Pattern>, CliError> {
    let pattern = |text: String| {
        text.parse().map_err(|error| CliError::Cannot {
            what: format!("{from}: `{text}` is not a regular expression: {error}"),
            help: "The syntax is that of the regex crate; write \\. for a dot.".into(),
        })
    };
    texts.into_iter().map(pattern).collect()
}

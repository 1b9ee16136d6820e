//! The settings of `[print_schema]` in diesel.toml: Diesel's keys with Diesel's meaning.
//!
//! Source: <https://diesel.rs/guides/configuring-diesel-cli>

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

/// How one file is printed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PrintSchema {
    /// The file that is written after each change of the database.
    pub file: Option<PathBuf>,
    /// Which doc comments it gets.
    pub with_docs: Docs,
    /// Which tables are listed in `allow_tables_to_appear_in_same_query!`.
    pub allow_tables_to_appear_in_same_query_config: SameQuery,
    /// Which tables are printed.
    pub filter: Filter,
    /// The order of columns.
    pub column_sorting: ColumnSorting,
    /// The schema; `public` without a module around it if none is named.
    pub schema: Option<String>,
    /// A unified diff that is applied to the text.
    pub patch_file: Option<PathBuf>,
    /// What every `table!` imports, instead of `diesel::sql_types::*`.
    pub import_types: Option<Vec<String>>,
    /// Whether types that Diesel does not know are defined in the file. Default: yes.
    pub generate_missing_sql_type_definitions: Option<bool>,
    /// Types that are not defined in the file, by their Rust name.
    pub except_custom_type_definitions: Vec<Pattern>,
    /// What the defined types derive, beside `SqlType`.
    pub custom_type_derives: Option<Vec<String>>,
    /// Of SQLite; accepted and without effect.
    pub sqlite_integer_primary_key_is_bigint: Option<bool>,
    /// Domains that are types of their own instead of the type below them.
    pub pg_domains_as_custom_types: Vec<Pattern>,
}

/// Which doc comments are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Docs {
    /// None.
    #[default]
    None,
    /// Comments of the database.
    Comments,
    /// Comments of the database, and a sentence where there is none.
    CommentsOrGenerated,
}

/// Which tables are listed in `allow_tables_to_appear_in_same_query!`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SameQuery {
    /// Those that foreign keys connect, group by group.
    FkRelatedTables,
    /// All of them.
    #[default]
    AllTables,
    /// None.
    None,
}

/// The order of columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ColumnSorting {
    /// As in the table.
    #[default]
    OrdinalPosition,
    /// By name.
    Name,
}

/// Which tables are printed.
#[derive(Debug, Clone, Default)]
pub(crate) enum Filter {
    /// Those that match one of these.
    Only(Vec<Pattern>),
    /// Those that match none of these.
    Except(Vec<Pattern>),
    /// All.
    #[default]
    All,
}

impl Filter {
    /// Whether it says which tables there are.
    pub(super) fn names_tables(&self) -> bool {
        matches!(self, Self::Only(_))
    }
}

/// A regular expression that may match anywhere in a name.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(regex::Regex);

/// All files that are printed, by the key of their settings.
#[derive(Debug, Clone)]
pub(crate) struct PrintSchemas {
    /// Whether there are tables `[print_schema.KEY]`.
    pub several: bool,
    /// The settings; `default` are those of `[print_schema]` itself.
    pub all: BTreeMap<String, PrintSchema>,
}

/// The key of the settings that stand in `[print_schema]` itself.
pub(crate) const DEFAULT_KEY: &str = "default";

impl Default for PrintSchemas {
    fn default() -> Self {
        Self { several: false, all: [(DEFAULT_KEY.to_owned(), PrintSchema::default())].into() }
    }
}

impl PrintSchema {
    /// The schema that is printed.
    #[must_use]
    pub(crate) fn schema_name(&self) -> &str {
        self.schema.as_deref().unwrap_or("public")
    }

    /// What the defined types derive.
    #[must_use]
    pub(crate) fn derives(&self) -> Vec<String> {
        const SQL_TYPE: &str = "diesel::sql_types::SqlType";
        let mut derives = self.custom_type_derives.clone().unwrap_or_default();
        if !derives.iter().any(|it| it == SQL_TYPE) {
            derives.push(SQL_TYPE.to_owned());
        }
        derives
    }
}

impl Filter {
    /// Whether a table of this name is printed.
    #[must_use]
    pub(crate) fn admits(&self, name: &str) -> bool {
        match self {
            Self::Only(list) => matches_any(list, name),
            Self::Except(list) => !matches_any(list, name),
            Self::All => true,
        }
    }
}

/// Whether one of the patterns matches somewhere in the text.
#[must_use]
pub(crate) fn matches_any(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|Pattern(it)| it.is_match(text))
}

impl FromStr for Pattern {
    type Err = regex::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        regex::Regex::new(text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl Docs {
    /// The modes by name.
    pub(crate) const MODES: [(&'static str, Self); 3] = [
        ("database-comments-fallback-to-auto-generated-doc-comment", Self::CommentsOrGenerated),
        ("only-database-comments", Self::Comments),
        ("no-doc-comments", Self::None),
    ];
}

impl<'de> Deserialize<'de> for Docs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Text {
            Flag(bool),
            Mode(String),
        }
        match Text::deserialize(deserializer)? {
            Text::Flag(true) => Ok(Self::CommentsOrGenerated),
            Text::Flag(false) => Ok(Self::None),
            Text::Mode(mode) => {
                let known = Self::MODES.into_iter().find(|(name, _)| *name == mode);
                known.map(|(_, docs)| docs).ok_or_else(|| {
                    let names = Self::MODES.map(|(name, _)| name).join("`, `");
                    D::Error::custom(format!(
                        "`with_docs` is true, false, or one of `{names}`, not `{mode}`"
                    ))
                })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Lists {
            only_tables: Option<Vec<Pattern>>,
            except_tables: Option<Vec<Pattern>>,
        }
        match Lists::deserialize(deserializer)? {
            Lists { only_tables: Some(_), except_tables: Some(_) } => {
                Err(D::Error::custom("`filter` has `only_tables` or `except_tables`, not both"))
            }
            Lists { only_tables: Some(list), .. } => Ok(Self::Only(list)),
            Lists { except_tables: Some(list), .. } => Ok(Self::Except(list)),
            _ => Ok(Self::All),
        }
    }
}

impl<'de> Deserialize<'de> for PrintSchemas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PrintSchemasVisitor)
    }
}

struct PrintSchemasVisitor;

impl<'de> Visitor<'de> for PrintSchemasVisitor {
    type Value = PrintSchemas;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table [print_schema]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PrintSchemas, A::Error> {
        let mut own = PrintSchema::default();
        let mut all = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "file" => own.file = map.next_value()?,
                "with_docs" => own.with_docs = map.next_value()?,
                "allow_tables_to_appear_in_same_query_config" => {
                    own.allow_tables_to_appear_in_same_query_config = map.next_value()?;
                }
                "filter" => own.filter = map.next_value()?,
                "column_sorting" => own.column_sorting = map.next_value()?,
                "schema" => own.schema = map.next_value()?,
                "patch_file" => own.patch_file = map.next_value()?,
                "import_types" => own.import_types = map.next_value()?,
                "generate_missing_sql_type_definitions" => {
                    own.generate_missing_sql_type_definitions = map.next_value()?;
                }
                "except_custom_type_definitions" => {
                    own.except_custom_type_definitions = map.next_value()?;
                }
                "custom_type_derives" => own.custom_type_derives = map.next_value()?,
                "sqlite_integer_primary_key_is_bigint" => {
                    own.sqlite_integer_primary_key_is_bigint = map.next_value()?;
                }
                "pg_domains_as_custom_types" => {
                    own.pg_domains_as_custom_types = map.next_value()?;
                }
                _ => {
                    let Named(settings) = map.next_value()?;
                    let Some(settings) = settings else {
                        let text = format!("[print_schema] has no key `{key}`");
                        return Err(A::Error::custom(text));
                    };
                    all.insert(key, settings);
                }
            }
        }
        let several = !all.is_empty();
        all.entry(DEFAULT_KEY.to_owned()).or_insert(own);
        Ok(PrintSchemas { several, all })
    }
}

/// The settings of `[print_schema.KEY]`; none where the key holds anything but a table.
struct Named(Option<PrintSchema>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor;
        impl<'de> Visitor<'de> for NamedVisitor {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
                let table = serde::de::value::MapAccessDeserializer::new(map);
                PrintSchema::deserialize(table).map(|settings| Named(Some(settings)))
            }

            fn visit_str<E>(self, _: &str) -> Result<Named, E> {
                Ok(Named(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Named, E> {
                Ok(Named(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Named, E> {
                Ok(Named(None))
            }

            fn visit_seq<A>(self, _: A) -> Result<Named, A::Error>
            where
                A: serde::de::SeqAccess<'de>,
            {
                Ok(Named(None))
            }
        }
        deserializer.deserialize_any(NamedVisitor)
    }
}

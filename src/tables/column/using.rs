//! How a value of one type becomes one of another, where `USING` has to say so.
//!
//! Text leads from nearly any type to nearly any other in the eyes of PostgreSQL, which then refuses the values: so it is taken only
//! where some value passes. Where there is no way, the author of the migration has to know one.

mod casts;

use self::casts::{CASTS, FAMILIES, RANGES, SHAPES, STRINGS};
use super::base::Base;
use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    tables::names,
    words::ident::Ident,
};

/// How the values of a column become others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// PostgreSQL knows it.
    Assigned,
    /// A cast, once or several times.
    Cast(String),
    /// Through their text.
    Text,
    /// By an expression.
    By(String),
    /// No value passes.
    None,
}

/// What the texts of a type look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Array,
    Bits,
    Bool,
    Bytes,
    Enum,
    /// Any text may be one of its values, for all that is known here.
    Free,
    Interval,
    Json,
    Mac,
    Moment,
    Money,
    Net,
    Number,
    /// hstore.
    Pairs,
    Range,
    Multirange,
    Row,
    Shape,
    Text,
    Time,
    Uuid,
}

/// What is known of both ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) major: u32,
    pub(super) from: Base<'c>,
    pub(super) to: Base<'c>,
    /// The name of the column, and the new type as it is written.
    pub(super) column: &'c str,
    pub(super) new: &'c str,
}

impl Ends<'_> {
    /// The expression of a way.
    pub(super) fn text(&self, way: &Way) -> Option<String> {
        let (x, new) = (Ident(self.column), self.new);
        match way {
            Way::Assigned | Way::None => None,
            Way::Cast(through) => Some(format!("{x}{through}::{new}")),
            Way::Text => Some(format!("{x}::text::{new}")),
            Way::By(text) => Some(text.clone()),
        }
    }

    /// How values get from one end to the other.
    pub(super) fn way(&self) -> Way {
        use Class::{
            Array, Bits, Bool, Bytes, Enum, Free, Interval, Json, Moment, Money, Multirange, Net,
            Number, Pairs, Range, Row, Shape, Text, Time, Uuid,
        };
        let (from, to) = (self.class(self.from), self.class(self.to));
        let (x, new) = (Ident(self.column), self.new);
        let cast = || Way::Cast(String::new());
        let by = |expression: String, of_type: &str| {
            let is_new = new == of_type;
            Way::By(if is_new { expression } else { format!("({expression})::{new}") })
        };
        let is = |base: Base<'_>, name: &str| base.is_built_in(&[name]);
        let utc = |of: &str| format!("{of} AT TIME ZONE 'UTC'");
        match (from, to) {
            _ if is_own_cast(self.catalog, self.from, self.to) => cast(),
            (Bytes, Text) => by(format!("convert_from({x}, 'UTF8')"), "text"),
            (Text, Bytes) => by(format!("convert_to({x}, 'UTF8')"), "bytea"),
            // not with the /32 of a cast
            (Net, Text) if is(self.from, "inet") => by(format!("abbrev({x})"), "text"),
            // the other way round of what becomes of text: a list of one is what it holds
            (Array, Text) => {
                let is_one = format!("cardinality({x}) = 1 AND {x}[1]::text NOT LIKE '{{%'");
                by(format!("CASE WHEN {is_one} THEN {x}[1]::text ELSE {x}::text END"), new)
            }
            _ if self.is_assigned() => Way::Assigned,
            (Json | Pairs, Json) => cast(),
            // a JSON array is read as a list of the one type in the system catalogs that has room for it
            (Json, Array) => {
                let json = self.from.name;
                let row = format!("{json}_build_object('reloptions', {x})");
                by(
                    format!(
                        "({json}_populate_record(NULL::pg_catalog.pg_class, {row})).reloptions"
                    ),
                    "text[]",
                )
            }
            (Json, Row) => by(format!("{}_populate_record(NULL::{new}, {x})", self.from.name), new),
            (Pairs, Row) => {
                by(format!("{}.populate_record(NULL::{new}, {x})", Ident(self.from.schema)), new)
            }
            // what it is made of are pairs, which no text of another type is
            (Pairs, other) | (other, Pairs) if !matches!(other, Text | Bytes | Pairs | Array) => {
                Way::None
            }
            (Json, _) if to != Bytes => by(format!("{x} #>> '{{}}'"), "text"),
            (Text, Json) => cast(),
            (_, Json) => by(format!("to_{}({x})", self.to.name), self.to.name),
            _ if self.is_cast() => cast(),
            (Uuid, Bytes) => by(format!("uuid_send({x})"), "bytea"),
            (Bytes, Uuid) => by(format!("encode({x}, 'hex')"), "text"),
            (Bytes, _) => by(format!("convert_from({x}, 'UTF8')"), "text"),
            (_, Bytes) => by(format!("convert_to({x}::text, 'UTF8')"), "bytea"),
            (Array, Array) => match self.elements().through() {
                Some(through) if through.is_empty() => cast(),
                Some(through) => Way::Cast(format!("{through}[]")),
                None => Way::None,
            },
            (Text, Array) => self.listed_text(),
            (Text, _) => cast(),
            (Free, _) | (_, Free) if from != Array && to != Array => Way::Text,
            (_, Array) => match self.elements().through() {
                Some(through) => Way::By(format!(
                    "CASE WHEN {x} IS NOT NULL THEN ARRAY[{x}{through}]::{new} END"
                )),
                None => Way::None,
            },
            // the text of more than one is refused
            (Array, _) => match self.elements().through() {
                Some(through) => Way::By(format!(
                    "CASE WHEN cardinality({x}) > 1 THEN {x}::text::{new} ELSE {x}[1]{through}::{new} END"
                )),
                None => Way::None,
            },
            (Bool, Number) => Way::Cast("::integer".to_owned()),
            (Number, Bool) => by(format!("{x} <> 0"), "boolean"),
            (Number, Money) | (Money, Number) => Way::Cast("::numeric".to_owned()),
            (Number, Moment) if is(self.to, "timestamptz") => {
                by(format!("to_timestamp({x})"), "timestamp with time zone")
            }
            (Number, Moment) => {
                by(utc(&format!("to_timestamp({x})")), "timestamp without time zone")
            }
            (Number, Interval) => by(format!("make_interval(secs => {x})"), "interval"),
            (Number, Time) if is(self.to, "timetz") => by(
                format!("'00:00+00'::timetz + make_interval(secs => {x})"),
                "time with time zone",
            ),
            (Number, Time) => {
                by(format!("'00:00'::time + make_interval(secs => {x})"), "time without time zone")
            }
            (Moment | Interval | Time, Number) => by(format!("extract(epoch FROM {x})"), "numeric"),
            (Time, Interval) => Way::Cast("::time".to_owned()),
            (Number, Bits) if is(self.from, "int2") && is(self.to, "bit") => {
                Way::Cast("::integer".to_owned())
            }
            (Bits, Number) if is(self.from, "bit") => Way::Cast("::bigint".to_owned()),
            (Moment, Time) if !is(self.from, "date") => Way::Text,
            (Range, Multirange) => {
                match self.to.name == self.from.name.replace("range", "multirange") {
                    true => cast(),
                    false => Way::None,
                }
            }
            (Multirange, Range) => {
                match self.from.name == self.to.name.replace("range", "multirange") {
                    true => by(format!("range_merge({x})"), new),
                    false => Way::None,
                }
            }
            // their texts have more than digits
            (Money | Interval, Enum) => Way::None,
            (Enum, Enum) if self.shares_label() => Way::Text,
            (Enum, Enum) => Way::None,
            (Enum, other) if self.has_label(self.from, other) => Way::Text,
            (other, Enum) if self.has_label(self.to, other) => Way::Text,
            (Shape, Shape) => listed(&SHAPES, self.from, self.to),
            (Range | Multirange, _) if from == to => {
                let bare = |name: &str| name.replace("multi", "");
                let (one, two) = (bare(self.from.name), bare(self.to.name));
                let alike = RANGES
                    .iter()
                    .any(|all| all.contains(&one.as_str()) && all.contains(&two.as_str()));
                if alike { Way::Text } else { Way::None }
            }
            (Number, Bits) | (Bits, Number) | (Interval, Time) => Way::Text,
            _ if from == to => Way::Text,
            _ => Way::None,
        }
    }

    /// Text as a list: that of one is a list already, any other is its only element.
    fn listed_text(&self) -> Way {
        let (x, new) = (Ident(self.column), self.new);
        let one = Self { new: new.strip_suffix("[]").unwrap_or_default(), ..self.elements() };
        let way = one.way();
        if way == Way::None || one.new.is_empty() && way != Way::Assigned {
            // a domain has no name for its elements
            return if way == Way::None { way } else { Way::Cast(String::new()) };
        }
        // its elements are texts: they are assigned, so that those that are too long are refused
        let list = if way == Way::Assigned { "text[]" } else { new };
        let element = one.text(&way).unwrap_or_else(|| x.to_string());
        // what begins like a list may be an element, too
        let is_list = match one.class(one.to) {
            Class::Json | Class::Multirange => String::new(),
            _ => format!("WHEN {x} LIKE '{{%' THEN {x}::{list} "),
        };
        let is_one = format!("WHEN {x} IS NOT NULL THEN ARRAY[{element}]::{list}");
        Way::By(format!("CASE {is_list}{is_one} END"))
    }

    /// The same of what arrays hold.
    fn elements(&self) -> Self {
        let bare = |base| Base { is_array: false, ..base };
        Self { from: bare(self.from), to: bare(self.to), ..*self }
    }

    /// What stands between a value and its last cast, where casts lead all the way.
    fn through(&self) -> Option<String> {
        match self.way() {
            Way::Assigned => Some(String::new()),
            Way::Cast(through) => Some(through),
            Way::Text => Some("::text".to_owned()),
            // the text is right, too, if not for all values
            Way::By(_)
                if self.class(self.from) == Class::Number
                    && matches!(self.class(self.to), Class::Bool | Class::Interval) =>
            {
                Some("::text".to_owned())
            }
            Way::By(_) | Way::None => None,
        }
    }

    /// Whether the value can be assigned as it is. One of another length of bits cannot.
    fn is_assigned(&self) -> bool {
        let (from, to) = (self.from, self.to);
        if from == to {
            return !to.is_built_in(&["bit"]);
        }
        if to.is_built_in(STRINGS) && (from.is_array == to.is_array || !to.is_array) {
            return true;
        }
        from.is_array == to.is_array
            && FAMILIES.iter().any(|family| from.is_built_in(family) && to.is_built_in(family))
            && !to.is_built_in(&["bit"])
    }

    /// Whether a cast leads straight from one to the other.
    fn is_cast(&self) -> bool {
        let (from, to) = (self.from, self.to);
        if from == to {
            return true;
        }
        if from.is_array != to.is_array {
            return false;
        }
        let is_listed = listed(&CASTS, from, to) == Way::Text;
        // whole numbers and bytes have known each other since 18
        let is_listed = is_listed
            && (self.major >= 18 || !(from.is_built_in(&["bytea"]) || to.is_built_in(&["bytea"])));
        let is_bits = from.is_built_in(&["bit", "varbit"]) && to.is_built_in(&["bit"]);
        is_listed || is_bits
    }

    /// The labels of an enum.
    fn labels(&self, of: Base<'_>) -> Vec<String> {
        let key = Key::new(ObjectKind::Enum, &[of.schema, of.name]);
        let fact = self.catalog.get(&key);
        fact.map(|it| it.list(Attribute::Labels)).unwrap_or_default()
    }

    fn shares_label(&self) -> bool {
        let to = self.labels(self.to);
        self.labels(self.from).iter().any(|it| to.contains(it))
    }

    /// Whether a label of an enum may be a value of another type.
    fn has_label(&self, of: Base<'_>, other: Class) -> bool {
        const BOOLS: [&str; 10] = ["true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"];
        self.labels(of).iter().any(|label| match other {
            Class::Bool => BOOLS.contains(&label.to_lowercase().as_str()),
            Class::Number | Class::Money | Class::Interval => label.parse::<f64>().is_ok(),
            _ => false,
        })
    }

    /// What the texts of a type look like.
    fn class(&self, base: Base<'_>) -> Class {
        const CLASSES: [(Class, &[&str]); 17] = [
            (Class::Bits, &["bit", "varbit"]),
            (Class::Bool, &["bool"]),
            (Class::Bytes, &["bytea"]),
            (Class::Interval, &["interval"]),
            (Class::Json, &["json", "jsonb"]),
            (Class::Mac, &["macaddr", "macaddr8"]),
            (Class::Moment, &["date", "timestamp", "timestamptz"]),
            (Class::Money, &["money"]),
            (Class::Net, &["inet", "cidr"]),
            (Class::Number, FAMILIES[0]),
            (Class::Range, RANGES[0]),
            (Class::Range, RANGES[1]),
            (
                Class::Multirange,
                &[
                    "int4multirange",
                    "int8multirange",
                    "nummultirange",
                    "datemultirange",
                    "tsmultirange",
                    "tstzmultirange",
                ],
            ),
            (Class::Shape, &["point", "line", "lseg", "box", "path", "polygon", "circle"]),
            (Class::Text, STRINGS),
            (Class::Time, &["time", "timetz"]),
            (Class::Uuid, &["uuid"]),
        ];
        if base.is_array {
            return Class::Array;
        }
        let is_there =
            |kind| self.catalog.get(&Key::new(kind, &[base.schema, base.name])).is_some();
        let is_pairs = base.name == "hstore" && base.schema != "pg_catalog";
        let own = [
            (Class::Enum, ObjectKind::Enum),
            (Class::Row, ObjectKind::Composite),
            (Class::Row, ObjectKind::Relation),
        ];
        let known = CLASSES.iter().find(|(_, names)| base.is_built_in(names));
        let known = known.map(|(class, _)| *class);
        let own = own.iter().find(|(_, kind)| is_there(*kind));
        let other = if is_pairs { Class::Pairs } else { Class::Free };
        known.or(own.map(|(class, _)| *class)).unwrap_or(other)
    }
}

/// Whether a pair stands in a list.
fn listed(list: &[(&str, &[&str])], from: Base<'_>, to: Base<'_>) -> Way {
    let found =
        list.iter().any(|(name, others)| from.is_built_in(&[*name]) && to.is_built_in(others));
    if found { Way::Text } else { Way::None }
}

/// Whether the database has a cast of its own.
fn is_own_cast(catalog: &Catalog, from: Base<'_>, to: Base<'_>) -> bool {
    if from.is_array || to.is_array {
        return false;
    }
    let is_end = |text: &str, base: Base<'_>| match names::split(text) {
        Some((schema, name)) => schema == base.schema && name == base.name,
        None => base.schema == "pg_catalog" && format_name(base.name) == text,
    };
    catalog
        .of_kind(ObjectKind::Cast)
        .any(|(key, _)| is_end(key.part(0), from) && is_end(key.part(1), to))
}

/// What format_type calls a built-in type.
fn format_name(name: &str) -> &str {
    match name {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "bool" => "boolean",
        "varchar" => "character varying",
        "bpchar" => "character",
        "varbit" => "bit varying",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        other => other,
    }
}

//! Which values Diesel can decode for an SQL type that it was compiled with.
//!
//! The server's type is not looked at when a program reads: the bytes are taken for those of the type in schema.rs. So a statement
//! that can be prepared may still fail when its rows arrive, or, worse, read other values than are there.
//!
//! Source: <https://docs.diesel.rs/2.3.x/diesel/deserialize/trait.FromSql.html>, and PostgreSQL's send functions.

use crate::compat::program::{PG_CATALOG, Type};

/// What becomes of values of one type that are read as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decoded {
    /// What they are.
    Right,
    /// That depends on the value.
    Maybe,
    /// The program reports an error, or reads another value without one.
    Wrong,
}

/// What is known of the time zone in which types of times are converted, and in which programs write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    /// It is UTC: a timestamp and a timestamptz have the same bytes.
    Utc,
    /// Nothing.
    #[default]
    Unknown,
    /// It is another one, or the migrations change it.
    Other,
}

/// Types whose bytes are those of a text.
const TEXTS: [&str; 6] = ["text", "varchar", "bpchar", "name", "citext", "unknown"];

/// Types whose bytes are a text of a certain form.
const FORMED: [&str; 2] = ["json", "xml"];

/// What becomes of values of the type `sent` that are read as `wanted`. `is_enum` tells whether the values sent are labels.
pub(super) fn decoded(wanted: &Type, sent: &Type, is_enum: bool, zone: Zone) -> Decoded {
    if wanted.is_array != sent.is_array {
        return Decoded::Wrong;
    }
    let (from, to) = (base(sent), base(wanted));
    if from == to || wanted.name == sent.name && wanted.schema != PG_CATALOG {
        return Decoded::Right;
    }
    let is_text = |name: Option<&str>| name.is_some_and(|it| TEXTS.contains(&it));
    let is_formed = |name: Option<&str>| name.is_some_and(|it| FORMED.contains(&it));
    match (to, from) {
        (to, from) if is_text(to) && (is_text(from) || is_formed(from) || is_enum) => {
            Decoded::Right
        }
        (Some("timestamp"), Some("timestamptz")) | (Some("timestamptz"), Some("timestamp")) => {
            match zone {
                Zone::Utc => Decoded::Right,
                Zone::Unknown => Decoded::Maybe,
                Zone::Other => Decoded::Wrong,
            }
        }
        // a type of the project's own, such as an enum: its labels are texts
        (None, from) if is_enum || is_text(from) => Decoded::Maybe,
        (to, from) if is_formed(to) && is_text(from) => Decoded::Maybe,
        _ => Decoded::Wrong,
    }
}

/// The name of a type that PostgreSQL or Diesel has; none for one of the project's own.
fn base(tpe: &Type) -> Option<&str> {
    let is_known = tpe.schema == PG_CATALOG || tpe.name == "citext";
    is_known.then_some(match tpe.name.as_str() {
        // Diesel knows one type of text
        "varchar" | "bpchar" | "char" => "text",
        name => name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str) -> Type {
        Type { schema: PG_CATALOG.into(), name: name.into(), is_array: false }
    }

    #[test]
    fn bytes_decide_what_is_read() {
        let read = |wanted: &str, sent: &str| decoded(&own(wanted), &own(sent), false, Zone::Other);
        assert_eq!(read("text", "varchar"), Decoded::Right);
        assert_eq!(read("int4", "int8"), Decoded::Wrong);
        assert_eq!(read("int4", "float4"), Decoded::Wrong);
        assert_eq!(read("text", "json"), Decoded::Right);
        assert_eq!(read("text", "jsonb"), Decoded::Wrong);
        assert_eq!(read("jsonb", "json"), Decoded::Wrong);
        assert_eq!(read("timestamp", "timestamptz"), Decoded::Wrong);
        for (zone, read) in [(Zone::Utc, Decoded::Right), (Zone::Unknown, Decoded::Maybe)] {
            assert_eq!(decoded(&own("timestamp"), &own("timestamptz"), false, zone), read);
            assert_eq!(decoded(&own("timestamptz"), &own("timestamp"), false, zone), read);
        }
        let mood = Type { schema: "public".into(), name: "mood".into(), is_array: false };
        assert_eq!(decoded(&own("text"), &mood, true, Zone::Utc), Decoded::Right);
        assert_eq!(decoded(&mood, &own("text"), false, Zone::Utc), Decoded::Maybe);
        let array = Type { is_array: true, ..own("int4") };
        assert_eq!(decoded(&own("int4"), &array, false, Zone::Utc), Decoded::Wrong);
    }
}

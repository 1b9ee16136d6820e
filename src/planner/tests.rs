//! Catalogs in, statements out: no server is needed for what a statement says of itself.

use super::*;
use crate::{
    catalog::{Coverage, Fact},
    ddl::{Boundary, Fill, Loss, hazard::Hazard},
};

type Attributes<'a> = &'a [(Attribute, &'a str)];

/// A catalog of a schema `public` with these objects.
fn catalog(objects: &[(ObjectKind, &[&str], Attributes<'_>)]) -> Catalog {
    let mut catalog = Catalog::new(Coverage::all());
    let fact = |attributes: Attributes<'_>| {
        let owner = (Attribute::Owner, Some("me".to_owned()));
        let given = attributes.iter().map(|(name, value)| (*name, Some((*value).to_owned())));
        Fact::of(given.chain([owner]))
    };
    catalog.insert(Key::new(ObjectKind::Schema, &["public"]), fact(&[]));
    for (kind, parts, attributes) in objects {
        let fact = match kind {
            ObjectKind::Column => {
                Fact::of(attributes.iter().map(|(name, value)| (*name, Some((*value).to_owned()))))
            }
            _ => fact(attributes),
        };
        catalog.insert(Key::new(*kind, parts), fact);
    }
    catalog
}

const TABLE: (ObjectKind, &[&str], Attributes<'static>) =
    (ObjectKind::Relation, &["public", "t"], &[(Attribute::Kind, "table")]);

/// A table with one column of a built-in type.
fn table(of_type: &str, name: &str, default: Option<&str>) -> Catalog {
    let mut attributes = vec![
        (Attribute::Position, "1"),
        (Attribute::Type, of_type),
        (Attribute::TypeSchema, "pg_catalog"),
        (Attribute::TypeName, name),
    ];
    attributes.extend(default.map(|it| (Attribute::Default, it)));
    catalog(&[TABLE, (ObjectKind::Column, &["public", "t", "a"], &attributes)])
}

fn planned(from: &Catalog, to: &Catalog) -> Vec<Statement> {
    let target = Target {
        major: 15,
        role: "me",
        online: true,
        batches: true,
        in_one: false,
        portable: false,
    };
    plan(from, to, &target).expect("there is a way")
}

fn said(from: &Catalog, to: &Catalog) -> Vec<(String, Option<Hazard>)> {
    let all = planned(from, to).into_iter();
    all.map(|it| (it.sql(), it.hazard)).collect()
}

#[test]
fn a_literal_hides_no_lock() {
    let bare = catalog(&[TABLE]);
    let with = table("text", "text", Some("'CREATE INDEX CONCURRENTLY VALIDATE CONSTRAINT'::text"));
    let [(sql, hazard)] = said(&bare, &with).try_into().expect("one statement");
    assert!(sql.starts_with("ALTER TABLE \"public\".\"t\" ADD COLUMN \"a\" text"), "{sql}");
    assert_eq!(hazard, Some(Hazard::StopsReads));
}

#[test]
fn a_default_that_differs_from_row_to_row_writes_the_table_anew() {
    let bare = catalog(&[TABLE]);
    let with = table("uuid", "uuid", Some("gen_random_uuid()"));
    assert_eq!(said(&bare, &with)[0].1, Some(Hazard::Rewrites));
}

#[test]
fn a_type_that_takes_more_leaves_the_rows_alone_and_one_that_takes_less_does_not() {
    let hazards = |from: (&str, &str), to: (&str, &str)| {
        let all = said(&table(from.0, from.1, None), &table(to.0, to.1, None));
        all.into_iter().map(|it| it.1).collect::<Vec<_>>()
    };
    let short = ("character varying(10)", "varchar");
    let long = ("character varying(20)", "varchar");
    let precise = ("numeric(10,2)", "numeric");
    for (from, to, hazard) in [
        (short, long, Hazard::StopsReads),
        (long, short, Hazard::Rewrites),
        (long, ("text", "text"), Hazard::StopsReads),
        (("integer", "int4"), ("bigint", "int8"), Hazard::Rewrites),
        (precise, ("numeric(12,2)", "numeric"), Hazard::StopsReads),
        (precise, ("numeric(12,3)", "numeric"), Hazard::Rewrites),
    ] {
        assert_eq!(hazards(from, to), [Some(hazard)], "{from:?} to {to:?}");
    }
}

#[test]
fn what_is_lost_and_what_is_to_be_filled_is_a_value() {
    let full = table("integer", "int4", None);
    let column = Key::new(ObjectKind::Column, &["public", "t", "a"]);
    let dropped = planned(&full, &catalog(&[TABLE]));
    assert_eq!(dropped[0].loses, [Loss::Values(column.clone())]);
    assert_eq!(dropped[0].target, Some(column.clone()));
    let gone = planned(&full, &catalog(&[]));
    let relation = Key::new(ObjectKind::Relation, &["public", "t"]);
    assert_eq!(gone[0].loses, [Loss::Rows(relation)]);
    // nobody can be using what goes
    assert_eq!(gone[0].hazard, None);
    let mut strict = full.clone();
    let fact = strict.get_mut(&column).expect("it is there");
    fact.set(Attribute::NotNull, "true".to_owned());
    let added = planned(&catalog(&[TABLE]), &strict);
    let fills: Vec<&Fill> = added.iter().flat_map(|it| &it.fills).collect();
    assert_eq!(fills, [&Fill::Column { column }]);
}

#[test]
fn a_label_is_added_and_committed() {
    let mood = |labels: &str| {
        let attributes = [(Attribute::Labels, labels)];
        catalog(&[(ObjectKind::Enum, &["public", "mood"], &attributes)])
    };
    let all = planned(&mood(r#"["a","c"]"#), &mood(r#"["a","b","c"]"#));
    assert_eq!(all[0].sql(), r#"ALTER TYPE "public"."mood" ADD VALUE 'b' AFTER 'a'"#);
    assert_eq!(all[0].boundary, Boundary::After);
    assert!(all[0].touches.is_empty());
}

#[test]
fn an_owner_is_named_where_it_is_not_who_runs_the_plan() {
    let mut theirs = catalog(&[TABLE]);
    let relation = Key::new(ObjectKind::Relation, &["public", "t"]);
    let fact = theirs.get_mut(&relation).expect("it is there");
    fact.set(Attribute::Owner, "them".to_owned());
    let mine = catalog(&[TABLE]);
    let given = [r#"ALTER TABLE "public"."t" OWNER TO "them""#];
    let sql = |from, to| said(from, to).into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(sql(&mine, &theirs), given);
    assert_eq!(sql(&theirs, &mine), [r#"ALTER TABLE "public"."t" OWNER TO CURRENT_ROLE"#]);
}

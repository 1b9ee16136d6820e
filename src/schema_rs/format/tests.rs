//! The layout at its limits.

use super::{width::width, *};

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn of_length(length: usize) -> String {
    "x".repeat(length)
}

#[test]
fn a_derive_stays_on_a_line_with_room_for_a_comma() {
    let layout = Layout::default();
    let short = layout.derive(1, &[of_length(81)]);
    assert_eq!(short, format!("    #[derive({})]\n", of_length(81)));
    let long = layout.derive(1, &[of_length(82)]);
    assert_eq!(long, format!("    #[derive(\n        {},\n    )]\n", of_length(82)));
}

#[test]
fn derives_share_a_line_of_their_own_or_have_one_each() {
    let layout = Layout::default();
    let two = layout.derive(1, &[String::from("Debug"), of_length(85)]);
    assert_eq!(two, format!("    #[derive(\n        Debug, {},\n    )]\n", of_length(85)));
    let two = layout.derive(1, &[String::from("Debug"), of_length(86)]);
    let expected = format!("    #[derive(\n        Debug,\n        {},\n    )]\n", of_length(86));
    assert_eq!(two, expected);
}

#[test]
fn derives_that_are_not_merged_are_attribute_arguments() {
    let layout = Layout { merge_derives: false, ..Layout::default() };
    let two = layout.derive(1, &[String::from("Debug"), of_length(63)]);
    assert_eq!(two, format!("    #[derive(Debug, {})]\n", of_length(63)));
    let two = layout.derive(1, &[String::from("Debug"), of_length(64)]);
    let expected = format!("    #[derive(\n        Debug,\n        {}\n    )]\n", of_length(64));
    assert_eq!(two, expected);
}

#[test]
fn a_type_without_a_schema_is_wrapped_from_the_inside() {
    let layout = Layout::default();
    let name = |length| [format!("name = \"{}\"", of_length(length))];
    let short = layout.postgres_type(1, &name(60));
    assert_eq!(short, format!("    #[diesel(postgres_type(name = \"{}\"))]\n", of_length(60)));
    let long = layout.postgres_type(1, &name(61));
    let expected =
        format!("    #[diesel(postgres_type(\n        name = \"{}\"\n    ))]\n", of_length(61));
    assert_eq!(long, expected);
}

#[test]
fn a_type_with_a_schema_has_a_line_for_each_argument() {
    let arguments =
        [format!("name = \"{}\"", of_length(30)), format!("schema = \"{}\"", of_length(30))];
    let expected = format!(
        "\t#[diesel(postgres_type(\n\t\tname = \"{0}\",\n\t\tschema = \"{0}\"\n\t))]\n",
        of_length(30)
    );
    let layout = Layout { hard_tabs: true, ..Layout::default() };
    assert_eq!(layout.postgres_type(1, &arguments), expected);
}

#[test]
fn few_tables_fit_on_a_line() {
    let layout = Layout::default();
    let names = [of_length(25), of_length(25)];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let line = layout.allow_tables(0, &names);
    assert_eq!(line, format!("{ALLOW_TABLES}({}, {},);\n", names[0], names[1]));
    let longer = of_length(26);
    let lines = layout.allow_tables(0, &[names[0], &longer]);
    assert_eq!(lines, format!("{ALLOW_TABLES}(\n    {},\n    {longer},\n);\n", names[0]));
}

#[test]
fn short_table_names_are_packed() {
    let layout = Layout { max_width: 60, ..Layout::default() };
    let names = ["aaaaaaaaaa"; 6];
    let expected = "diesel::allow_tables_to_appear_in_same_query!(\n    \
        aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa,\n    aaaaaaaaaa, aaaaaaaaaa,\n);\n";
    assert_eq!(layout.allow_tables(0, &names), expected);
}

#[test]
fn packed_names_that_fit_on_the_line_depend_on_the_style() {
    let names = ["rdbdbc_q", "hbe", "udab_eeq", "u1deq"];
    let old = Layout { fn_call_width: Some(26), max_width: 117, ..Layout::default() };
    let list = "rdbdbc_q, hbe, udab_eeq, u1deq,";
    assert_eq!(old.allow_tables(0, &names), format!("{ALLOW_TABLES}({list});\n"));
    let new = Layout { style_2024: true, ..old };
    assert_eq!(new.allow_tables(0, &names), format!("{ALLOW_TABLES}(\n    {list}\n);\n"));
}

#[test]
fn a_table_name_that_does_not_fit_leaves_the_call_alone() {
    let layout = Layout { max_width: 40, hard_tabs: true, ..Layout::default() };
    let name = of_length(60);
    let expected = format!("\t{ALLOW_TABLES}(\n        a,{name},);\n");
    assert_eq!(layout.allow_tables(1, &["a", &name]), expected);
}

#[test]
fn a_table_keeps_its_relative_indentation() {
    let text = "diesel::table! {\n    a (id) {\n        id -> Int4,\n    }\n}\n";
    let layout = Layout { tab_spaces: 3, ..Layout::default() };
    assert_eq!(layout.braced_macro(0, text), text);
    let expected = "   diesel::table! {\n       a (id) {\n           id -> Int4,\n       }\n   }\n";
    assert_eq!(layout.braced_macro(1, text), expected);
    let tabs = Layout { hard_tabs: true, ..layout };
    let expected = "\tdiesel::table! {\n\t\t a (id) {\n\t\t\t  id -> Int4,\n\t\t }\n\t}\n";
    assert_eq!(tabs.braced_macro(1, text), expected);
}

#[test]
fn lines_inside_a_string_stay() {
    let text = "diesel::table! {\n    #[sql_name = \"a \n\n  b\n c\"]\n    a (id) {\n    }\n}\n";
    let expected = "\tdiesel::table! {\n\t\t#[sql_name = \"a\n\n      b\n     c\"]\n\
         \t\ta (id) {\n\t\t}\n\t}\n";
    let layout = Layout { hard_tabs: true, ..Layout::default() };
    assert_eq!(layout.braced_macro(1, text), expected);
}

#[test]
fn widths_are_columns() {
    assert_eq!(width("aé日🎉e\u{301}"), 7);
    let wide = "日".repeat(31);
    let layout = Layout::default();
    let text = layout.postgres_type(1, &[format!("name = \"{wide}\"")]);
    assert!(text.contains("postgres_type(\n"), "{text}");
}

#[test]
fn heuristics_follow_the_width() {
    let layout = Layout { max_width: 143, ..Layout::default() };
    assert_eq!(layout.width_of(None, 70), 98);
    assert_eq!(layout.width_of(Some(150), 70), 143);
    let layout = Layout { max_width: 80, ..Layout::default() };
    assert_eq!(layout.width_of(None, 70), 70);
}

#[test]
fn a_refused_text_is_the_one_of_diesel() {
    let raw = Layout { enabled: false, hard_tabs: true, ..Layout::default() };
    let long = strings(&["Debug", &of_length(100)]);
    assert_eq!(raw.derive(1, &long), format!("    #[derive({})]\n", long.join(", ")));
    assert_eq!(raw.allow_tables(1, &["a", "b"]), format!("    {ALLOW_TABLES}(\n        a,b,);\n"));
    let arguments = strings(&["name = \"a\nb\"", "schema = \"c\""]);
    let expected = "    #[diesel(postgres_type(name = \"a\n    b\", schema = \"c\"))]\n";
    assert_eq!(raw.postgres_type(1, &arguments), expected);
    assert_eq!(raw.finish(String::from("a\n\n")), "a\n\n");
    let panics = Layout { tab_spaces: 0, enabled: true, ..raw };
    assert_eq!(panics.indent(1), "    ");
}

#[test]
fn empty_ends_are_closed_up() {
    let layout = Layout::default();
    assert_eq!(layout.module(0, "a", ""), "pub mod a {}\n");
    assert_eq!(layout.finish(String::from("// x\n\n")), "// x\n");
    let windows = Layout { newline: Newline::Windows, ..layout };
    assert_eq!(windows.finish(String::from("a\nb\n")), "a\r\nb\r\n");
}

#[test]
fn literals_are_not_escaped() {
    for valid in [r#""a""#, r#""\n\\\u{e_9}\x7f""#, "\"a\\\n b\"", "r#\"\"\\\"#", "\"a\r\nb\""] {
        assert!(literal_is_valid(valid), "{valid}");
    }
    for invalid in
        [r#""a\""#, r#""\q""#, r#""\xff""#, r#""\u{d800}""#, r#""\u{}""#, "\"a\rb\"", "r#\"\"\r\"#"]
    {
        assert!(!literal_is_valid(invalid), "{invalid}");
    }
    assert!(!comment_is_valid("a\rb"));
}

#[test]
fn names_may_be_keywords() {
    for (name, edition, valid) in [
        ("Größe", 2015, true),
        ("Self", 2015, false),
        ("2d", 2015, false),
        ("", 2015, false),
        ("a²", 2015, false),
        ("async", 2015, true),
        ("async", 2018, false),
        ("gen", 2021, true),
        ("gen", 2024, false),
    ] {
        assert_eq!(identifier_is_valid(name, edition), valid, "{name}");
    }
}

//! What a text of SQL or PL/pgSQL names, as far as its tokens tell: for what is made from text alone, so that PostgreSQL
//! records nothing of it.
//!
//! This is not a parser, and needs no catalog: whoever asks looks the names up. A name too many does no harm there, so
//! every word is one; where it stands tells only how likely it names a relation, a routine or a type. A parser would know
//! more of what it can read, and nothing of the rest.

use std::collections::BTreeSet;

use squawk_syntax::quote::quote_ident;

use super::{Piece, code, pieces};

/// All that a text names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// The names, with the schema where one stands before them.
    pub names: BTreeSet<Mention>,
    /// Signs that stand together: each may hold operators.
    pub operators: BTreeSet<String>,
}

/// One name of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    /// What stands before the name, and may be a schema.
    pub schema: Option<String>,
    /// The name, folded and unescaped as in the server's catalogs.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

/// What the place of a name tells about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Behind FROM, JOIN, INTO and the like: a relation.
    Relation,
    /// Before a bracket: a routine, called with so many arguments.
    Call(usize),
    /// Behind `::` and in CAST: a type.
    Type,
    /// Elsewhere: a column, an alias, a keyword, part of a string, or any of the others.
    Any,
}

impl Mentions {
    /// Reads a text. What cannot be cut into tokens is taken word by word.
    #[must_use]
    pub(crate) fn of(text: &str) -> Self {
        let mut mentions = Self::default();
        mentions.read(text, 0);
        mentions
    }

    /// Takes a text word by word: for languages whose tokens are others.
    #[must_use]
    pub(crate) fn words(text: &str) -> Self {
        let mut mentions = Self::default();
        mentions.take_words(text);
        mentions
    }

    /// Whether a name stands anywhere in it.
    #[must_use]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|it| it.name == name)
    }

    fn read(&mut self, text: &str, depth: usize) {
        let Ok(pieces) = pieces(text) else {
            return self.take_words(text);
        };
        for run in pieces.split(|it| !is_operator(it)) {
            let signs = run.iter().map(|it| match it {
                Piece::Sign(sign) => *sign,
                _ => "",
            });
            self.operators.extend(Some(signs.collect::<String>()).filter(|it| !it.is_empty()));
        }
        let within = pieces.iter().filter_map(|it| match it {
            Piece::Text(text) => Some(*text),
            _ => None,
        });
        for text in within {
            match inner(text) {
                Some(sql) if depth == 0 => {
                    let mut mentions = Self::default();
                    mentions.read(sql, depth + 1);
                    self.add_doubtful(mentions);
                }
                _ => self.take_words(text),
            }
        }
        let mut found = Cursor::new(&pieces).run();
        // what the text itself gives a name to is no relation, or only outside of that
        let (own, names) = (std::mem::take(&mut found.own), found.names);
        self.names.extend(names.into_iter().map(|mut it| {
            if it.schema.is_none() && it.place == Place::Relation && own.contains(&it.name) {
                it.place = Place::Any;
            }
            it
        }));
    }

    fn add_doubtful(&mut self, other: Self) {
        self.operators.extend(other.operators);
        self.names.extend(other.names.into_iter().map(|mut it| {
            it.place = Place::Any;
            it
        }));
    }

    fn take_words(&mut self, text: &str) {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
        for word in text.split(|c| !is_part(c)).filter(|it| !it.is_empty()) {
            for name in [word.to_owned(), word.to_ascii_lowercase()] {
                self.names.insert(Mention { schema: None, name, place: Place::Any });
            }
        }
    }
}

/// Whether it can be part of an operator.
/// <https://www.postgresql.org/docs/current/sql-createoperator.html>
fn is_operator(piece: &Piece<'_>) -> bool {
    matches!(piece, Piece::Sign(sign) if sign.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c)))
}

/// The text between the quotes of a string, where no escape can hide a name.
fn inner(text: &str) -> Option<&str> {
    if text.starts_with('$') {
        return code(text).map(|it| it.1);
    }
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inner.contains('\'')).then_some(inner)
}

/// What is known within one pair of brackets.
#[derive(Default)]
struct Frame {
    /// Whether a query stands there: FROM of `extract(year FROM x)` names no relation.
    is_query: bool,
    /// Whether a comma leads to a relation.
    is_from: bool,
    /// Whether it belongs to CAST.
    is_cast: bool,
}

struct Cursor<'p, 't> {
    pieces: &'p [Piece<'t>],
    frames: Vec<Frame>,
    names: BTreeSet<Mention>,
    own: BTreeSet<String>,
}

impl<'p, 't> Cursor<'p, 't> {
    fn new(pieces: &'p [Piece<'t>]) -> Self {
        Self {
            pieces,
            frames: vec![Frame::default()],
            names: BTreeSet::new(),
            own: BTreeSet::new(),
        }
    }

    fn run(mut self) -> Self {
        let mut at = 0;
        while let Some(piece) = self.pieces.get(at) {
            match piece {
                Piece::Sign("(") => self
                    .frames
                    .push(Frame { is_cast: at > 0 && self.is(at - 1, "cast"), ..Frame::default() }),
                Piece::Sign(")") if self.frames.len() > 1 => {
                    self.frames.pop();
                }
                Piece::Sign(";") => self.frames = vec![Frame::default()],
                Piece::Word(_) | Piece::Name(_) => {
                    let end = self.chain_end(at);
                    self.take(at, end);
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self
    }

    fn is(&self, at: usize, keyword: &str) -> bool {
        self.pieces.get(at).is_some_and(|it| it.is(keyword))
    }

    fn is_sign(&self, at: usize, sign: &str) -> bool {
        matches!(self.pieces.get(at), Some(Piece::Sign(it)) if *it == sign)
    }

    fn name(&self, at: usize) -> Option<&'p str> {
        match self.pieces.get(at)? {
            Piece::Word(name) | Piece::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Where `a.b.c` ends.
    fn chain_end(&self, start: usize) -> usize {
        let mut at = start + 1;
        while self.is_sign(at, ".") && self.name(at + 1).is_some() {
            at += 2;
        }
        at
    }

    fn take(&mut self, start: usize, end: usize) {
        if end == start + 1 {
            self.note(start);
        }
        let place = self.place(start, end);
        let parts: Vec<&'p str> = (start..end).filter_map(|at| self.name(at)).collect();
        let mut add = |schema: Option<&str>, name: &str, place: Place| {
            self.names.insert(Mention {
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
                place,
            });
        };
        if let [name] = *parts {
            add(None, name, place);
            return;
        }
        for (index, pair) in parts.windows(2).enumerate() {
            let is_last = index + 2 == parts.len();
            add(Some(pair[0]), pair[1], if is_last { place } else { Place::Any });
        }
        // a column of a table, a routine that is called like a column
        for name in parts {
            add(None, name, Place::Any);
        }
    }

    /// What a keyword says about what follows, and a name that the text gives.
    fn note(&mut self, at: usize) {
        let is_first = at == 0 || self.is_sign(at - 1, "(") || self.is_sign(at - 1, ";");
        let names_itself = self.names_a_query(at);
        let name = self.name(at).filter(|_| names_itself);
        self.own.extend(name.map(str::to_owned));
        let (Some(frame), Some(Piece::Word(word))) = (self.frames.last_mut(), self.pieces.get(at))
        else {
            return;
        };
        match word.as_str() {
            "select" | "delete" | "insert" | "merge" | "with" | "table" | "values" => {
                frame.is_query = true;
                frame.is_from = false;
            }
            "update" if is_first => frame.is_query = true,
            "from" | "using" | "join" => frame.is_from = frame.is_query,
            "where" | "on" | "group" | "having" | "order" | "window" | "limit" | "offset"
            | "fetch" | "union" | "intersect" | "except" | "returning" | "set" | "when" => {
                frame.is_from = false;
            }
            _ => {}
        }
    }

    /// Whether a name stands before a query of its own: `name [(columns)] AS [[NOT] MATERIALIZED] (`.
    fn names_a_query(&self, at: usize) -> bool {
        let mut at = at + 1;
        if self.is_sign(at, "(") {
            at += 1;
            while self.name(at).is_some() || self.is_sign(at, ",") {
                at += 1;
            }
            if !self.is_sign(at, ")") {
                return false;
            }
            at += 1;
        }
        if !self.is(at, "as") {
            return false;
        }
        at += 1;
        at += usize::from(self.is(at, "not"));
        at += usize::from(self.is(at, "materialized"));
        self.is_sign(at, "(")
    }

    fn place(&self, start: usize, end: usize) -> Place {
        // a keyword before a bracket calls nothing
        if let Piece::Word(word) = &self.pieces[start]
            && quote_ident(word) != *word
        {
            return Place::Any;
        }
        let (is_from, is_query, is_cast) = self
            .frames
            .last()
            .map_or((false, false, false), |it| (it.is_from, it.is_query, it.is_cast));
        let Some(before) = start.checked_sub(1) else {
            return match self.is_sign(end, "(") {
                true => Place::Call(self.arguments(end)),
                false => Place::Any,
            };
        };
        let word = match &self.pieces[before] {
            Piece::Word(word) => word.as_str(),
            _ => "",
        };
        let earlier = |word: &str| before > 0 && self.is(before - 1, word);
        let leads = match word {
            "from" => is_query && !earlier("distinct"),
            "join" | "into" | "only" | "using" => true,
            // TABLE t is a query of its own
            "update" | "table" => !earlier("for") && !earlier("do"),
            "lateral" => false,
            _ => is_from && self.is_sign(before, ","),
        };
        let is_called = self.is_sign(end, "(");
        if leads && (!is_called || word == "into") {
            Place::Relation
        } else if is_called {
            Place::Call(self.arguments(end))
        } else if self.is_sign(before, "::")
            || self.is_sign(before, ":") && before > 0 && self.is_sign(before - 1, ":")
            || is_cast && word == "as"
            || matches!(self.pieces.get(end), Some(Piece::Text(_)))
        {
            Place::Type
        } else {
            Place::Any
        }
    }

    /// How many arguments stand in the brackets that open there.
    fn arguments(&self, open: usize) -> usize {
        if self.is_sign(open + 1, ")") {
            return 0;
        }
        let (mut depth, mut count) = (0_usize, 1);
        for piece in &self.pieces[open..] {
            match piece {
                Piece::Sign("(" | "[") => depth += 1,
                Piece::Sign(")" | "]") => depth = depth.saturating_sub(1),
                Piece::Sign(",") if depth == 1 => count += 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that stand where they can only be this.
    fn sure(text: &str) -> Vec<String> {
        let all = Mentions::of(text).names;
        let word = |it: &Mention| {
            let name = match &it.schema {
                Some(schema) => format!("{schema}.{}", it.name),
                None => it.name.clone(),
            };
            Some(match it.place {
                Place::Relation => name,
                Place::Call(count) => format!("{name}({count})"),
                Place::Type => format!("::{name}"),
                Place::Any => return None,
            })
        };
        all.iter().filter_map(word).collect()
    }

    #[test]
    fn relations_stand_behind_from_join_into_update_and_commas() {
        assert_eq!(
            sure("SELECT a, b FROM t, \"My\".\"T\" x JOIN u ON x.a = u.a WHERE c, d"),
            ["t", "u", "My.T"]
        );
        assert_eq!(sure("INSERT INTO s.log (a, b) SELECT a, b FROM only q"), ["q", "s.log"]);
        assert_eq!(sure("UPDATE t SET a = 1 FROM u; DELETE FROM v USING w"), ["t", "u", "v", "w"]);
        assert_eq!(sure("TABLE t"), ["t"]);
        assert_eq!(sure("MERGE INTO t USING u ON true"), ["t", "u"]);
    }

    #[test]
    fn routines_stand_before_brackets_with_the_number_of_their_arguments() {
        assert_eq!(
            sure("SELECT s.f(a, g(), (b, c)) FROM h(ARRAY[1, 2])"),
            ["g(0)", "h(1)", "s.f(3)"]
        );
        assert_eq!(sure("CALL p(1, 2)"), ["p(2)"]);
    }

    #[test]
    fn types_stand_in_casts_and_before_literals() {
        assert_eq!(
            sure("SELECT a::mood, CAST(b AS s.mood), day '2020-01-01', c AS mood"),
            ["::day", "::mood", "::s.mood"]
        );
    }

    #[test]
    fn what_the_text_names_itself_is_no_relation() {
        assert_eq!(sure("WITH q AS (SELECT FROM t) SELECT FROM q"), ["t"]);
        let recursive = sure("WITH RECURSIVE q (n) AS NOT MATERIALIZED (SELECT 1) TABLE q");
        assert!(!recursive.contains(&"q".to_owned()), "{recursive:?}");
        assert!(Mentions::of("WITH q AS (SELECT FROM t) SELECT FROM q").has("q"));
    }

    #[test]
    fn from_within_a_call_names_no_relation() {
        assert_eq!(sure("SELECT extract(year FROM d), a IS DISTINCT FROM b"), ["extract(1)"]);
    }

    #[test]
    fn nothing_that_is_written_is_missed() {
        let text = "SELECT nextval('s.seq'), t.fullname, x <-> y FROM t FOR UPDATE OF t -- away";
        let mentions = Mentions::of(text);
        for name in ["seq", "fullname", "t"] {
            assert!(mentions.has(name), "{name}");
        }
        assert!(!mentions.has("away"));
        assert!(mentions.operators.contains("<->"));
        assert!(Mentions::of("EXECUTE format($q$SELECT FROM \"T t\"$q$)").has("T t"));
        assert!(Mentions::of("SELECT 'never closed FROM T").has("t"));
        assert!(Mentions::words("plpy.execute(\"select * from Lim\")").has("lim"));
    }

    #[test]
    fn every_column_of_a_name_in_three_parts_is_named() {
        let mentions = Mentions::of("SELECT s.t.c FROM s.t");
        assert!(mentions.has("c") && mentions.has("t"));
        assert_eq!(sure("SELECT s.t.c FROM s.t"), ["s.t"]);
    }
}

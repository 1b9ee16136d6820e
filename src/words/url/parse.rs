//! The syntax of connection strings: which text is which part. What the parameters mean is not known here.
//!
//! Differs from a general URL parser in temper: an authority may name several hosts, and a character that would
//! silently move the border of a password is an error that says where it stands and how to write it.

use crate::words::url::{
    ado, dsn,
    error::UrlError,
    hosts::{Host, parse_authority},
    keywords,
    note::{Note, NoteKind},
    pair::{Flavour, Pair, in_order, is_name, is_secret},
    part::Part,
};

/// A connection string in parts, all decoded.
pub(super) struct Pieces {
    pub(super) flavour: Flavour,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) hosts: Vec<Host>,
    pub(super) database: Option<String>,
    pub(super) pairs: Vec<Pair>,
    pub(super) notes: Vec<Note>,
}

/// Drivers that a scheme may name behind a `+`.
const DRIVERS: [&str; 6] =
    ["psycopg2", "psycopg", "psycopg_async", "psycopg2cffi", "asyncpg", "pg8000"];

/// Other tools' names for the scheme, and whose they are.
const SYNONYMS: [(&str, &str); 8] = [
    ("pgx", "golang-migrate"),
    ("pgx4", "golang-migrate"),
    ("pgx5", "golang-migrate"),
    ("pgsql", "PHP and Django"),
    ("psql", "Django"),
    ("postgis", "Django and Rails"),
    ("ecto", "Elixir"),
    ("pg", "JavaScript"),
];

/// Schemes that can be named in an error, because they are surely no piece of a password.
const FOREIGN: [&str; 19] = [
    "mysql",
    "mariadb",
    "sqlite",
    "sqlite3",
    "mssql",
    "sqlserver",
    "oracle",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "cockroach",
    "cockroachdb",
    "redshift",
    "http",
    "https",
    "file",
    "asyncpg",
    "jdbc",
];

/// Takes a connection string of any kind apart. Positions in errors are byte offsets.
pub(super) fn pieces(text: &str) -> Result<Pieces, UrlError> {
    of_part(Part::whole(text))
}

fn of_part(whole: Part<'_>) -> Result<Pieces, UrlError> {
    if whole.text.is_empty() {
        let what = "the connection string is empty";
        return Err(not_a_url(what, whole.at));
    }
    if let Some(quote) = whole.text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
        return quoted(whole, quote);
    }
    let begins = |prefix: &str| {
        let start = whole.text.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if begins("jdbc:") {
        return jdbc(whole.split(5, 0).1);
    }
    if begins("r2dbc:") {
        return r2dbc(whole.split(6, 0).1);
    }
    if let Some((scheme, rest)) = scheme(whole) {
        let (flavour, note) = flavour(scheme.text)?;
        let mut pieces = url(rest, flavour)?;
        pieces.notes.splice(0..0, note);
        return Ok(pieces);
    }
    if !whole.text.contains('=') {
        let what = "neither a URL nor `key=value` pairs";
        return Err(not_a_url(what, whole.at));
    }
    let mut pieces = Pieces::new(Flavour::Libpq);
    if ado::is_one(whole.text) {
        let said = ado::parse(whole.text)?;
        pieces.pairs = in_order(said.pairs);
        pieces.notes = said.notes;
        return Ok(pieces);
    }
    pieces.pairs = in_order(dsn::parse(whole)?);
    Ok(pieces)
}

/// Reads what stands in quotes, which some file or form has kept.
fn quoted(whole: Part<'_>, quote: char) -> Result<Pieces, UrlError> {
    let inside = whole.text[1..].strip_suffix(quote).map(Part::whole);
    let is_odd = |it: &Part<'_>| it.text.is_empty() || it.text.starts_with(['"', '\'', '`']);
    let Some(inside) = inside.filter(|it| !is_odd(it)) else {
        return Err(not_a_url("a quotation mark", whole.at));
    };
    let mut read = of_part(Part { text: inside.text, at: whole.at + 1 + inside.at })?;
    let note = Note {
        parameter: "quotes".into(),
        what: NoteKind::Translated,
        text: "left out the quotation marks around it".into(),
    };
    read.notes.insert(0, note);
    Ok(read)
}

/// Reads what follows `r2dbc:`, maybe by way of its pool.
fn r2dbc(rest: Part<'_>) -> Result<Pieces, UrlError> {
    let rest = match rest.text.strip_prefix("pool:") {
        Some(_) => rest.split(5, 0).1,
        None => rest,
    };
    let Some((scheme, rest)) = scheme(rest) else {
        let what = "no `postgresql://` after `r2dbc:`";
        return Err(not_a_url(what, rest.at));
    };
    if !matches!(scheme.text, "postgresql" | "postgres") {
        return Err(foreign(&scheme.text.to_ascii_lowercase()));
    }
    url(rest, Flavour::Jdbc { verifies: true })
}

impl Pieces {
    fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            user: None,
            password: None,
            hosts: Vec::new(),
            database: None,
            pairs: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// What stands before `://`, if that can be a scheme.
fn scheme(whole: Part<'_>) -> Option<(Part<'_>, Part<'_>)> {
    let (scheme, rest) = whole.split(whole.text.find("://")?, 3);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    (!scheme.text.is_empty() && scheme.text.chars().all(allowed)).then_some((scheme, rest))
}

fn flavour(scheme: &str) -> Result<(Flavour, Option<Note>), UrlError> {
    let scheme = scheme.to_ascii_lowercase();
    let (base, driver) = match scheme.split_once('+') {
        Some((base, driver)) => (base, Some(driver)),
        None => (scheme.as_str(), None),
    };
    let is_postgres = matches!(base, "postgres" | "postgresql");
    match driver {
        None if is_postgres => Ok((Flavour::Libpq, None)),
        Some(driver) if is_postgres && DRIVERS.contains(&driver) => {
            let why = "the name of a SQLAlchemy driver, which is not used here";
            let mut note = Note::dropped(&format!("+{driver}"), why);
            note.parameter = "scheme".into();
            Ok((Flavour::SqlAlchemy, Some(note)))
        }
        Some(_) if is_postgres => Err(UrlError::Scheme { scheme: format!("{base}+…") }),
        None if SYNONYMS.iter().any(|(name, _)| *name == scheme) => {
            let whose = SYNONYMS.iter().find(|(name, _)| *name == scheme);
            let whose = whose.map_or("", |(_, whose)| whose);
            let note = Note {
                parameter: "scheme".into(),
                what: NoteKind::Translated,
                text: format!("translated `{scheme}`, a scheme of {whose}, to `postgresql`"),
            };
            Ok((Flavour::Libpq, Some(note)))
        }
        _ => Err(foreign(&scheme)),
    }
}

fn foreign(scheme: &str) -> UrlError {
    let known = FOREIGN.contains(&scheme);
    UrlError::Scheme { scheme: if known { scheme.into() } else { "…".into() } }
}

/// Reads what follows `jdbc:`, which may do without `//`: `postgresql:database?user=u`.
fn jdbc(rest: Part<'_>) -> Result<Pieces, UrlError> {
    let Some((scheme, rest)) = rest.cut(':') else {
        let what = "no `postgresql:` after `jdbc:`";
        return Err(not_a_url(what, rest.at));
    };
    if !scheme.text.eq_ignore_ascii_case("postgresql") {
        return Err(foreign(&scheme.text.to_ascii_lowercase()));
    }
    let flavour = Flavour::Jdbc { verifies: true };
    let mut pieces = match rest.text.strip_prefix("//") {
        Some(_) => url(rest.split(0, 2).1, flavour)?,
        None => {
            let mut pieces = Pieces::new(flavour);
            pieces.path_and_query(rest)?;
            pieces
        }
    };
    let is_lax = |pair: &Pair| {
        pair.key == "sslfactory" && pair.value.trim_end().ends_with("NonValidatingFactory")
    };
    pieces.flavour = Flavour::Jdbc { verifies: !pieces.pairs.iter().any(is_lax) };
    Ok(pieces)
}

/// Reads what follows `://`.
fn url(rest: Part<'_>, flavour: Flavour) -> Result<Pieces, UrlError> {
    let mut pieces = Pieces::new(flavour);
    let border = rest.text.find(['/', '?', '#']).unwrap_or(rest.text.len());
    let (authority, after) = rest.split(border, 0);
    let hosts = match authority.cut_last('@') {
        Some((credentials, hosts)) => {
            pieces.credentials(credentials)?;
            hosts
        }
        None => authority,
    };
    pieces.hosts = parse_authority(hosts).map_err(|error| {
        // `user:pa/ss@host`: what looked like a host and a port is the start of a password.
        match after.text.chars().next() {
            Some(character) if after.text.contains('@') => {
                UrlError::Unencoded { character, at: after.at }
            }
            _ => error,
        }
    })?;
    pieces.path_and_query(after)?;
    Ok(pieces)
}

impl Pieces {
    /// Reads `/database?key=value`; the slash may be missing.
    fn path_and_query(&mut self, text: Part<'_>) -> Result<(), UrlError> {
        if let Some(at) = text.position('#') {
            return Err(UrlError::Unencoded { character: '#', at });
        }
        let (path, query) = text.cut('?').unwrap_or(text.split(text.text.len(), 0));
        let skip = usize::from(path.text.starts_with('/'));
        self.database = database(path.split(0, skip).1, path.at, self.flavour)?;
        self.pairs = in_order(pairs(query, self.flavour)?);
        Ok(())
    }

    /// Reads `user:password`. An `@` in it is read as itself, which is what was meant, with a note.
    fn credentials(&mut self, credentials: Part<'_>) -> Result<(), UrlError> {
        let (user, password) = match credentials.cut(':') {
            Some((user, password)) => (user, Some(password)),
            None => (credentials, None),
        };
        for (name, part) in [("user", Some(user)), ("password", password)] {
            if part.is_some_and(|part| part.text.contains('@')) {
                self.notes.push(Note {
                    parameter: name.into(),
                    what: NoteKind::Translated,
                    text: format!(
                        "read an unencoded `@` as part of the {name}: write it as %40, because other programs may read another host after it"
                    ),
                });
            }
        }
        self.user = Some(user.decode()?);
        self.password = password.map(Part::decode).transpose()?;
        Ok(())
    }
}

/// Reads a database's name; `border` is where the slash before it stands.
fn database(name: Part<'_>, border: usize, flavour: Flavour) -> Result<Option<String>, UrlError> {
    if name.text.contains('@') {
        return Err(UrlError::Unencoded { character: '/', at: border });
    }
    if let Some(at) = name.position('/') {
        return Err(UrlError::Unencoded { character: '/', at });
    }
    let name = match flavour {
        Flavour::Jdbc { .. } => name.decode_form()?,
        _ => name.decode()?,
    };
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// Reads `key=value&key=value`. A value may hold further `=`, as `options=-csearch_path=app` does.
fn pairs(query: Part<'_>, flavour: Flavour) -> Result<Vec<Pair>, UrlError> {
    let decode = |part: Part<'_>| match flavour {
        Flavour::Libpq => part.decode(),
        _ => part.decode_form(),
    };
    let mut pairs: Vec<Pair> = Vec::new();
    let mut after_secret = false;
    for segment in query.pieces('&').into_iter().filter(|segment| !segment.text.is_empty()) {
        let remaining = query.split(segment.at - query.at, 0).1;
        // `user:1?2&3@host` and `password=a&b`: the names found here may be pieces of the password.
        let doubt = if remaining.text.contains('@') {
            Some(UrlError::Unencoded { character: '?', at: query.at - 1 })
        } else if after_secret {
            Some(not_a_pair("an unknown parameter after a password", segment.at))
        } else {
            None
        };
        let (key, value) = match (segment.cut('='), flavour) {
            (Some((key, value)), _) => (decode(key)?, decode(value)?),
            (None, Flavour::Jdbc { .. }) => (decode(segment)?, String::new()),
            (None, _) => {
                let what = "no `=` after a parameter's name";
                return Err(doubt.unwrap_or(not_a_pair(what, segment.at)));
            }
        };
        if !is_name(&key) {
            let what = "no parameter's name before `=`";
            return Err(doubt.unwrap_or(not_a_pair(what, segment.at)));
        }
        // A password may have been cut more than once.
        after_secret = is_secret(&key) || (after_secret && keywords::find(&key).is_none());
        // `host=a&host=b` is SQLAlchemy's way to name two hosts.
        if key == "host"
            && let Some(earlier) = pairs.iter_mut().find(|pair| pair.key == "host")
        {
            earlier.value = format!("{},{value}", earlier.value);
            continue;
        }
        pairs.push(Pair { key, value, doubt });
    }
    Ok(pairs)
}

fn not_a_url(what: &'static str, at: usize) -> UrlError {
    let help = "Write `postgresql://user:password@host:5432/database`, without quotes around it.";
    UrlError::Syntax { what, at, help }
}

fn not_a_pair(what: &'static str, at: usize) -> UrlError {
    let help = "Write `?key=value&key=value`, and in a password `?` as %3F and `&` as %26.";
    UrlError::Syntax { what, at, help }
}

//! Texts that nobody would write, from a fixed seed: no panic, and no password shown.

use super::*;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn text(&mut self, from: &[&str], longest: usize) -> String {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.pick(from)).collect()
    }
}

const PIECES: [&str; 40] = [
    "postgres://",
    "postgresql+asyncpg://",
    "jdbc:postgresql:",
    "//",
    "/",
    "?",
    "#",
    "@",
    ":",
    ",",
    "&",
    "=",
    "%",
    "%2F",
    "%40",
    "%00",
    "%ff",
    "%4",
    "[",
    "]",
    "[::1]",
    "::1",
    "fe80::1%eth0",
    "h",
    "5432",
    " ",
    "'",
    "\\",
    "+",
    "host=",
    "port=",
    "ssl=",
    "options[x]=",
    "é",
    "\u{1F600}",
    "\0",
    "\n",
    "server_settings={",
    "hostaddr=",
    "unix_sock=/.s.PGSQL.",
];

#[test]
fn no_text_makes_the_parser_panic_and_what_it_reads_can_be_printed_and_read_again() {
    let mut numbers = Numbers(7);
    let mut read = 0;
    for round in 0..10_000 {
        let start = if round % 3 == 0 { "postgresql://" } else { "" };
        let text = format!("{start}{}", numbers.text(&PIECES, 12));
        let Ok(Parsed { url, .. }) = Url::parse(&text) else {
            continue;
        };
        read += 1;
        for to in Spelling::ALL {
            let printed = url.print(to, Secrets::Revealed);
            assert!(
                printed.is_ok()
                    || !matches!(to, Spelling::Diesel | Spelling::Psql | Spelling::Psycopg)
            );
            let Ok((printed, _)) = printed else { continue };
            let back = Url::parse(&printed).unwrap_or_else(|error| panic!("{printed:?}: {error}"));
            if to == Spelling::Psql {
                assert!(back.url == url, "{text:?} is {url:?}, printed as {printed:?}");
            }
        }
        assert!(!url.overlay(&defaults(&mut numbers)).masked().is_empty());
    }
    assert!(read > 200, "only {read} texts were connection strings");
}

/// Defaults of any shape.
fn defaults(numbers: &mut Numbers) -> Url {
    let mut url = Url::default();
    for key in ["port", "host", "hostaddr"] {
        let value = numbers.pick(&["", "1", "1,2", "h", "a,b", "10.0.0.1", "/a,b,c"]);
        drop(url.set(key, value));
    }
    url
}

#[test]
fn no_password_shows_in_an_error_a_note_or_a_url() {
    const SECRETS: [&str; 7] =
        ["hunter2", "hun/ter2", "hun@ter2", "hun?ter2", "hun#ter2", "hun&ter2", "hun%ter2"];
    const NOISE: [&str; 18] = [
        "/", "?", "#", "@", ":", ",", "&", "=", "%", "%2F", "1", "9", "x", " ", "'", "\\", "[", "]",
    ];
    const ENDS: [&str; 6] =
        ["@h", "@h:1/db", "@/db", "@h/db?sslmode=oops", "@h/?nope=1", "@h/?ssl=true"];
    let mut numbers = Numbers(11);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..10_000 {
        let secret = numbers.pick(&SECRETS);
        let password = format!("{}{secret}{}", numbers.text(&NOISE, 4), numbers.text(&NOISE, 4));
        let text = match numbers.below(8) {
            0 => format!("host=h password={password} dbname=db"),
            1 => format!("password='{password}' nope=1"),
            2 => format!("jdbc:postgresql://h/db?password={password}&user=u"),
            3 => format!("\"postgresql://u:{password}@h/db?sslmode=require\""),
            4 => format!("url:postgresql://u:{password}@h/db?sslmode=require"),
            5 => format!("postgresql+asyncpg://u:{password}{}", numbers.pick(&ENDS)),
            _ => format!("postgresql://u:{password}{}", numbers.pick(&ENDS)),
        };
        let shown = match Url::parse(&text) {
            Ok(parsed) => {
                read += 1;
                let masked = parsed.url.print(Spelling::Jdbc, Secrets::Masked);
                format!("{parsed:?} {} {masked:?}", parsed.url)
            }
            Err(error) => {
                refused += 1;
                let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
                format!("{error} {error:?} {help:?}")
            }
        };
        for piece in ["hunter2", "hun", "ter2"] {
            assert!(!shown.contains(piece), "{text:?} shows its password: {shown}");
        }
    }
    assert!(read > 500 && refused > 500, "{read} read, {refused} refused");
}

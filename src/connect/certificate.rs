//! The few fields of an X.509 certificate that webpki does not give out.
//!
//! Not a parser for trust decisions: chains and names are webpki's business. This reads the
//! validity dates (needed when the server's certificate is itself the configured root), the public
//! key (to check the handshake of a version 1 certificate, which webpki does not read at all) and
//! the common name (for messages).

use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// What can be said about a certificate without judging it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// Seconds since 1970, inclusive.
    pub(super) not_before: i64,
    /// Seconds since 1970, inclusive.
    pub(super) not_after: i64,
    pub(super) common_name: Option<String>,
    /// Whether it is of version 3, the only one that says what it may be used for.
    pub(super) has_extensions: bool,
    /// Whether it names itself as its issuer.
    pub(super) self_issued: bool,
    /// The whole `SubjectPublicKeyInfo`, with its header.
    pub(super) public_key: Vec<u8>,
}

impl Facts {
    /// Reads a certificate; `None` when it is not DER of the expected shape.
    #[must_use]
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Facts> {
        let mut outer = Der(Der(certificate.as_ref()).expect(SEQUENCE)?);
        let mut body = Der(outer.expect(SEQUENCE)?);
        if body.peek() == Some(EXPLICIT_VERSION) {
            body.next()?;
        }
        body.next()?; // serial number
        body.next()?; // signature algorithm
        let issuer = body.expect(SEQUENCE)?;
        let mut validity = Der(body.expect(SEQUENCE)?);
        let not_before = time(validity.next()?)?;
        let not_after = time(validity.next()?)?;
        let subject = body.expect(SEQUENCE)?;
        let from_key = body.0;
        body.expect(SEQUENCE)?;
        let public_key = from_key[..from_key.len() - body.0.len()].to_vec();
        let mut has_extensions = false;
        while let Some((tag, _)) = body.next() {
            has_extensions |= tag == EXTENSIONS;
        }
        Some(Facts {
            not_before,
            not_after,
            common_name: common_name(subject),
            has_extensions,
            self_issued: issuer == subject,
            public_key,
        })
    }

    /// The key in the form that rustls takes.
    pub(super) fn key(&self) -> SubjectPublicKeyInfoDer<'_> {
        SubjectPublicKeyInfoDer::from(self.public_key.as_slice())
    }

    /// The content of the key's algorithm identifier, and the key's bits.
    pub(super) fn key_parts(&self) -> Option<(&[u8], &[u8])> {
        let mut info = Der(Der(&self.public_key).expect(SEQUENCE)?);
        let algorithm = info.expect(SEQUENCE)?;
        let (_, bits) = info.next()?;
        // the first byte of a BIT STRING counts its unused bits: none in a key
        bits.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bits)| (algorithm, bits))
    }
}

/// A cursor over DER values.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 3 || rest.len() < count {
                return None;
            }
            let (bytes, rest) = rest.split_at(count);
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        };
        if rest.len() < length {
            return None;
        }
        let (value, rest) = rest.split_at(length);
        self.0 = rest;
        Some((tag, value))
    }

    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, value)| value)
    }
}

fn common_name(subject: &[u8]) -> Option<String> {
    let mut sets = Der(subject);
    while let Some(set) = sets.expect(SET) {
        let mut attribute = Der(Der(set).expect(SEQUENCE)?);
        if attribute.expect(OBJECT_IDENTIFIER)? == COMMON_NAME {
            return Some(String::from_utf8_lossy(attribute.next()?.1).into_owned());
        }
    }
    None
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` in seconds since 1970.
fn time((tag, text): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = if tag == UTC_TIME {
        let (year, rest) = text.split_at_checked(2)?;
        let year: i64 = year.parse().ok()?;
        (if year < 50 { 2000 + year } else { 1900 + year }, rest)
    } else {
        let (year, rest) = text.split_at_checked(4)?;
        (year.parse().ok()?, rest)
    };
    if rest.len() != 10 {
        return None;
    }
    let part = |at: usize| rest[at..at + 2].parse::<i64>().ok();
    let day = days_before(year, part(0)?) + part(2)? - 1;
    Some(day * 86_400 + part(4)? * 3_600 + part(6)? * 60 + part(8)?)
}

/// Days from 1970-01-01 to the first of a month, in the Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    // years start in March here, so that the leap day is their last
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let century = year.div_euclid(100);
    365 * year + year.div_euclid(4) - century + century.div_euclid(4) + (153 * month + 2) / 5
        - 719_468
}

/// A moment as `2027-11-23`, for messages.
#[must_use]
pub(super) fn date(seconds: i64) -> String {
    let day = seconds.div_euclid(86_400);
    let mut year = 1970 + day.div_euclid(366);
    while days_before(year + 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days_before(year, *month) <= day).unwrap_or(1);
    format!("{year:04}-{month:02}-{:02}", day - days_before(year, month) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_time_are_read() {
        assert_eq!(time((UTC_TIME, b"700101000000Z")), Some(0));
        assert_eq!(time((UTC_TIME, b"240229120000Z")), Some(1_709_208_000));
        assert_eq!(time((0x18, b"20500101000000Z")), Some(2_524_608_000));
        assert_eq!(time((UTC_TIME, b"2402291200Z")), None);
    }

    #[test]
    fn dates_are_printed_in_the_gregorian_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (1_709_208_000, "2024-02-29"),
            (1_735_689_599, "2024-12-31"),
            (2_524_608_000, "2050-01-01"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn what_is_not_a_certificate_has_no_facts() {
        assert_eq!(Facts::of(&CertificateDer::from(vec![0x30, 0x03, 0x02, 0x01, 0x00])), None);
        assert_eq!(Facts::of(&CertificateDer::from(vec![])), None);
    }
}

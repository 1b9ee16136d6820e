//! Spans of time as people write them in flags and files: `500ms`, `5s`, `2min`, `1h`, `0`.

use std::{fmt, str::FromStr, time::Duration};

/// A span of time. Zero means "no limit" wherever a limit is asked for, as in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timespan(pub Duration);

impl Timespan {
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Whole minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(Duration::from_secs(60 * minutes))
    }

    /// The value for a PostgreSQL setting.
    #[must_use]
    pub fn setting(self) -> String {
        format!("{}ms", self.0.as_millis())
    }
}

/// The text is not a span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write it like 500ms, 5s, 2min or 1h (0 means no limit)")]
pub struct NotATimespan(pub String);

impl FromStr for Timespan {
    type Err = NotATimespan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let wrong = || NotATimespan(text.to_owned());
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let milliseconds = match unit.trim() {
            "ms" => 1,
            "s" | "sec" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "" if number == 0 => 0,
            _ => return Err(wrong()),
        };
        // PostgreSQL keeps such settings in 32 bits
        let total = number.checked_mul(milliseconds).filter(|total| *total <= 2_147_483_647);
        total.map(|total| Self(Duration::from_millis(total))).ok_or_else(wrong)
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match ms {
            0 => f.write_str("no limit"),
            _ if ms.is_multiple_of(3_600_000) => write!(f, "{} h", ms / 3_600_000),
            _ if ms.is_multiple_of(60_000) => write!(f, "{} min", ms / 60_000),
            _ if ms >= 10_000 => write!(f, "{} s", (ms + 500) / 1000),
            _ if ms.is_multiple_of(1_000) => write!(f, "{} s", ms / 1000),
            _ if ms >= 1_000 => write!(f, "{}.{} s", ms / 1000, ms % 1000 / 100),
            _ => write!(f, "{ms} ms"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Timespan {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_shown() {
        let shown = |text: &str| text.parse::<Timespan>().map(|span| span.to_string());
        assert_eq!(shown("500ms").as_deref(), Ok("500 ms"));
        assert_eq!(shown("5s").as_deref(), Ok("5 s"));
        assert_eq!(shown("2 min").as_deref(), Ok("2 min"));
        assert_eq!(shown("90s").as_deref(), Ok("90 s"));
        assert_eq!(shown("0").as_deref(), Ok("no limit"));
        for wrong in ["", "5", "-1s", "s", "5 parsecs", "99999999999h", "1.5s"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}

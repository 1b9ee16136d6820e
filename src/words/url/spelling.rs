//! The drivers whose connection strings can be written.

use std::fmt;

/// A driver, or family of drivers, with its own spelling of a connection string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spelling {
    /// Diesel: a libpq URL.
    Diesel,
    /// psql and everything else on libpq: a libpq URL.
    Psql,
    /// SQLAlchemy with asyncpg: `postgresql+asyncpg://…`.
    Asyncpg,
    /// SQLAlchemy with psycopg 3: `postgresql+psycopg://…`.
    Psycopg,
    /// pgjdbc: `jdbc:postgresql://…`.
    Jdbc,
    /// sqlx: `postgres://…`.
    Sqlx,
}

impl Spelling {
    /// Every spelling.
    pub const ALL: [Self; 6] =
        [Self::Diesel, Self::Psql, Self::Asyncpg, Self::Psycopg, Self::Jdbc, Self::Sqlx];

    /// The name that `FromStr` reads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Diesel => "diesel",
            Self::Psql => "psql",
            Self::Asyncpg => "asyncpg",
            Self::Psycopg => "psycopg",
            Self::Jdbc => "jdbc",
            Self::Sqlx => "sqlx",
        }
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

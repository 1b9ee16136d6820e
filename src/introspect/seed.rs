//! Rows for a throwaway database, so that what migrations do to rows can be seen.

mod hints;

use crate::{
    introspect::catalog_digest::EVER,
    postgres::{
        guard,
        session::{Failure, Message, Session},
    },
    words::ident::{Literal, Qualified},
};

pub(crate) use self::hints::Hints;

const SEED: &str = include_str!("seed.sql");

impl Session<'_> {
    /// Puts a few rows into every table that has none, as far as constraints let plain values pass.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn seed(&mut self) -> Result<(), Failure> {
        self.seed_by(SEED, EVER, &[], None).await
    }

    /// The same with values that fit a script, and no NULL.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn seed_fitting(&mut self, hints: &Hints) -> Result<(), Failure> {
        self.seed_by(SEED, EVER, &[], Some(hints)).await
    }

    /// The same for some tables.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn seed_some(&mut self, tables: &[Qualified<'_>]) -> Result<(), Failure> {
        if tables.is_empty() {
            return Ok(());
        }
        self.seed_by(SEED, EVER, tables, None).await
    }

    /// Keeps the function that [`seed_new`](Self::seed_new) calls, so that it is planned once. It ends with the session.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn prepare_seed(&mut self) -> Result<(), Failure> {
        let head =
            "CREATE FUNCTION pg_temp.glowplug_seed() RETURNS void LANGUAGE plpgsql AS $seed$";
        let function = SEED.replacen("DO $seed$", head, 1);
        for reply in self.exchange(&[Message::Batch(&function)], &mut |_| {}).await {
            reply?;
        }
        Ok(())
    }

    /// As [`seed`](Self::seed), for tables that were made since the transaction `since`.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn seed_new(&mut self, since: &str) -> Result<(), Failure> {
        let call = "SELECT pg_temp.glowplug_seed()";
        self.seed_by(call, since, &[], None).await
    }

    async fn seed_by(
        &mut self,
        call: &str,
        since: &str,
        tables: &[Qualified<'_>],
        hints: Option<&Hints>,
    ) -> Result<(), Failure> {
        let settings = guard::fixed_settings();
        // as format('%I.%I') writes them
        let names = tables.iter().map(|it| {
            format!("format('%I.%I', {}::text, {}::text)", Literal(it.schema), Literal(it.name))
        });
        let names: Vec<String> = names.collect();
        let only = format!(
            "SELECT set_config('glowplug.seeded_tables', array_to_string(ARRAY[{}]::text[], chr(1)), true)",
            names.join(", ")
        );
        let since = format!("SET LOCAL glowplug.seeded = {}", Literal(since));
        let hints = hints.map(Hints::json).unwrap_or_default();
        let hints = format!("SET LOCAL glowplug.seed_hints = {}", Literal(&hints));
        let messages = [
            Message::Batch("BEGIN"),
            // what would be refused at COMMIT is refused where rows can still be left out
            Message::Batch("SET CONSTRAINTS ALL IMMEDIATE"),
            Message::Batch(&hints),
            Message::Batch(&settings),
            // what indexes, checks and columns call finds its tables as it does for those who write rows
            Message::Batch("SET LOCAL search_path TO DEFAULT"),
            Message::Batch(&since),
            Message::Batch(&only),
            Message::Batch(call),
            Message::Batch("COMMIT"),
        ];
        for reply in self.exchange(&messages, &mut |_| {}).await {
            reply?;
        }
        Ok(())
    }
}

//! Rows for a throwaway database, so that what migrations do to rows can be seen.

use crate::postgres::{
    guard,
    session::{Failure, Message, Session},
};

impl Session<'_> {
    /// Puts a few rows into every table that has none, as far as constraints let plain values pass.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn seed(&mut self) -> Result<(), Failure> {
        let pins = guard::pins();
        let messages = [
            Message::Batch("BEGIN"),
            Message::Batch(&pins),
            Message::Batch(include_str!("seed.sql")),
            Message::Batch("COMMIT"),
        ];
        for reply in self.exchange(&messages, &mut |_| {}).await {
            reply?;
        }
        Ok(())
    }
}

//! Looks up texts in the dictionaries without storing clicks, for the benchmark.

use super::{Storage, StorageError};
use crate::click::ClickBatch;

impl Storage {
    /// Looks up every text of `clicks` in the dictionaries as [`Storage::store`] does, and adds new texts. Stores no click.
    ///
    /// # Errors
    /// The database cannot be written. Nothing has changed then.
    pub fn intern_texts(&self, clicks: &ClickBatch) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, dictionaries| {
                for click in clicks.iter() {
                    dictionaries.user(connection, click.user_id)?;
                    dictionaries.url(connection, click.url)?;
                    dictionaries.place(connection, click.country, click.city)?;
                    dictionaries.agent(connection, click.browser, click.os, click.device)?;
                }
                Ok(())
            })
        })
    }
}

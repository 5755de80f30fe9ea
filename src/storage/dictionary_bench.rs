//! Dictionary coding by itself, for measurements.

use super::{Storage, StorageError};
use crate::click::ClickBatch;

impl Storage {
    /// Codes every text of `clicks` as [`Storage::store`] does, and stores no click. Texts that are new are in the
    /// dictionaries afterwards.
    ///
    /// # Errors
    /// The database cannot be written; nothing of the batch is in it then.
    #[doc(hidden)]
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

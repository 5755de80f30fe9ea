//! Writes documents: each batch in one transaction, and only greater versions replace a document.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql, Transaction, TransactionBehavior, params};

use super::failure::Failure;
use crate::search::{BulkOutcome, Document, ItemFailure};

const FIND_URL: &str = "SELECT id FROM urls WHERE url = ?1";
const ADD_URL: &str = "INSERT INTO urls (url) VALUES (?1)";
const ADD_URL_PARTS: &str = "INSERT INTO url_parts (rowid, url) VALUES (?1, ?2)";
const UPDATE_PAGE: &str = "UPDATE pages SET clicks = ?3, unique_users = ?4, avg_time_spent = ?5, first_seen = ?6,
    last_seen = ?7, updated_at = ?8, version = ?9 WHERE url_id = ?1 AND country = ?2 AND version < ?9";
const ADD_PAGE: &str =
    "INSERT INTO pages (url_id, country, clicks, unique_users, avg_time_spent, first_seen, last_seen,
    updated_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (url_id, country) DO NOTHING";

/// Writes `documents` in one transaction, which is on the disk when this returns.
pub(super) fn upsert(writer: &mut Connection, documents: &[Document]) -> Result<BulkOutcome, Failure> {
    let mut outcome = BulkOutcome::default();
    if documents.is_empty() {
        return Ok(outcome);
    }
    // Immediate: a transaction that begins with a read fails to write if another process has written meanwhile.
    let change = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut added: i64 = 0;
    {
        let mut statements = Statements::prepare(&change)?;
        let mut known: HashMap<&str, i64> = HashMap::new();
        for (position, document) in in_order_of_the_table(documents) {
            let Some(figures) = Figures::of(document) else {
                outcome.rejected.push(ItemFailure {
                    position,
                    status: 400,
                    reason: "clicks, unique_users or version does not fit into a signed 64-bit number".to_owned(),
                });
                continue;
            };
            let (url_id, new_url) = match known.get(document.url.as_str()) {
                Some(id) => (*id, false),
                None => {
                    let (id, new_url) = statements.url_id(&document.url)?;
                    known.insert(&document.url, id);
                    (id, new_url)
                }
            };
            match statements.write(url_id, new_url, document, &figures)? {
                Written::Added => added += 1,
                Written::Replaced => {}
                Written::Skipped => outcome.conflicts += 1,
            }
        }
        if added > 0 {
            change.execute("UPDATE totals SET documents = documents + ?1", [added])?;
        }
    }
    change.commit()?;
    Ok(outcome)
}

/// The documents with their positions, so that those of a url come together: they are neighbours in the table, too.
fn in_order_of_the_table(documents: &[Document]) -> Vec<(usize, &Document)> {
    let mut ordered: Vec<_> = documents.iter().enumerate().collect();
    ordered.sort_by(|(_, one), (_, other)| (&one.url, &one.country).cmp(&(&other.url, &other.country)));
    ordered
}

/// Deletes every document in one transaction, and shrinks the file. Returns how many documents there were.
pub(super) fn clear(writer: &mut Connection) -> Result<u64, Failure> {
    let change = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let documents: i64 = change.query_row("SELECT COUNT(*) FROM pages", [], |row| row.get(0))?;
    // The full-text index comes first, because it reads the urls.
    change.execute_batch(
        "INSERT INTO url_parts (url_parts) VALUES ('delete-all'); DELETE FROM pages; DELETE FROM urls;
         UPDATE totals SET documents = 0;",
    )?;
    change.commit()?;
    // This fails while another connection reads. The file uses the free pages later in any case.
    if let Err(error) = writer.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);") {
        tracing::warn!(target: "index", "the file of the embedded index keeps the space of deleted documents: {error}");
    }
    Ok(documents.unsigned_abs())
}

/// The counts, as SQLite can store them.
struct Figures {
    clicks: i64,
    unique_users: i64,
    version: i64,
}

impl Figures {
    fn of(document: &Document) -> Option<Self> {
        Some(Self {
            clicks: document.clicks.try_into().ok()?,
            unique_users: document.unique_users.try_into().ok()?,
            version: document.version.try_into().ok()?,
        })
    }
}

/// What happened to a document.
enum Written {
    Added,
    Replaced,
    /// The index holds the same or a newer version.
    Skipped,
}

struct Statements<'t> {
    change: &'t Transaction<'t>,
    find_url: CachedStatement<'t>,
    add_url: CachedStatement<'t>,
    add_url_parts: CachedStatement<'t>,
    update_page: CachedStatement<'t>,
    add_page: CachedStatement<'t>,
    /// The last document was added. The next one probably has to be, too.
    adds: bool,
}

impl<'t> Statements<'t> {
    fn prepare(change: &'t Transaction<'t>) -> Result<Self, Failure> {
        Ok(Self {
            change,
            find_url: change.prepare_cached(FIND_URL)?,
            add_url: change.prepare_cached(ADD_URL)?,
            add_url_parts: change.prepare_cached(ADD_URL_PARTS)?,
            update_page: change.prepare_cached(UPDATE_PAGE)?,
            add_page: change.prepare_cached(ADD_PAGE)?,
            adds: false,
        })
    }

    /// The id of the url, and whether the url is new.
    fn url_id(&mut self, url: &str) -> Result<(i64, bool), Failure> {
        if let Some(id) = self.find_url.query_row([url], |row| row.get(0)).optional()? {
            return Ok((id, false));
        }
        self.add_url.execute([url])?;
        let id = self.change.last_insert_rowid();
        self.add_url_parts.execute(params![id, url])?;
        Ok((id, true))
    }

    fn write(
        &mut self,
        url_id: i64,
        new_url: bool,
        document: &Document,
        figures: &Figures,
    ) -> Result<Written, Failure> {
        let first_seen = document.first_seen.as_millis();
        let last_seen = document.last_seen.as_millis();
        let updated_at = document.updated_at.as_millis();
        let values: [&dyn ToSql; 9] = [
            &url_id,
            &document.country,
            &figures.clicks,
            &figures.unique_users,
            &document.avg_time_spent,
            &first_seen,
            &last_seen,
            &updated_at,
            &figures.version,
        ];
        // A good guess costs one look-up, a wrong one two.
        for adds in [new_url || self.adds, !(new_url || self.adds)] {
            let statement = if adds { &mut self.add_page } else { &mut self.update_page };
            if statement.execute(&values[..])? > 0 {
                self.adds = adds;
                return Ok(if adds { Written::Added } else { Written::Replaced });
            }
        }
        Ok(Written::Skipped)
    }
}

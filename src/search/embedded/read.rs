//! Searches and counts documents.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::failure::Failure;
use crate::click::Timestamp;
use crate::protocol::snapshot::Health;
use crate::search::{Document, EngineStatus, SearchQuery};

const COLUMNS: &str = "SELECT urls.url, pages.country, pages.clicks, pages.unique_users, pages.avg_time_spent,
    pages.first_seen, pages.last_seen, pages.updated_at, pages.version";
const ORDER: &str = "(?1 IS NULL OR pages.country = ?1) ORDER BY pages.clicks DESC, urls.url, pages.country LIMIT ?2";

/// The most trigrams in a query. These are enough to find few candidates; more would take longer to look up than they save.
const MAX_TRIGRAMS: usize = 24;

/// Documents whose url contains the text, most clicks first.
pub(super) fn search(reader: &Connection, query: &SearchQuery) -> Result<Vec<Document>, Failure> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let country = query.country.as_deref();
    // SQLite's `lower` and this function change the same letters: A to Z. `instr` takes every character literally.
    let text = query.text.to_ascii_lowercase();
    let trigrams = trigram_query(&text);
    if text.is_empty() {
        let sql = format!("{COLUMNS} FROM pages JOIN urls ON urls.id = pages.url_id WHERE {ORDER}");
        collect(reader, &sql, params![country, limit])
    } else if trigrams.is_empty() {
        // CROSS JOIN fixes the join order: each url is compared once, then its pages are looked up.
        let sql = format!(
            "{COLUMNS} FROM urls CROSS JOIN pages ON pages.url_id = urls.id WHERE instr(lower(urls.url), ?3) > 0 AND {ORDER}"
        );
        collect(reader, &sql, params![country, limit, text])
    } else {
        // Here as well: from the few urls that match to their pages.
        let sql = format!(
            "{COLUMNS} FROM url_parts CROSS JOIN urls ON urls.id = url_parts.rowid
             CROSS JOIN pages ON pages.url_id = urls.id
             WHERE url_parts MATCH ?4 AND instr(lower(urls.url), ?3) > 0 AND {ORDER}"
        );
        collect(reader, &sql, params![country, limit, text, trigrams])
    }
}

/// The document of `url` and `country`.
pub(super) fn get(reader: &Connection, url: &str, country: &str) -> Result<Option<Document>, Failure> {
    let sql =
        format!("{COLUMNS} FROM urls JOIN pages ON pages.url_id = urls.id WHERE urls.url = ?1 AND pages.country = ?2");
    Ok(reader.prepare_cached(&sql)?.query_row(params![url, country], document).optional()?)
}

/// A full-text query that every url containing `text` matches. It consists of trigrams of the text, quoted so that they are not read as
/// query syntax. Empty if the text is shorter than a trigram.
///
/// The tokenizer skips NUL, so this does too. Neighbouring trigrams overlap, so every third one and the last are enough to cover the text.
fn trigram_query(text: &str) -> String {
    let characters: Vec<char> = text.chars().filter(|c| *c != '\0').collect();
    let last = characters.len().checked_sub(3);
    let mut query = String::new();
    let windows = characters.windows(3).enumerate();
    for (_, trigram) in windows.filter(|(at, _)| at % 3 == 0 || Some(*at) == last).take(MAX_TRIGRAMS) {
        if !query.is_empty() {
            query.push_str(" AND ");
        }
        query.push('"');
        for c in trigram {
            if *c == '"' {
                query.push('"');
            }
            query.push(*c);
        }
        query.push('"');
    }
    query
}

fn collect(reader: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Document>, Failure> {
    let mut statement = reader.prepare_cached(sql)?;
    let documents = statement.query_map(values, document)?.collect::<Result<_, _>>()?;
    Ok(documents)
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        url: row.get(0)?,
        country: row.get(1)?,
        clicks: count(row, 2)?,
        unique_users: count(row, 3)?,
        avg_time_spent: row.get(4)?,
        first_seen: Timestamp::from_millis(row.get(5)?),
        last_seen: Timestamp::from_millis(row.get(6)?),
        updated_at: Timestamp::from_millis(row.get(7)?),
        version: count(row, 8)?,
    })
}

/// The column only holds counts; a negative number is damage.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// How many documents the index holds.
pub(super) fn documents(reader: &Connection) -> Result<u64, Failure> {
    Ok(reader.prepare_cached("SELECT documents FROM totals")?.query_row([], |row| count(row, 0))?)
}

/// The number of documents, and the size of the file with its write-ahead log.
pub(super) fn status(reader: &Connection, file: &Path) -> Result<EngineStatus, Failure> {
    let documents = documents(reader)?;
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    // The log does not exist if nothing was written since it was checkpointed.
    let log_bytes = std::fs::metadata(Path::new(&log)).map_or(0, |metadata| metadata.len());
    let bytes = std::fs::metadata(file)?.len().saturating_add(log_bytes);
    Ok(EngineStatus { health: Health::Green, documents, bytes: Some(bytes) })
}

#[cfg(test)]
mod tests {
    use super::trigram_query;

    #[test]
    fn the_trigrams_cover_the_text() {
        assert_eq!(trigram_query("abcdefgh"), r#""abc" AND "def" AND "fgh""#);
        assert_eq!(trigram_query("abc"), r#""abc""#);
        assert_eq!(trigram_query("ab"), "");
        assert_eq!(trigram_query("é😀ß"), r#""é😀ß""#);
    }

    #[test]
    fn query_syntax_is_quoted() {
        assert_eq!(trigram_query(r#"a"*"#), r#""a""*""#);
        assert_eq!(trigram_query("a\0b"), "");
    }
}

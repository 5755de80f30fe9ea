//! `clicktop top`: the figures so far.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::args::{Limit, TopArgs, TopFormat};
use super::country::{self, Choice};
use super::grouped::{self, Grouping};
use super::output::{Output, complain};
use super::setup;
use super::table::{json_rows, six_decimals, table, width};
use crate::config::Settings;
use crate::protocol::SortBy;
use crate::protocol::view::RowOrder;
use crate::storage::{DATABASE_FILE, Page, Reader};
use crate::text::{no_formula, printable};

/// Prints the figures as `args` ask. A running pipeline is not disturbed.
///
/// # Errors
/// There is no database, or stdout is closed.
pub(super) fn run(settings: &Settings, args: &TopArgs, out: &mut Output) -> anyhow::Result<()> {
    let directory = setup::data_dir(settings, "")?;
    let mut reader = Reader::open(&directory.join(DATABASE_FILE))?;
    let limit = match args.limit {
        Limit::Rows(rows) => Some(rows.get() as u64),
        Limit::All => None,
    };
    let country = match &args.country {
        None => Choice::All,
        Some(typed) => country::choose(typed, reader.countries()?),
    };
    if let Some(by) = args.group_by {
        let rules = settings.aggregate.figure_rules();
        return grouped::run(args, Grouping { by, country, rules }, &mut reader, out);
    }
    let order = RowOrder { sort: args.by, min_timed: args.min_timed };
    // Whoever asks for the times sees of how many clicks they are.
    let has_timed = args.by == SortBy::Time;
    let pages = match &country {
        Choice::All => reader.top(None, order, limit)?,
        Choice::One(name) => reader.top(Some(name), order, limit)?,
        Choice::None { .. } => Vec::new(),
    };
    let on_terminal = out.is_terminal();
    let mut out = io::BufWriter::new(out);
    if pages.is_empty() {
        let why = country.nothing(reader.page_count()? > 0);
        match args.format {
            TopFormat::Table => writeln!(out, "{why}")?,
            // A program that reads them gets a table without rows.
            TopFormat::Csv | TopFormat::Json => complain(&why),
        }
    }
    match args.format {
        TopFormat::Table if pages.is_empty() => {}
        TopFormat::Table => table(&pages, has_timed, width(on_terminal && !args.wide), &mut out)?,
        TopFormat::Csv => csv(&pages, has_timed, on_terminal, &mut out)?,
        TopFormat::Json => json(&pages, has_timed, &mut out)?,
    }
    Ok(out.flush()?)
}

#[derive(Serialize)]
struct Row<'a> {
    url: &'a str,
    country: &'a str,
    clicks: u64,
    unique_users: u64,
    avg_time_spent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timed: Option<u64>,
}

impl<'a> Row<'a> {
    fn of(page: &'a Page, has_timed: bool) -> Self {
        Self {
            url: &page.url,
            country: &page.country,
            clicks: page.clicks,
            unique_users: page.unique_users,
            avg_time_spent: page.avg_time_spent,
            timed: has_timed.then_some(page.timed),
        }
    }
}

fn json(pages: &[Page], has_timed: bool, out: &mut impl Write) -> anyhow::Result<()> {
    json_rows(pages.iter().map(|page| Row::of(page, has_timed)), out)
}

fn csv(pages: &[Page], has_timed: bool, on_terminal: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let columns = ["url", "country", "clicks", "unique_users", "avg_time_spent", "timed"];
    let shown = if has_timed { 6 } else { 5 };
    csv.write_record(columns.iter().take(shown))?;
    for page in pages {
        let (url, country) = (no_formula(&page.url), no_formula(&page.country));
        let (url, country) = match on_terminal {
            true => (printable(&url), printable(&country)),
            false => (Cow::Borrowed(&*url), Cow::Borrowed(&*country)),
        };
        let average = page.avg_time_spent.map(six_decimals).unwrap_or_default();
        let (clicks, users, timed) = (page.clicks.to_string(), page.unique_users.to_string(), page.timed.to_string());
        let values: [&str; 6] = [&url, &country, &clicks, &users, &average, &timed];
        csv.write_record(values.iter().take(shown))?;
    }
    csv.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Timestamp;
    use crate::storage::figures::IndexCursor;

    fn page(url: &str, average: Option<f64>) -> Page {
        let at = Timestamp::from_millis(0);
        Page {
            at: IndexCursor::default(),
            url: url.into(),
            country: "FR".into(),
            clicks: 3,
            unique_users: 2,
            avg_time_spent: average,
            timed: u64::from(average.is_some()),
            first_seen: at,
            last_seen: at,
        }
    }

    fn printed(print: impl FnOnce(&mut Vec<u8>) -> anyhow::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_quotes_what_needs_it_and_cuts_zeros() {
        let pages = [page("/a,b", Some(9.825)), page("/b", None), page("/c", Some(20.0))];
        let text = printed(|out| csv(&pages, false, false, out));
        assert_eq!(
            text,
            "url,country,clicks,unique_users,avg_time_spent\n\"/a,b\",FR,3,2,9.825\n/b,FR,3,2,\n/c,FR,3,2,20\n"
        );
    }

    #[test]
    fn csv_holds_no_formula() {
        let text = printed(|out| csv(&[page("=HYPERLINK(\"http://a\")", None)], false, false, out));
        assert!(text.contains("\n\"'=HYPERLINK("), "{text}");
    }

    #[test]
    fn json_is_an_array_of_rows_and_null_without_a_time() {
        let text = printed(|out| json(&[page("/a", Some(1.5)), page("/b", None)], false, out));
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(rows[0]["avg_time_spent"], 1.5);
        assert!(rows[1]["avg_time_spent"].is_null());
        assert!(rows[0].get("timed").is_none());
        assert_eq!(printed(|out| json(&[], false, out)), "[\n]\n");
    }

    #[test]
    fn whoever_asks_for_the_times_sees_of_how_many_clicks_they_are() {
        let pages = [page("/a", Some(1.5)), page("/b", None)];
        let rows: serde_json::Value = serde_json::from_str(&printed(|out| json(&pages, true, out))).unwrap();
        assert_eq!((&rows[0]["timed"], &rows[1]["timed"]), (&1.into(), &0.into()));
        let text = printed(|out| csv(&pages, true, false, out));
        assert!(text.starts_with("url,country,clicks,unique_users,avg_time_spent,timed\n/a,FR,3,2,1.5,1\n"), "{text}");
        assert!(printed(|out| table(&pages, true, None, out)).contains("AVG TIME  TIMED"));
    }

    #[test]
    fn no_format_lets_an_escape_sequence_reach_a_terminal() {
        let pages = [page("/\u{1b}[2J\u{9b}31m", None)];
        for text in [
            printed(|out| table(&pages, true, None, out)),
            printed(|out| json(&pages, true, out)),
            printed(|out| csv(&pages, true, true, out)),
        ] {
            assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text:?}");
        }
    }
}

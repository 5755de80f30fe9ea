//! `clicktop top --group-by`: the clicks by one of their dimensions.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::args::{Limit, TopArgs, TopFormat};
use super::country::Choice;
use super::output::{Output, ProgressLine, complain};
use super::table::{TextTable, average, json_rows, six_decimals, text_table, width};
use crate::click::Timestamp;
use crate::engine::local::query::breakdown::count_breakdown;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, BreakdownRow};
use crate::protocol::{Dimension, SortBy};
use crate::storage::Reader;
use crate::storage::figures::AggregateSettings;
use crate::text::{no_formula, printable};

/// What to group, besides the flags.
pub(super) struct Grouping {
    pub(super) by: Dimension,
    pub(super) country: Choice,
    /// The rules of the settings, for a database whose figures were never written.
    pub(super) rules: AggregateSettings,
}

/// Prints the groups as `args` ask.
///
/// # Errors
/// The database cannot be read, the clicks do not fit into memory, or stdout is closed.
pub(super) fn run(
    args: &TopArgs,
    Grouping { by, country, rules }: Grouping,
    reader: &mut Reader,
    out: &mut Output,
) -> anyhow::Result<()> {
    let name = match &country {
        Choice::All => None,
        Choice::One(name) => Some(name.clone()),
        Choice::None { typed, .. } => Some(typed.clone()),
    };
    let limit = match args.limit {
        Limit::Rows(rows) => rows.get(),
        Limit::All => usize::MAX,
    };
    let question = BreakdownQuestion {
        by,
        country: name,
        url: args.url.clone(),
        window: args.window,
        sort: args.by,
        min_timed: args.min_timed,
        limit,
    };
    // A gap has the limit that the figures have.
    let timeout = reader.aggregate_state()?.map_or(rules, |state| state.settings).session_timeout_ms;
    let has_figures = reader.page_count()? > 0;
    anyhow::ensure!(
        !has_figures || reader.last_click()? > 0,
        "the clicks of these figures are not in this database but in Spark; group them there with SQL"
    );
    let mut line = ProgressLine::new();
    let counted = count_breakdown(&question, timeout, Timestamp::now(), reader, |percent| {
        line.show(&format!("counting, {percent} %"));
    });
    line.clear();
    let breakdown = counted?;
    if let Some(since) = breakdown.since {
        complain(&format!("older clicks are deleted: these are the clicks from {since} on"));
    }
    let on_terminal = out.is_terminal();
    let mut out = io::BufWriter::new(out);
    if breakdown.rows.is_empty() {
        let why = match &args.url {
            Some(url) if reader.url_id(url)?.is_none() => format!("no clicks on {}", printable(url)),
            _ => country.nothing(has_figures),
        };
        match args.format {
            TopFormat::Table => writeln!(out, "{why}")?,
            TopFormat::Csv | TopFormat::Json => complain(&why),
        }
    }
    let with_timed = args.by == SortBy::Time;
    match args.format {
        TopFormat::Table if breakdown.rows.is_empty() => {}
        TopFormat::Table => {
            text_table(table_of(by, &breakdown, with_timed), width(on_terminal && !args.wide), &mut out)?;
        }
        TopFormat::Csv => csv(by, &breakdown.rows, with_timed, on_terminal, &mut out)?,
        TopFormat::Json => json(by, &breakdown.rows, with_timed, &mut out)?,
    }
    Ok(out.flush()?)
}

/// The title of the column with the values.
const fn head(by: Dimension) -> &'static str {
    match by {
        Dimension::Url => "URL",
        Dimension::Country => "COUNTRY",
        Dimension::City => "CITY",
        Dimension::Browser => "BROWSER",
        Dimension::Os => "OS",
        Dimension::Device => "DEVICE",
    }
}

fn table_of(by: Dimension, breakdown: &Breakdown, with_timed: bool) -> TextTable {
    let mut heads = vec![head(by)];
    let texts = if by == Dimension::City { 2 } else { 1 };
    if by == Dimension::City {
        heads.push("COUNTRY");
    }
    heads.extend(["CLICKS", "SHARE", "USERS", "AVG TIME"]);
    heads.extend(with_timed.then_some("TIMED"));
    let row = |row: &BreakdownRow| {
        let mut cells = vec![printable(&row.value).into_owned()];
        cells.extend(row.country.as_deref().map(|country| printable(country).into_owned()));
        let share = row.figures.clicks as f64 / (breakdown.total.clicks as f64).max(1.0);
        cells.extend([
            row.figures.clicks.to_string(),
            format!("{:.1} %", share * 100.0),
            row.figures.unique_users.to_string(),
            average(row.figures.avg_time_spent),
        ]);
        cells.extend(with_timed.then(|| row.figures.timed.to_string()));
        cells
    };
    TextTable { heads, texts, rows: breakdown.rows.iter().map(row).collect() }
}

/// A row as JSON, with its value under the name of the dimension.
struct Object<'a> {
    by: Dimension,
    row: &'a BreakdownRow,
    with_timed: bool,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { by, row: BreakdownRow { value, country, figures }, with_timed } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(by.name(), value)?;
        if let Some(country) = country {
            map.serialize_entry("country", country)?;
        }
        map.serialize_entry("clicks", &figures.clicks)?;
        map.serialize_entry("unique_users", &figures.unique_users)?;
        map.serialize_entry("avg_time_spent", &figures.avg_time_spent)?;
        if *with_timed {
            map.serialize_entry("timed", &figures.timed)?;
        }
        map.end()
    }
}

fn json(by: Dimension, rows: &[BreakdownRow], with_timed: bool, out: &mut impl Write) -> anyhow::Result<()> {
    json_rows(rows.iter().map(|row| Object { by, row, with_timed }), out)
}

fn csv(
    by: Dimension,
    rows: &[BreakdownRow],
    with_timed: bool,
    on_terminal: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let texts: &[&str] = if by == Dimension::City { &["city", "country"] } else { &[by.name()] };
    let names = ["clicks", "unique_users", "avg_time_spent"];
    csv.write_record(texts.iter().chain(&names).copied().chain(with_timed.then_some("timed")))?;
    for row in rows {
        let text = |text: &str| {
            let text = no_formula(text);
            match on_terminal {
                true => printable(&text).into_owned(),
                false => text.into_owned(),
            }
        };
        let mut record = vec![text(&row.value)];
        record.extend(row.country.as_deref().map(text));
        let figures = row.figures;
        record.extend([
            figures.clicks.to_string(),
            figures.unique_users.to_string(),
            figures.avg_time_spent.map(six_decimals).unwrap_or_default(),
        ]);
        record.extend(with_timed.then(|| figures.timed.to_string()));
        csv.write_record(record)?;
    }
    csv.flush()?;
    Ok(())
}

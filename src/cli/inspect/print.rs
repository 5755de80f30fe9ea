//! Prints what `inspect` finds, in tables that fit into the terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::source::Source;
use crate::cli::output::Output;
use crate::cli::table::cut;
use crate::config::Loaded;
use crate::inspect::{Field, Fields, Judged, Looked, Reason, count, percent};
use crate::text::plural;
use crate::text::printable;

/// The most fields that are listed.
const LISTED: usize = 60;
/// The most columns of a field's name beside its values.
const NAME: usize = 32;
/// The most reasons and countries that are listed.
const REASONS: usize = 8;
const COUNTRIES: usize = 8;
/// Between two columns.
const GAP: &str = "  ";

/// What a mapping makes of the events.
pub(super) struct Verdict {
    pub(super) judged: Judged,
    /// The records, each of which may hold several events.
    pub(super) records: usize,
}

/// The report on one source.
pub(super) struct Report<'a> {
    out: &'a mut Output,
    columns: usize,
}

impl<'a> Report<'a> {
    /// A report that is `columns` wide.
    pub(super) fn new(out: &'a mut Output, columns: usize) -> Self {
        Self { out, columns }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A paragraph, wrapped.
    fn say(&mut self, text: &str) -> io::Result<()> {
        for line in textwrap::wrap(text, self.columns) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Rows under a head, as wide as they need to be. The last column takes the room that is left. Columns whose head ends with a
    /// blank are numbers.
    fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) -> io::Result<()> {
        let widths: Vec<usize> = (0..N)
            .map(|at| {
                let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width());
                let cells = cells.filter(|width| at > 0 || *width <= NAME);
                cells.chain(head.get(at).map(|head| head.trim_end().width())).max().unwrap_or(0)
            })
            .collect();
        let before: usize = widths.iter().take(N - 1).map(|width| width + GAP.len()).sum();
        let room = self.columns.saturating_sub(before).max(10);
        let head_row = head.map(|head| head.trim_end().to_owned());
        for row in [&head_row].into_iter().chain(rows) {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if at == 0 && cell.width() > *width {
                    // A long name has a line of its own.
                    self.line(cell)?;
                    line += &" ".repeat(width + GAP.len());
                    continue;
                }
                let blanks = " ".repeat(width.saturating_sub(cell.width()));
                let is_number = head.get(at).is_some_and(|head| head.ends_with(' '));
                let mut cell = cell.clone();
                match at + 1 == N {
                    true => {
                        cut(&mut cell, room);
                        line += &cell;
                    }
                    false if is_number => line += &format!("{blanks}{cell}{GAP}"),
                    false => line += &format!("{cell}{blanks}{GAP}"),
                }
            }
            self.line(line.trim_end())?;
        }
        self.line("")
    }

    /// What is looked at.
    pub(super) fn subject(&mut self, source: &Source, looked: &Looked, events: usize) -> io::Result<()> {
        let form = looked.written.describe();
        let container = source.container.map_or_else(String::new, |container| format!("{container}, "));
        let which = match source.is_all {
            true => format!("all {} {}", count(events), plural(events, "record", "records")),
            false => format!("{} {} {}", source.which, count(events), plural(events, "record", "records")),
        };
        self.say(&format!("{}: {form}; {container}{which}", source.name))?;
        if let Some(unread) = &source.unread {
            self.say(unread)?;
        }
        self.line("")
    }

    /// Every field with its values.
    pub(super) fn fields(&mut self, fields: &Fields) -> io::Result<()> {
        let row = |field: &Field| {
            let name = printable(&field.label).into_owned();
            let values: Vec<_> = field.values.iter().take(3).map(|value| printable(value)).collect();
            let share = percent(field.filled, fields.events);
            [name, field.kind().name().to_owned(), share, count(field.distinct), values.join(", ")]
        };
        let filled: Vec<&Field> = fields.iter().filter(|field| field.filled > 0).collect();
        let rows: Vec<_> = filled.iter().take(LISTED).map(|field| row(field)).collect();
        self.table(["FIELD", "TYPE", "FILLED ", "VALUES ", "EXAMPLES"], &rows)?;
        let empty: Vec<_> =
            fields.iter().filter(|field| field.filled == 0).map(|field| printable(&field.label)).collect();
        let unlisted = filled.len().saturating_sub(LISTED);
        if unlisted > 0 || fields.is_cut {
            let or_more = if fields.is_cut { " or more" } else { "" };
            self.say(&format!(
                "{}{or_more} other {} not listed.",
                count(unlisted),
                plural(unlisted, "field is", "fields are")
            ))?;
            self.line("")?;
        }
        if !empty.is_empty() {
            let shown: Vec<_> = empty.iter().take(10).map(|label| label.as_ref()).collect();
            let more = if empty.len() > 10 { format!(" and {} more", empty.len() - 10) } else { String::new() };
            self.say(&format!("Always empty: {}{more}.", shown.join(", ")))?;
            self.line("")?;
        }
        Ok(())
    }

    /// The settings already hold a mapping.
    pub(super) fn given(&mut self, preset: Option<&str>, loaded: &Loaded) -> io::Result<()> {
        let of_preset = preset.map_or_else(String::new, |preset| format!(" with the preset {preset}"));
        let origin = loaded
            .file
            .as_ref()
            .map_or_else(String::new, |file| format!(" (settings from {})", printable(&file.display().to_string())));
        self.say(&format!("The settings already say how to read them{of_preset}{origin}. This is what comes of it:"))?;
        self.line("")
    }

    /// The events are clicks of our own.
    pub(super) fn nine(&mut self) -> io::Result<()> {
        self.say("These are clicktop's own nine fields. It reads them without any setting.")?;
        self.line("")
    }

    /// The events are known.
    pub(super) fn known(&mut self, preset: &str, name: &str) -> io::Result<()> {
        self.say(&format!("{name}. The preset {preset} reads it; `clicktop inspect --preset {preset}` prints it."))?;
        self.line("")
    }

    /// The parts of the mapping with their reasons, each wrapped.
    pub(super) fn reasons(&mut self, reasons: &[Reason]) -> io::Result<()> {
        self.line("SETTING     TAKEN FROM, AND WHY")?;
        for Reason { setting, from, why } in reasons {
            let text = format!("{setting:<12}{}: {}", printable(from), printable(why));
            let options = textwrap::Options::new(self.columns).subsequent_indent("            ");
            for line in textwrap::wrap(&text, options) {
                self.line(&line)?;
            }
        }
        self.line("")
    }

    /// What comes of the mapping: clicks, rejects, and what the clicks are about.
    pub(super) fn judged(&mut self, verdict: &Verdict) -> io::Result<()> {
        let judged = &verdict.judged;
        for (number, click) in (1..).zip(&judged.first) {
            let [id, user, time, url, country, city, browser, os, device] =
                click.each_ref().map(|text| printable(text));
            let mut first = format!("click {number}  {time}  user {user}  {url}");
            let mut second = format!("         {country}, {city}; {browser}, {os}, {device}; id {id}");
            cut(&mut first, self.columns);
            cut(&mut second, self.columns);
            self.line(&first)?;
            self.line(&second)?;
        }
        if !judged.first.is_empty() {
            self.line("")?;
        }
        self.say(&format!(
            "{} {}: {} {}, {} left out, {} rejected.",
            count(verdict.records),
            plural(verdict.records, "record", "records"),
            count(judged.clicks),
            plural(judged.clicks, "click", "clicks"),
            count(judged.left_out),
            count(judged.rejected)
        ))?;
        if let Some((first, last)) = judged.times {
            let countries = match judged.countries.as_slice() {
                [] => "no countries".to_owned(),
                countries => {
                    let shown = countries.iter().take(COUNTRIES);
                    let shown: Vec<_> =
                        shown.map(|(name, clicks)| format!("{} {}", printable(name), count(*clicks))).collect();
                    let more = countries.len().saturating_sub(COUNTRIES);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    format!("countries: {}{more}", shown.join(", "))
                }
            };
            self.say(&format!(
                "From {first} to {last}; {} {}, {} {}; {countries}.",
                count(judged.users),
                plural(judged.users, "user", "users"),
                count(judged.urls),
                plural(judged.urls, "url", "urls")
            ))?;
        }
        self.line("")?;
        if !judged.reasons.is_empty() {
            self.say("Rejected:")?;
            for rejection in judged.reasons.iter().take(REASONS) {
                let reason = format!("{}  {}", count(rejection.count), printable(&rejection.reason));
                let options = textwrap::Options::new(self.columns).initial_indent("  ").subsequent_indent("     ");
                for line in textwrap::wrap(&reason, options) {
                    self.line(&line)?;
                }
                let mut example = format!("     for example: {}", rejection.example);
                cut(&mut example, self.columns);
                self.line(&example)?;
            }
            if judged.reasons.len() > REASONS {
                self.line(&format!("  and {} more reasons", judged.reasons.len() - REASONS))?;
            }
            self.line("")?;
        }
        Ok(())
    }

    /// The settings to paste.
    pub(super) fn block(&mut self, block: &str, is_needed: bool) -> io::Result<()> {
        if !is_needed {
            return Ok(());
        }
        self.say("Put this into the config file; --write FILE makes a new one with it:")?;
        self.line("")?;
        self.line(block.trim_end())
    }
}

//! The table the reader is at, for a file: what the console holds as a whole, or what the pipeline hands over.

use serde_json::Value;

use crate::click::Timestamp;
use crate::console::export::table_file::{TableFile, TableOutcome, TableProgress, heads_of, written};
use crate::console::export::{Effect, ExportError, Format, TableRows, check_name};
use crate::console::state::app::{App, Tab};
use crate::console::state::layout::Panel;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::screens::{Screen, current};
use crate::engine::tables::TableOrder;
use crate::protocol::View;
use crate::protocol::answer::RejectRow;
use crate::protocol::board::{PageRow, RecentClick};
use crate::protocol::snapshot::LogLine;
use crate::protocol::table::Table;

/// What the rows of pages are called.
pub(crate) const PAGES: [&str; 5] = ["url", "country", "clicks", "unique_users", "avg_time_spent"];

/// What the columns of rejects are called.
pub(crate) const REJECTS: [&str; 8] =
    ["at", "stage", "topic", "partition", "offset", "reason", "payload", "payload_bytes"];

/// Where the rows of a table are.
enum Rows {
    /// Here, all of them.
    Held(TableRows),
    /// Here are the newest of so many.
    Newest(TableRows, u64),
    /// With the pipeline: the console only has those that people look at.
    Ordered(Table),
}

impl App {
    /// The table here: its name and rows.
    fn extract(&self) -> (&'static str, Rows) {
        let snapshot = &self.shown().snapshot;
        let answers = &snapshot.answers;
        match (self.sheet, self.focus) {
            (Screen::Overview, Panel::Stages) => {
                let heads = vec!["stage", "state", "processed", "rate", "backlog", "errors", "last_error"];
                let rows = snapshot.stages.iter().map(|stage| {
                    vec![
                        stage.id().as_str().into(),
                        stage.state.name().into(),
                        stage.processed.into(),
                        stage.rate.into(),
                        stage.backlog.into(),
                        stage.errors.into(),
                        stage.last_error.clone().into(),
                    ]
                });
                ("stages", held(heads, rows.collect()))
            }
            (Screen::Overview, Panel::Countries) | (Screen::Map, _) => {
                let rows = snapshot.board.countries.iter();
                let rows = rows.map(|row| vec![(*row.country).into(), row.clicks.into(), row.urls.into()]);
                ("countries", held(vec!["country", "clicks", "urls"], rows.collect()))
            }
            (Screen::Overview, Panel::Urls) => {
                let view = View { limit: 0, ..self.browse.view() };
                ("urls", Rows::Ordered(Table::View(view)))
            }
            (Screen::Overview, Panel::Activity) if self.activity.tab == Tab::Recent => {
                ("clicks", Rows::Newest(clicks(&snapshot.recent), snapshot.totals.clicks))
            }
            (Screen::Overview, Panel::Activity) => ("log", Rows::Held(log(snapshot.log.iter()))),
            (Screen::Overview, Panel::Index) => {
                let heads = vec![
                    "target",
                    "engine",
                    "health",
                    "documents",
                    "pending",
                    "bulks",
                    "retries",
                    "throttled",
                    "rejected",
                    "bytes",
                ];
                let index = &snapshot.index;
                let row = vec![
                    index.target.clone().into(),
                    index.engine.clone().into(),
                    self.theme.health(index.health).0.into(),
                    index.documents.into(),
                    index.pending.into(),
                    index.bulks.into(),
                    index.retries.into(),
                    index.throttled.into(),
                    index.rejected.into(),
                    index.bytes.into(),
                ];
                ("index", held(heads, vec![row]))
            }
            (Screen::Log, _) => ("log", Rows::Held(log(self.sheets.lines(&snapshot.log)))),
            (Screen::Partitions, _) => {
                let heads = vec!["partition", "position", "stored", "low", "high", "lag", "paused"];
                let rows = snapshot.partitions.iter().map(|row| {
                    vec![
                        row.partition.into(),
                        row.position.into(),
                        row.stored.into(),
                        row.low.into(),
                        row.high.into(),
                        row.lag.into(),
                        row.paused.into(),
                    ]
                });
                ("partitions", held(heads, rows.collect()))
            }
            (Screen::Store, _) => {
                let status = serde_json::to_value(&snapshot.store).unwrap_or_default();
                let rows = status.as_object().into_iter().flatten();
                let rows = rows.map(|(name, value)| vec![Value::from(name.as_str()), value.clone()]);
                ("store", held(vec!["name", "value"], rows.collect()))
            }
            (Screen::Rejects, _) => {
                let filter = self.sheets.rejects_filter.text().to_owned();
                ("rejects", Rows::Ordered(Table::Rejects { filter }))
            }
            (Screen::Search, _) => match self.sheets.search_question() {
                Some(question) => ("search", Rows::Ordered(Table::Search(question))),
                None => ("search", Rows::Held(pages(&[]))),
            },
            (Screen::Url, _) => {
                let found = current(answers.page.as_deref(), self.sheets.page_question().as_ref());
                (
                    "url",
                    Rows::Held(pages(found.and_then(|found| found.as_ref().ok()).map_or(&[], |page| &page.countries))),
                )
            }
        }
    }

    /// `urls-20260131-093000.csv`.
    pub(crate) fn export_name(&self) -> String {
        let millis = self.now.duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let at = Timestamp::from_millis(i64::try_from(millis).unwrap_or(0)).to_string();
        let (date, time) = at.split_once('T').unwrap_or((&at, ""));
        let digits =
            |text: &str, most: usize| -> String { text.chars().filter(char::is_ascii_digit).take(most).collect() };
        format!("{}-{}-{}.csv", self.extract().0, digits(date, 8), digits(time, 6))
    }

    /// Has the table or the screen written to the file `name`, or says why not.
    pub(crate) fn export(&mut self, name: &str) {
        match self.export_effect(name.trim()) {
            Ok(effect) => self.effects.push(effect),
            Err(problem) => self.say(problem),
        }
    }

    fn export_effect(&mut self, name: &str) -> Result<Effect, String> {
        let format = check_name(name).map_err(|error: ExportError| error.to_string())?;
        if !matches!(format, Format::Csv | Format::Json) {
            return Ok(Effect::Picture { name: name.to_owned(), format });
        }
        let (extract, of) = match self.extract().1 {
            Rows::Held(extract) => (extract, None),
            Rows::Newest(extract, of) => (extract, Some(of)),
            Rows::Ordered(table) => return self.order(table, name, format),
        };
        let content = extract.text(format).map_err(|error| error.to_string())?;
        Ok(Effect::Write { name: name.to_owned(), content, said: written(extract.rows.len() as u64, of, name) })
    }

    /// Has the pipeline hand `table` over, and a thread write it.
    fn order(&mut self, table: Table, name: &str, format: Format) -> Result<Effect, String> {
        if let Some(writing) = &self.writing {
            return Err(format!("{}: wait for it, or Esc stops it", writing.progress()));
        }
        let heads = heads_of(matches!(table, Table::Rejects { .. }));
        let (order, parts) = TableOrder::new(table);
        let writing = TableProgress::new(name);
        self.writing = Some(writing.clone());
        self.orders.push(order);
        Ok(Effect::Table(TableFile { name: name.to_owned(), format, heads, parts, writing }))
    }

    /// A table is in its file, or will not be.
    pub(crate) fn table_written(&mut self, TableOutcome { said, done }: TableOutcome) {
        self.writing = None;
        let held = if done && self.is_frozen() { "; figures of now, not those held on the screen" } else { "" };
        self.say(format!("{said}{held}"));
    }

    /// Stops the writing of a table; false if none is being written.
    pub(crate) fn cancel_table(&mut self) -> bool {
        self.writing.as_ref().inspect(|writing| writing.cancel()).is_some()
    }

    /// Has the url under the cursor put on the clipboard.
    pub(crate) fn copy_url(&mut self) {
        match self.picked_url() {
            // What is pasted into a shell must hold no line end and no escape.
            Some(url) => self.effects.push(Effect::Copy(crate::text::printable(&url).into_owned())),
            None => self.say("no url is picked: move to one with ↑ ↓"),
        }
    }

    /// The name of the file that is being typed.
    pub(crate) fn export_typed(&self) -> Option<&str> {
        self.typing.as_ref().filter(|typing| typing.line == LinePurpose::Export).map(|typing| typing.text.as_str())
    }
}

fn held(heads: Vec<&'static str>, rows: Vec<Vec<Value>>) -> Rows {
    Rows::Held(TableRows { heads, rows })
}

/// A row of pages.
pub(crate) fn page_cells(row: &PageRow) -> Vec<Value> {
    vec![
        (*row.url).into(),
        (*row.country).into(),
        row.clicks.into(),
        row.unique_users.into(),
        row.avg_time_spent.into(),
    ]
}

/// A row of rejects.
pub(crate) fn reject_cells(row: &RejectRow) -> Vec<Value> {
    vec![
        row.at.to_string().into(),
        row.stage.as_str().into(),
        row.topic.as_str().into(),
        row.partition.into(),
        row.offset.into(),
        row.reason.as_str().into(),
        row.payload.as_str().into(),
        row.payload_bytes.into(),
    ]
}

fn pages(rows: &[PageRow]) -> TableRows {
    TableRows { heads: PAGES.to_vec(), rows: rows.iter().map(page_cells).collect() }
}

fn clicks(rows: &[RecentClick]) -> TableRows {
    let rows = rows.iter().map(|row| {
        vec![
            row.timestamp.to_string().into(),
            row.user_id.as_str().into(),
            row.url.as_str().into(),
            row.country.as_str().into(),
            row.city.as_str().into(),
        ]
    });
    TableRows { heads: vec!["timestamp", "user_id", "url", "country", "city"], rows: rows.collect() }
}

fn log<'a>(lines: impl Iterator<Item = &'a LogLine>) -> TableRows {
    let rows = lines.map(|line| {
        let level = serde_json::to_value(line.level).unwrap_or_default();
        vec![line.at.to_string().into(), level, line.target.as_str().into(), line.message.as_str().into()]
    });
    TableRows { heads: vec!["at", "level", "target", "message"], rows: rows.collect() }
}

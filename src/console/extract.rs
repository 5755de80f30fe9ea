//! The table the reader is at, for a file.

use serde_json::Value;

use super::app::{App, Tab};
use super::export::{Effect, ExportError, Extract, Format, check_name};
use super::layout::Panel;
use super::sheet::{Sheet, current};
use super::typing::Line;
use crate::click::Timestamp;
use crate::pipeline::snapshot::{LogLine, PageRow, RecentClick};

const PAGES: [&str; 5] = ["url", "country", "clicks", "unique_users", "avg_time_spent"];

impl App {
    /// The table here: its name, columns and rows.
    fn extract(&self) -> (&'static str, Extract) {
        let snapshot = &self.shown().snapshot;
        let answers = &snapshot.answers;
        match (self.sheet, self.focus) {
            (Sheet::Overview, Panel::Stages) => {
                let heads = vec!["stage", "state", "processed", "rate", "backlog", "errors", "last_error"];
                let rows = snapshot.stages.iter().map(|(stage, status)| {
                    vec![
                        stage.name().into(),
                        status.state.name().into(),
                        status.processed.into(),
                        status.rate.into(),
                        status.backlog.into(),
                        status.errors.into(),
                        status.last_error.clone().into(),
                    ]
                });
                ("stages", Extract { heads, rows: rows.collect() })
            }
            (Sheet::Overview, Panel::Countries) | (Sheet::Map, _) => {
                let rows = snapshot.board.countries.iter();
                let rows = rows.map(|row| vec![(*row.country).into(), row.clicks.into(), row.urls.into()]);
                ("countries", Extract { heads: vec!["country", "clicks", "urls"], rows: rows.collect() })
            }
            (Sheet::Overview, Panel::Urls) => ("urls", pages(&snapshot.board.pages)),
            (Sheet::Overview, Panel::Activity) if self.activity.tab == Tab::Recent => {
                ("clicks", clicks(&snapshot.recent))
            }
            (Sheet::Overview, Panel::Activity) => ("log", log(snapshot.log.iter())),
            (Sheet::Overview, Panel::Index) => {
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
                ("index", Extract { heads, rows: vec![row] })
            }
            (Sheet::Log, _) => ("log", log(self.sheets.lines(&snapshot.log))),
            (Sheet::Partitions, _) => {
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
                ("partitions", Extract { heads, rows: rows.collect() })
            }
            (Sheet::Store, _) => {
                let status = serde_json::to_value(&snapshot.store).unwrap_or_default();
                let rows = status.as_object().into_iter().flatten();
                let rows = rows.map(|(name, value)| vec![Value::from(name.as_str()), value.clone()]);
                ("store", Extract { heads: vec!["name", "value"], rows: rows.collect() })
            }
            (Sheet::Rejects, _) => {
                let heads = vec!["at", "stage", "topic", "partition", "offset", "reason", "payload", "payload_bytes"];
                let found = answers.rejects.as_ref().and_then(|answer| answer.found.as_ref().ok());
                let rows = found.into_iter().flat_map(|found| self.sheets.rejects_of(&found.rows)).map(|row| {
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
                });
                ("rejects", Extract { heads, rows: rows.collect() })
            }
            (Sheet::Search, _) => {
                let found = self.sheets.results(snapshot).and_then(|found| found.as_ref().ok());
                ("search", pages(found.map_or(&[], Vec::as_slice)))
            }
            (Sheet::Url, _) => {
                let found = current(answers.page.as_deref(), self.sheets.page_question().as_ref());
                ("url", pages(found.and_then(|found| found.as_ref().ok()).map_or(&[], |page| &page.countries)))
            }
        }
    }

    /// `urls-20260131-093000.csv`.
    pub(super) fn export_name(&self) -> String {
        let millis = self.now.duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let at = Timestamp::from_millis(i64::try_from(millis).unwrap_or(0)).to_string();
        let (date, time) = at.split_once('T').unwrap_or((&at, ""));
        let digits =
            |text: &str, most: usize| -> String { text.chars().filter(char::is_ascii_digit).take(most).collect() };
        format!("{}-{}-{}.csv", self.extract().0, digits(date, 8), digits(time, 6))
    }

    /// Has the table or the screen written to the file `name`, or says why not.
    pub(super) fn export(&mut self, name: &str) {
        match self.export_effect(name.trim()) {
            Ok(effect) => self.effects.push(effect),
            Err(problem) => self.say(problem),
        }
    }

    fn export_effect(&self, name: &str) -> Result<Effect, String> {
        let format = check_name(name).map_err(|error: ExportError| error.to_string())?;
        let content = match format {
            Format::Csv => self.extract().1.csv().map_err(|error| error.to_string())?,
            Format::Json => self.extract().1.json(),
            Format::Text | Format::Ansi | Format::Svg => return Ok(Effect::Picture { name: name.to_owned(), format }),
        };
        Ok(Effect::Write { name: name.to_owned(), content })
    }

    /// Has the url under the cursor put on the clipboard.
    pub(super) fn copy_url(&mut self) {
        match self.picked_url() {
            // What is pasted into a shell must hold no line end and no escape.
            Some(url) => self.effects.push(Effect::Copy(crate::text::printable(&url).into_owned())),
            None => self.say("no url is picked: move to one with ↑ ↓"),
        }
    }

    /// The name of the file that is being typed.
    pub(crate) fn export_typed(&self) -> Option<&str> {
        self.typing.as_ref().filter(|typing| typing.line == Line::Export).map(|typing| typing.text.as_str())
    }
}

fn pages(rows: &[PageRow]) -> Extract {
    let rows = rows.iter().map(|row| {
        vec![
            (*row.url).into(),
            (*row.country).into(),
            row.clicks.into(),
            row.unique_users.into(),
            row.avg_time_spent.into(),
        ]
    });
    Extract { heads: PAGES.to_vec(), rows: rows.collect() }
}

fn clicks(rows: &[RecentClick]) -> Extract {
    let rows = rows.iter().map(|row| {
        vec![
            row.timestamp.to_string().into(),
            row.user_id.as_str().into(),
            row.url.as_str().into(),
            row.country.as_str().into(),
            row.city.as_str().into(),
        ]
    });
    Extract { heads: vec!["timestamp", "user_id", "url", "country", "city"], rows: rows.collect() }
}

fn log<'a>(lines: impl Iterator<Item = &'a LogLine>) -> Extract {
    let rows = lines.map(|line| {
        let level = serde_json::to_value(line.level).unwrap_or_default();
        vec![line.at.to_string().into(), level, line.target.as_str().into(), line.message.as_str().into()]
    });
    Extract { heads: vec!["at", "level", "target", "message"], rows: rows.collect() }
}

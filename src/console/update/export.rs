//! Exporting the table or the screen to a file, and copying a url.

use std::time::UNIX_EPOCH;

use serde_json::Value;

use crate::click::Timestamp;
use crate::console::export::{
    ExportColumns, ExportFormat, TableFile, TableOutcome, TableProgress, TableRows, check_name, rows_written,
};
use crate::console::state::activity::ActivityTab;
use crate::console::state::alarm_list::alarm_rows_at;
use crate::console::state::app::App;
use crate::console::state::breakdown;
use crate::console::state::effect::Effect;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::state::screens::{self, cluster, query};
use crate::console::tables::countries::CountryLine;
use crate::console::tables::partitions::PartitionLine;
use crate::console::tables::{
    self, Column, alarms, batches, clicks, countries, executors, export_names, export_row, pages, partitions,
    pipelines, rejects, rounds,
};
use crate::engine::tables::TableOrder;
use crate::protocol::View;
use crate::protocol::snapshot::{IndexStatus, LogLine, Snapshot};
use crate::protocol::table::Table;
use crate::text::printable;

/// Where the rows of a table are.
enum Source {
    /// The console has all of them.
    Console(TableRows),
    /// The console has the newest of so many.
    Newest(TableRows, u64),
    /// The console has the first of so many.
    First(TableRows, u64),
    /// The engine has them; the console has only those that people look at.
    Engine(Table),
}

impl App {
    /// The table on the open screen: its name and its rows.
    fn table(&self) -> (&'static str, Source) {
        let snapshot = &self.engine.frozen_or_live().snapshot;
        match self.screens.open {
            Screen::Overview => self.table_of_panel(snapshot),
            Screen::Map => ("countries", Source::Console(country_rows(snapshot))),
            Screen::Log => ("log", Source::Console(log_rows(self.screens.log.lines(&snapshot.log)))),
            Screen::Partitions => {
                let lines = snapshot.partitions.iter();
                let lines = lines.map(|status| PartitionLine { status: *status, stored_rate: None });
                ("partitions", Source::Console(table_rows(partitions::EXPORTED, lines)))
            }
            Screen::Store => ("store", Source::Console(store_rows(snapshot))),
            Screen::Rejects => {
                let filter = self.screens.rejects_filter.text().to_owned();
                ("rejects", Source::Engine(Table::Rejects { filter }))
            }
            Screen::Search => match self.screens.search_question() {
                Some(question) => ("search", Source::Engine(Table::Search(question))),
                None => ("search", Source::Console(table_rows(pages::EXPORTED, [].into_iter()))),
            },
            Screen::Cluster => {
                let rows = cluster(snapshot).map_or(&[][..], |cluster| &cluster.executors);
                ("executors", Source::Console(table_rows(executors::EXPORTED, rows.iter().cloned())))
            }
            Screen::Query => {
                let rows = query(snapshot).map_or(&[][..], |query| &query.batches);
                ("batches", Source::Console(table_rows(batches::EXPORTED, rows.iter().rev().cloned())))
            }
            Screen::Rounds => {
                let rows = screens::rounds(snapshot).and_then(|rounds| rounds.as_deref().ok()).unwrap_or_default();
                ("rounds", Source::Console(table_rows(rounds::EXPORTED, rows.iter().cloned())))
            }
            Screen::Alarms => {
                let rows = alarm_rows_at(&snapshot.alarms, self.now);
                ("alarms", Source::Console(table_rows(alarms::EXPORTED, rows)))
            }
            Screen::Fleet => {
                let lines = self.fleet.as_ref().map_or(&[][..], |fleet| &fleet.lines);
                ("fleet", Source::Console(table_rows(pipelines::COLUMNS, lines.iter().cloned())))
            }
            Screen::Breakdown => {
                let question = self.screens.breakdown.question(&self.selection);
                let found = breakdown::answer_to(snapshot, &question).and_then(|found| found.as_ref().ok());
                let rows = found.map_or(&[][..], |found| &found.rows);
                let rows = table_rows(&tables::breakdown::exported(question.by), rows.iter().cloned());
                ("breakdown", Source::First(rows, found.map_or(0, |found| found.values)))
            }
            Screen::Url => {
                let details = self.screens.url_details(snapshot).and_then(|details| details.as_ref().ok());
                let by_country = details.map_or(&[][..], |details| &details.countries);
                ("url", Source::Console(table_rows(pages::EXPORTED, by_country.iter().cloned())))
            }
        }
    }

    /// The table of the focused panel.
    fn table_of_panel(&self, snapshot: &Snapshot) -> (&'static str, Source) {
        match self.overview.focus {
            Panel::Stages => ("stages", Source::Console(stage_rows(snapshot))),
            Panel::Countries => ("countries", Source::Console(country_rows(snapshot))),
            Panel::Urls => {
                // No limit: all urls. The engine writes the figures of the window alone.
                let view = View { limit: 0, compare: None, ..self.selection.view() };
                ("urls", Source::Engine(Table::View(view)))
            }
            Panel::Activity if self.overview.activity.tab == ActivityTab::RecentClicks => {
                let newest = table_rows(clicks::EXPORTED, snapshot.recent.iter().cloned());
                ("clicks", Source::Newest(newest, snapshot.totals.clicks))
            }
            Panel::Activity => ("log", Source::Console(log_rows(snapshot.log.iter()))),
            Panel::Index => {
                let health = self.theme.health(snapshot.index.health).0;
                ("index", Source::Console(index_rows(&snapshot.index, health)))
            }
        }
    }

    /// The name that the line begins with: `urls-20260131-093000.csv`.
    pub(super) fn export_name(&self) -> String {
        let millis = self.now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let at = Timestamp::from_millis(i64::try_from(millis).unwrap_or(0)).to_string();
        let (date, time) = at.split_once('T').unwrap_or((&at, ""));
        let digits =
            |text: &str, most: usize| -> String { text.chars().filter(char::is_ascii_digit).take(most).collect() };
        format!("{}-{}-{}.csv", self.table().0, digits(date, 8), digits(time, 6))
    }

    /// Writes the table or the screen to the file `name`, or says why not.
    pub(super) fn export(&mut self, name: &str) {
        match self.export_effect(name.trim()) {
            Ok(effect) => self.outgoing.effects.push(effect),
            Err(problem) => self.say(problem),
        }
    }

    fn export_effect(&mut self, name: &str) -> Result<Effect, String> {
        let format = check_name(name).map_err(|error| error.to_string())?;
        if !matches!(format, ExportFormat::Csv | ExportFormat::Json) {
            return Ok(Effect::WriteScreen { name: name.to_owned(), format });
        }
        let (table, all) = match self.table().1 {
            Source::Console(table) => (table, None),
            Source::Newest(table, all) => (table, Some(("newest", all))),
            Source::First(table, all) => (table, Some(("first", all))),
            Source::Engine(table) => return self.order(table, name, format),
        };
        let content = table.text(format).map_err(|error| error.to_string())?;
        let message = rows_written(table.rows.len() as u64, all, name);
        Ok(Effect::WriteFile { name: name.to_owned(), content, message })
    }

    /// Orders `table` from the engine; a thread writes it.
    fn order(&mut self, table: Table, name: &str, format: ExportFormat) -> Result<Effect, String> {
        if let Some(progress) = &self.table_export {
            return Err(format!("{}: wait for its end, or press Esc to cancel it", progress.words()));
        }
        let columns = export_columns(&table);
        let (order, parts) = TableOrder::new(table);
        let progress = TableProgress::new(name);
        self.table_export = Some(progress.clone());
        self.outgoing.table_orders.push(order);
        Ok(Effect::WriteTable(TableFile { name: name.to_owned(), format, columns, parts, progress }))
    }

    /// Takes the outcome of an export.
    pub(crate) fn end_table_export(&mut self, outcome: TableOutcome) {
        self.table_export = None;
        let TableOutcome { message, is_written } = outcome;
        let live =
            if is_written && self.engine.is_frozen() { "; figures of now, not those held on the screen" } else { "" };
        self.say(format!("{message}{live}"));
    }

    /// Stops the export of a table. False if none is under way.
    pub(in crate::console) fn stop_table_export(&mut self) -> bool {
        self.table_export.as_ref().inspect(|progress| progress.stop()).is_some()
    }

    /// Copies the url under the cursor to the clipboard.
    pub(super) fn copy_picked(&mut self) {
        if let Some(subject) = self.subject_to_copy() {
            let text = subject.details(self.engine.frozen_or_live(), self.now).in_one_line();
            return self.copy(&text);
        }
        match self.picked_url() {
            Some(url) => self.copy(&url),
            None => self.say("no url is picked: pick one with ↑ ↓"),
        }
    }

    fn copy(&mut self, text: &str) {
        // A shell must not run anything when the user pastes it.
        self.outgoing.effects.push(Effect::Copy(printable(text).into_owned()));
    }
}

/// The columns of `table`, as the thread that writes it needs them.
fn export_columns(table: &Table) -> ExportColumns {
    let names = match table {
        Table::View(_) | Table::Search(_) => || export_names(pages::EXPORTED),
        Table::Rejects { .. } => || export_names(rejects::EXPORTED),
    };
    ExportColumns {
        names,
        page: |page| export_row(pages::EXPORTED, page),
        reject: |reject| export_row(rejects::EXPORTED, reject),
    }
}

fn table_rows<R>(columns: &[&Column<R>], rows: impl Iterator<Item = R>) -> TableRows {
    TableRows { names: export_names(columns), rows: rows.map(|row| export_row(columns, &row)).collect() }
}

fn country_rows(snapshot: &Snapshot) -> TableRows {
    let board = &snapshot.board;
    let columns = if board.comparison.is_some() { countries::EXPORTED_COMPARED } else { countries::EXPORTED };
    let row = |row| CountryLine::of(row, board.comparison.as_deref());
    table_rows(columns, board.countries.iter().map(row))
}

fn stage_rows(snapshot: &Snapshot) -> TableRows {
    let rows = snapshot.stages.iter().map(|stage| {
        vec![
            stage.id().as_str().into(),
            snapshot.state_name(stage).into(),
            stage.processed.into(),
            stage.rate.into(),
            stage.backlog.into(),
            stage.errors.into(),
            stage.last_error.clone().into(),
        ]
    });
    let names = vec!["stage", "state", "processed", "rate", "backlog", "errors", "last_error"];
    TableRows { names, rows: rows.collect() }
}

fn index_rows(index: &IndexStatus, health: &str) -> TableRows {
    let cells: [(&'static str, Value); 10] = [
        ("target", index.target.clone().into()),
        ("engine", index.engine.clone().into()),
        ("health", health.into()),
        ("documents", index.documents.into()),
        ("pending", index.pending.into()),
        ("bulks", index.bulks.into()),
        ("retries", index.retries.into()),
        ("throttled", index.throttled.into()),
        ("rejected", index.rejected.into()),
        ("bytes", index.bytes.into()),
    ];
    let (names, row) = cells.into_iter().unzip();
    TableRows { names, rows: vec![row] }
}

fn store_rows(snapshot: &Snapshot) -> TableRows {
    let status = serde_json::to_value(&snapshot.store).unwrap_or_default();
    let rows = status.as_object().into_iter().flatten();
    let rows = rows.map(|(name, value)| vec![Value::from(name.as_str()), value.clone()]);
    TableRows { names: vec!["name", "value"], rows: rows.collect() }
}

fn log_rows<'a>(lines: impl Iterator<Item = &'a LogLine>) -> TableRows {
    let rows = lines.map(|line| {
        let level = serde_json::to_value(line.level).unwrap_or_default();
        vec![line.at.to_string().into(), level, line.target.as_str().into(), line.message.as_str().into()]
    });
    TableRows { names: vec!["at", "level", "target", "message"], rows: rows.collect() }
}

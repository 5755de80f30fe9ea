//! What fronts ask of the table `clicks`. Each statement reads one version of it, so that the parts of an answer are of one moment.

use super::tables::Tables;
use super::template::Template;
use crate::click::Timestamp;
use crate::protocol::breakdown::{BreakdownQuestion, Dimension};
use crate::protocol::view::{RowOrder, SortBy};

/// The letters whose case a filter ignores.
const UPPER_CASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A minute in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// The clicks of a window, in one version of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowSpan {
    /// The version of the table.
    pub(crate) version: i64,
    /// The window begins after this time, in milliseconds since 1970.
    pub(crate) after: i64,
    /// The window ends with the clicks of this time, in milliseconds since 1970.
    pub(crate) end: i64,
}

/// The pages that a statement keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Only those of the country `:country`.
    pub(crate) of_country: bool,
    /// Only those whose url contains `:text` (`Some(true)`), or does not (`Some(false)`). The text has no upper-case letters of ASCII.
    pub(crate) with_text: Option<bool>,
}

impl Kept {
    fn condition(self) -> String {
        let country = if self.of_country { "country = :country" } else { "true" };
        let contains =
            format!("contains(translate(url, '{UPPER_CASE}', '{}'), :text)", UPPER_CASE.to_ascii_lowercase());
        match self.with_text {
            None => country.to_owned(),
            Some(true) => format!("{country} AND {contains}"),
            Some(false) => format!("{country} AND NOT {contains}"),
        }
    }
}

/// The columns that decide between pages with equal figures.
const PAGE: &str = "url, country";

/// The order of rows, as the local engine sorts them. The columns `texts` stand for the order in which the local engine has first seen them.
fn order_by(order: RowOrder, texts: &str) -> String {
    let figures = match order.sort {
        SortBy::Clicks | SortBy::Rising => "clicks DESC, users DESC".to_owned(),
        SortBy::Users => "users DESC, clicks DESC".to_owned(),
        SortBy::Time => format!(
            "IF(known < {}, 1, 0), IF(known > 0, sum_ms / 1000.0D / known, NULL) DESC NULLS LAST, clicks DESC, users DESC",
            // The largest number that SQL has: no count is larger.
            order.min_timed.min(i64::MAX.unsigned_abs())
        ),
    };
    format!("{figures}, {texts}")
}

impl Tables {
    fn asked(&self, text: &'static str, version: i64) -> Template {
        self.template(text).number("version", version)
    }

    /// The time of the newest click from `from` up to `to` (milliseconds since 1970), as `newest`.
    pub(crate) fn newest_click(&self, version: i64, from: i64, to: i64) -> String {
        self.asked(include_str!("asked/newest_click.sql"), version)
            .number("first_slice", self.slices().of_time(from))
            .number("last_slice", self.slices().of_time(to))
            .number("from", from)
            .number("to", to)
            .filled()
    }

    fn window_figures(&self, span: WindowSpan) -> String {
        self.asked(include_str!("asked/window_figures.sql"), span.version)
            .number("first_slice", self.slices().of_time(span.after))
            .number("last_slice", self.slices().of_time(span.end))
            .number("after", span.after)
            .number("end", span.end)
            .number("minute", span.end.saturating_sub(MINUTE_MS))
            .filled()
    }

    /// Any `limit` pages of a window.
    pub(crate) fn window_pages(&self, span: WindowSpan, limit: usize) -> String {
        format!("{}LIMIT {limit}", self.window_figures(span))
    }

    /// The pages of a window that `kept` keeps, in order.
    pub(crate) fn window_table(&self, span: WindowSpan, kept: Kept, order: RowOrder) -> String {
        format!(
            "SELECT * FROM (\n{}) WHERE {} ORDER BY {}",
            self.window_figures(span),
            kept.condition(),
            order_by(order, PAGE)
        )
    }

    /// The first `limit` pages that `kept` keeps, and at most `countries` countries of the whole window.
    pub(crate) fn window_board(
        &self,
        span: WindowSpan,
        kept: Kept,
        order: RowOrder,
        limit: usize,
        countries: usize,
    ) -> String {
        self.template(include_str!("asked/window_board.sql"))
            .sql("figures", self.window_figures(span))
            .sql("kept", kept.condition())
            .sql("order", order_by(order, PAGE))
            .sql("limit", limit.to_string())
            .sql("countries", countries.to_string())
            .filled()
    }

    /// The breakdown that `question` asks for over the clicks of `span`, in at most `limit` groups. The texts of its country and url are the
    /// parameters `:country` and `:url`.
    pub(crate) fn breakdown(&self, span: WindowSpan, question: &BreakdownQuestion, limit: usize) -> String {
        let of = if question.by == Dimension::City { "country" } else { "CAST(NULL AS STRING)" };
        let country = question.country.as_ref().map_or("true", |_| "country = :country");
        let url = question.url.as_ref().map_or("true", |_| "url = :url");
        let (clicks, value) = self.clicks_by(question.by, span.version);
        self.template(include_str!("asked/breakdown.sql"))
            .sql("clicks", clicks)
            .number("first_slice", self.slice_of(span.after))
            .number("last_slice", self.slices().of_time(span.end))
            .number("after", span.after)
            .number("end", span.end)
            .sql("value", value)
            .sql("of", of)
            .sql("kept", format!("{country} AND {url}"))
            .sql("order", order_by(question.order(), "value, of"))
            .sql("limit", limit.to_string())
            .filled()
    }

    /// The time and id of the first of the `most` newest clicks from `from` (milliseconds since 1970) on, and how many these are.
    pub(crate) fn first_of_newest(&self, version: i64, from: i64, most: u32) -> String {
        self.asked_from(include_str!("asked/first_of_newest.sql"), version, from).number("most", most).filled()
    }

    /// The newest `limit` clicks of the url `:url`, from the click `:first_id` of the time `from` (milliseconds since 1970) on.
    pub(crate) fn newest_clicks_of_url(&self, version: i64, from: i64, limit: usize) -> String {
        let clicks = self.asked_from(include_str!("asked/clicks_of_url.sql"), version, from).filled();
        format!("SELECT ts, user_id, country, city FROM (\n{clicks}) ORDER BY ts DESC, click_id DESC LIMIT {limit}")
    }

    /// How many clicks of the url `:url` (`clicks`) are in each of `parts` equal parts (`part`) of the time from the click `:first_id`
    /// of the time `from` up to the time `to`, which is later (milliseconds since 1970).
    pub(crate) fn trend_of_url(&self, version: i64, from: i64, to: i64, parts: u32) -> String {
        let clicks = self.asked_from(include_str!("asked/clicks_of_url.sql"), version, from).filled();
        let length = to.saturating_sub(from);
        format!(
            "SELECT part, count(*) AS clicks FROM (SELECT least((ts - {from}) * {parts} DIV {length}, {parts} - 1) AS part FROM (\n{clicks}) \
             WHERE ts <= {to}) GROUP BY part"
        )
    }

    fn asked_from(&self, text: &'static str, version: i64, from: i64) -> Template {
        self.asked(text, version).number("first_slice", self.slice_of(from)).number("from", from)
    }

    /// The first slice of the clicks from `from` on.
    fn slice_of(&self, from: i64) -> i32 {
        if from <= Timestamp::MIN.as_millis() { i32::MIN } else { self.slices().of_time(from) }
    }

    /// The number of rejects (`total`), and when the last of the newest `limit` arrived (`last`, microseconds since 1970).
    pub(crate) fn reject_count(&self, version: i64, limit: usize) -> String {
        self.asked(include_str!("asked/reject_count.sql"), version).sql("limit", limit.to_string()).filled()
    }

    /// The newest `limit` rejects, each with `shown` bytes of its payload. They arrived at `since` (microseconds since 1970) or later.
    pub(crate) fn newest_rejects(&self, version: i64, since: i64, limit: usize, shown: usize) -> String {
        let since = format!("arrived >= timestamp_micros({since})");
        self.rejects_where(version, since, format!("LIMIT {limit}"), shown)
    }

    /// Every reject, newest first, with `shown` bytes of its payload.
    pub(crate) fn every_reject(&self, version: i64, shown: usize) -> String {
        self.rejects_where(version, "true".to_owned(), String::new(), shown)
    }

    fn rejects_where(&self, version: i64, since: String, limit: String, shown: usize) -> String {
        self.asked(include_str!("asked/rejects.sql"), version)
            .sql("since", since)
            .sql("limit", limit)
            .sql("shown", shown.to_string())
            .filled()
    }
}

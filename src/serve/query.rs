//! The part of a url after the question mark: a view, questions, and how a stream looks.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::form_urlencoded;

use super::error::ApiError;
use crate::protocol::compare::Ago;
use crate::protocol::question::{BreakdownQuestion, PageQuestion, RejectsQuestion, SearchQuestion};
use crate::protocol::{Dimension, Pattern, Question, SortBy, View, Window};
use crate::text::excerpt;

/// The most rows that a view or an answer may have.
pub(super) const MOST_ROWS: usize = 1_000;

/// The most characters of a filter, a country or a searched text.
const MOST_CHARS: usize = 1_000;

/// Characters of a value that an error quotes.
const SHOWN: usize = 40;

/// The names of the parameters that make a view.
pub(super) const VIEW: [&str; 7] = ["country", "sort", "window", "filter", "limit", "min_timed", "compare"];

/// The names of the parameters that ask questions.
pub(super) const QUESTIONS: [&str; 7] = ["search", "rejects", "url", "clicks", "last_minute", "trends", "cluster"];

/// The names of the parameters of a breakdown.
pub(super) const BREAKDOWN: [&str; 7] = ["by", "country", "url", "window", "sort", "min_timed", "limit"];

/// The parameters of a request, each once.
#[derive(Debug)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads `query`, which may have the parameters `known`.
    ///
    /// # Errors
    /// A parameter is unknown, comes twice, or is not UTF-8.
    pub(super) fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, ApiError> {
        let mut found = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(ApiError::bad(format!(
                    "\"{}\" is no parameter here; there are: {known}",
                    excerpt(&name, SHOWN)
                )));
            }
            if value.contains('\u{fffd}') {
                return Err(ApiError::bad(format!("{name} is not UTF-8; encode it with percent signs")));
            }
            if found.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(ApiError::bad(format!("{name} is given twice; keep one")));
            }
        }
        Ok(Self(found))
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter, or `otherwise`. `values` says which values there are.
    ///
    /// # Errors
    /// The value is none of them.
    pub(super) fn value<T: FromStr>(&self, name: &str, otherwise: T, values: &str) -> Result<T, ApiError> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(text) => text.parse().map_err(|_| not(name, text, values)),
        }
    }

    /// A number of rows from 1 to `most`.
    ///
    /// # Errors
    /// It is no such number.
    pub(super) fn rows(&self, name: &str, otherwise: usize, most: usize) -> Result<usize, ApiError> {
        let values = format!("a number from 1 to {most}");
        match self.value(name, otherwise, &values)? {
            0 => Err(not(name, "0", &values)),
            rows if rows > most => Err(not(name, &rows.to_string(), &values)),
            rows => Ok(rows),
        }
    }

    /// Whether a switch is on.
    ///
    /// # Errors
    /// It is neither true nor false.
    pub(super) fn switch(&self, name: &str) -> Result<bool, ApiError> {
        self.value(name, false, "true or false")
    }

    /// The view of the parameters [`VIEW`].
    ///
    /// # Errors
    /// A value is wrong.
    pub(super) fn view(&self) -> Result<View, ApiError> {
        let view = View {
            country: self.get("country").map(str::to_owned),
            sort: self.sort(&SortBy::OF_VIEWS, "clicks, users, time or rising")?,
            limit: self.rows("limit", 200, MOST_ROWS)?,
            window: self.window()?,
            filter: self.get("filter").unwrap_or_default().to_owned(),
            min_timed: self.min_timed()?,
            compare: self.compare()?,
        };
        check_view(&view)?;
        Ok(view)
    }

    fn min_timed(&self) -> Result<u64, ApiError> {
        self.value("min_timed", 0, "a number of clicks whose time is known")
    }

    fn compare(&self) -> Result<Option<Ago>, ApiError> {
        let Some(text) = self.get("compare") else { return Ok(None) };
        let known = Ago::ALL.into_iter().find(|ago| ago.name() == text);
        known.map(Some).ok_or_else(|| not("compare", text, "hour, day or week"))
    }

    fn sort(&self, orders: &[SortBy], names: &str) -> Result<SortBy, ApiError> {
        let Some(text) = self.get("sort") else { return Ok(SortBy::default()) };
        let known = orders.iter().copied().find(|sort| sort.name() == text);
        known.ok_or_else(|| not("sort", text, names))
    }

    fn window(&self) -> Result<Window, ApiError> {
        match self.get("window") {
            None | Some("all_time") => Ok(Window::AllTime),
            Some("last_hour") => Ok(Window::LastHour),
            Some("last_five_minutes") => Ok(Window::LastFiveMinutes),
            Some(text) => Err(not("window", text, "all_time, last_hour or last_five_minutes")),
        }
    }

    /// The breakdown of the parameters [`BREAKDOWN`].
    ///
    /// # Errors
    /// A value is wrong, or `by` is missing.
    pub(super) fn breakdown(&self) -> Result<BreakdownQuestion, ApiError> {
        let names = "country, city, browser, os, device or url";
        let Some(by) = self.get("by") else {
            return Err(ApiError::bad(format!("by is missing; it takes {names}")));
        };
        let known = Dimension::ALL.into_iter().find(|dimension| dimension.name() == by);
        let question = BreakdownQuestion {
            by: known.ok_or_else(|| not("by", by, names))?,
            country: self.get("country").map(str::to_owned),
            url: self.get("url").map(str::to_owned),
            window: self.window()?,
            sort: self.sort(&SortBy::ALL, "clicks, users or time")?,
            min_timed: self.min_timed()?,
            limit: self.rows("limit", 200, MOST_ROWS)?,
        };
        check_text("country", question.country.as_deref().unwrap_or_default())?;
        Ok(question)
    }

    /// The questions of the parameters [`QUESTIONS`].
    ///
    /// # Errors
    /// A value is wrong.
    pub(super) fn questions(&self) -> Result<Vec<Question>, ApiError> {
        let mut questions = Vec::new();
        if let Some(text) = self.get("search") {
            let country = self.get("country").map(str::to_owned);
            questions.push(Question::Search(SearchQuestion { text: text.to_owned(), country, limit: 200 }));
        }
        if self.get("rejects").is_some() {
            questions.push(Question::Rejects(RejectsQuestion { limit: self.rows("rejects", 100, MOST_ROWS)? }));
        }
        if let Some(url) = self.get("url") {
            let clicks = self.rows("clicks", 100, MOST_ROWS)?;
            questions.push(Question::Page(PageQuestion { url: url.to_owned(), clicks }));
        }
        if self.switch("last_minute")? {
            questions.push(Question::LastMinute);
        }
        if self.switch("trends")? {
            questions.push(Question::Trends);
        }
        if self.switch("cluster")? {
            questions.extend([Question::Cluster, Question::Rounds]);
        }
        questions.iter().try_for_each(check_question)?;
        Ok(questions)
    }
}

/// Refuses a view that costs too much or cannot be made.
pub(super) fn check_view(view: &View) -> Result<(), ApiError> {
    check_text("filter", &view.filter)?;
    check_text("country", view.country.as_deref().unwrap_or_default())?;
    if view.compare.is_some() && view.window == Window::AllTime {
        return Err(ApiError::bad("compare needs a window: last_hour or last_five_minutes"));
    }
    if view.limit > MOST_ROWS {
        return Err(not("limit", &view.limit.to_string(), &format!("a number up to {MOST_ROWS}")));
    }
    match Pattern::parse(&view.filter) {
        Ok(_) => Ok(()),
        Err(error) => Err(ApiError::bad(format!("filter cannot be read: {error}"))),
    }
}

/// Refuses a question that costs too much.
pub(super) fn check_question(question: &Question) -> Result<(), ApiError> {
    let rows = |name, rows: usize| match rows {
        0..=MOST_ROWS => Ok(()),
        more => Err(not(name, &more.to_string(), &format!("a number up to {MOST_ROWS}"))),
    };
    match question {
        Question::Search(search) => {
            check_text("text", &search.text)?;
            check_text("country", search.country.as_deref().unwrap_or_default())?;
            rows("limit", search.limit)
        }
        Question::Rejects(rejects) => rows("limit", rejects.limit),
        // A url may be as long as the events have it; the bounds of the body and of the head bound it.
        Question::Page(page) => rows("clicks", page.clicks),
        Question::Breakdown(breakdown) => {
            check_text("country", breakdown.country.as_deref().unwrap_or_default())?;
            rows("limit", breakdown.limit)
        }
        // One click: its texts are bounded like a url.
        Question::Click(_) | Question::LastMinute | Question::Trends | Question::Cluster | Question::Rounds => Ok(()),
    }
}

fn check_text(name: &str, text: &str) -> Result<(), ApiError> {
    if text.chars().nth(MOST_CHARS).is_some() {
        return Err(ApiError::bad(format!("{name} is longer than {MOST_CHARS} characters; take a part of it")));
    }
    Ok(())
}

fn not(name: &str, text: &str, values: &str) -> ApiError {
    ApiError::bad(format!("{name} is \"{}\"; it takes {values}", excerpt(text, SHOWN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(query: &str) -> Result<View, String> {
        Query::parse(Some(query), &VIEW).and_then(|query| query.view()).map_err(|error| error.message)
    }

    #[test]
    fn parameters_make_a_view() {
        let wanted = View {
            country: Some("FR".to_owned()),
            sort: SortBy::Users,
            limit: 7,
            window: Window::LastHour,
            filter: "/a b".to_owned(),
            min_timed: 50,
            compare: Some(Ago::Day),
        };
        let query = "country=FR&sort=users&limit=7&window=last_hour&filter=%2Fa+b&min_timed=50&compare=day";
        assert_eq!(view(query), Ok(wanted));
        assert_eq!(view(""), Ok(View { limit: 200, ..View::default() }));
    }

    #[test]
    fn parameters_make_a_breakdown() {
        let read = |query| Query::parse(Some(query), &BREAKDOWN).and_then(|query| query.breakdown());
        let wanted = BreakdownQuestion {
            by: Dimension::Os,
            country: Some("FR".to_owned()),
            url: Some("/a b".to_owned()),
            window: Window::LastHour,
            sort: SortBy::Time,
            min_timed: 12,
            limit: 3,
        };
        let query = "by=os&country=FR&url=%2Fa+b&window=last_hour&sort=time&min_timed=12&limit=3";
        assert_eq!(read(query).map_err(|error| error.message), Ok(wanted));
        for (query, says) in [
            ("", "by is missing; it takes country, city, browser, os, device or url"),
            ("by=page", "by is \"page\"; it takes country"),
            ("by=os&limit=1001", "from 1 to 1000"),
            ("by=os&filter=a", "\"filter\" is no parameter here"),
        ] {
            let error = read(query).map_err(|error| error.message).expect_err(query);
            assert!(error.contains(says), "{query}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_what_there_is() {
        for (query, says) in [
            ("sort=size", "sort is \"size\"; it takes clicks, users, time or rising"),
            ("limit=0", "from 1 to 1000"),
            ("limit=1001", "from 1 to 1000"),
            ("limit=-1", "from 1 to 1000"),
            ("window=day", "last_five_minutes"),
            ("window=last_hour&compare=month", "compare is \"month\"; it takes hour, day or week"),
            ("compare=day", "compare needs a window: last_hour or last_five_minutes"),
            ("colour=red", "\"colour\" is no parameter here; there are: country, sort"),
            ("country=FR&country=DE", "country is given twice"),
            ("country=%ff", "not UTF-8"),
            ("filter=~(", "filter cannot be read"),
        ] {
            let error = view(query).expect_err(query);
            assert!(error.contains(says), "{query}: {error}");
        }
        assert!(view(&format!("filter={}", "a".repeat(1_001))).expect_err("long").contains("longer than 1000"));
        assert!(!view("sort=%1b%5b2J").expect_err("a control character").contains('\u{1b}'));
    }
}

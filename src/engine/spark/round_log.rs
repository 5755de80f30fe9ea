//! The log of rounds and of housekeeping: the table `rounds`, which every console writes and reads.

use std::time::Duration;

use arrow_array::{Array as _, Int64Array, StringArray};

use super::connect::{ConnectError, Session, column};
use super::sql::Tables;
use crate::click::Timestamp;

/// What a line of the log is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// New clicks were counted.
    Round,
    /// Old clicks were deleted, small files were merged, or files that nobody needs were deleted.
    Housekeeping,
    /// A console will do housekeeping. [`newest`] leaves these lines out.
    Claim,
}

/// One line of the log. `None` stands for what the line's writer did not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoundLine {
    /// What was done.
    pub(crate) work: Work,
    /// The console that did it: `host (pid 123)`. Text from another machine: show it through the helpers of `text`.
    pub(crate) who: String,
    /// The version of the table `clicks` that was counted before; `None` if the round counted every click.
    pub(crate) from: Option<i64>,
    /// The version of the table `clicks` that is counted since.
    pub(crate) to: i64,
    /// When it began and ended, by the console's clock.
    pub(crate) began: Timestamp,
    /// See `began`.
    pub(crate) ended: Timestamp,
    /// The steps in their order, and how long each took.
    pub(crate) steps: Vec<(String, Duration)>,
    /// New clicks, copies included.
    pub(crate) clicks: Option<u64>,
    /// Slices that were counted anew.
    pub(crate) slices: Option<u64>,
    /// Pairs of page and user that no earlier round had seen.
    pub(crate) pairs: Option<u64>,
    /// Figures that changed.
    pub(crate) figures: Option<u64>,
}

/// The newest lines, newest first, `most` at most.
///
/// # Errors
/// As any query.
pub(crate) async fn newest(session: &Session, tables: &Tables, most: u32) -> Result<Vec<RoundLine>, ConnectError> {
    let mut lines = Vec::new();
    for batch in session.rows(tables.newest_rounds(most)).all(usize::try_from(most).unwrap_or(usize::MAX)).await? {
        let text = |name| column::<StringArray>(&batch, name);
        let number = |name| column::<Int64Array>(&batch, name);
        let (works, names, steps) = (text("work")?, text("who")?, text("steps")?);
        let (counted, rounds) = (number("counted")?, number("round")?);
        let (begins, ends) = (number("began_ms")?, number("ended_ms")?);
        let (clicks, slices) = (number("clicks")?, number("slices")?);
        let (pairs, figures) = (number("pairs")?, number("figures")?);
        let known = |column: &Int64Array, row| (!column.is_null(row)).then(|| column.value(row));
        let count = |column: &Int64Array, row| known(column, row).and_then(|count| u64::try_from(count).ok());
        lines.extend((0..batch.num_rows()).map(|row| {
            RoundLine {
                work: if works.value(row) == ROUND { Work::Round } else { Work::Housekeeping },
                who: names.value(row).to_owned(),
                from: known(counted, row),
                to: rounds.value(row),
                began: Timestamp::from_millis(begins.value(row)),
                ended: Timestamp::from_millis(ends.value(row)),
                steps: serde_json::from_str::<Vec<(String, u64)>>(steps.value(row))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(step, millis)| (step, Duration::from_millis(millis)))
                    .collect(),
                clicks: count(clicks, row),
                slices: count(slices, row),
                pairs: count(pairs, row),
                figures: count(figures, row),
            }
        }));
    }
    Ok(lines)
}

/// The word in the table for [`Work::Round`].
const ROUND: &str = "round";

/// This console, as a line names it.
pub(crate) fn this_console() -> String {
    let host = rustix::system::uname();
    format!("{} (pid {})", host.nodename().to_string_lossy(), std::process::id())
}

/// Adds a line, as one commit. Where a round does not tell how many pairs it has added, the table of pairs does.
///
/// # Errors
/// As any statement.
pub(crate) async fn add(session: &Session, tables: &Tables, line: &RoundLine) -> Result<(), ConnectError> {
    // Within the statement of the log, so that it costs no statement of its own.
    let pairs = match line.work {
        Work::Round if line.pairs.is_none() => Some(tables.pairs_of_round(line.to)),
        _ => None,
    };
    session.command(tables.note_round(&values(line, pairs))).await.map(drop)
}

/// The values of the row; `pairs` is SQL for the number of pairs, if the line has none. Spark binds no parameters within an INSERT, so a text is written as hexadecimal digits.
fn values(line: &RoundLine, pairs: Option<String>) -> String {
    let number = |number: Option<i64>| number.map_or_else(|| "NULL".to_owned(), |number| format!("{number}L"));
    let count = |count: Option<u64>| number(count.and_then(|count| i64::try_from(count).ok()));
    let text = |text: &str| {
        let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        format!("CAST(X'{digits}' AS STRING)")
    };
    let steps: Vec<(&str, u64)> = line
        .steps
        .iter()
        .map(|(step, took)| (step.as_str(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX)))
        .collect();
    let work = match line.work {
        Work::Round => ROUND,
        Work::Housekeeping => "housekeeping",
        Work::Claim => "claim",
    };
    [
        number(Some(line.to)),
        number(line.from),
        text(work),
        text(&line.who),
        format!("timestamp_millis({}L)", line.began.as_millis()),
        format!("timestamp_millis({}L)", line.ended.as_millis()),
        text(&serde_json::to_string(&steps).unwrap_or_default()),
        count(line.clicks),
        count(line.slices),
        pairs.unwrap_or_else(|| count(line.pairs)),
        count(line.figures),
    ]
    .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_line_cannot_leave_their_literals() {
        let line = RoundLine {
            work: Work::Round,
            who: "o'host` (pid 1)".to_owned(),
            from: None,
            to: 7,
            began: Timestamp::from_millis(1),
            ended: Timestamp::from_millis(2),
            steps: vec![("pairs".to_owned(), Duration::from_millis(12))],
            clicks: Some(3),
            slices: None,
            pairs: Some(0),
            figures: None,
        };
        let values = values(&line, None);
        assert!(values.starts_with("7L, NULL, CAST(X'726F756E64' AS STRING), CAST(X'6F27686F73746020"), "{values}");
        assert!(values.ends_with(", 3L, NULL, 0L, NULL"), "{values}");
        assert!(!values.contains("o'") && !values.contains('`'), "{values}");
    }
}

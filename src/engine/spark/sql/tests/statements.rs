use crate::click::{FieldLimits, Format};
use crate::engine::spark::sql::tables::RootError;
use crate::engine::spark::sql::{Cursor, Input, Kept, Root, Slices, Tables, Tidied, WindowSpan, decoder};
use crate::protocol::breakdown::{BreakdownQuestion, Dimension};
use crate::protocol::view::{RowOrder, SortBy};

fn tables() -> Tables {
    Tables::new("/data/clicktop/".parse().unwrap(), Slices::of_minutes(60), 1_800_000)
}

/// Whether a name is left that nothing was filled in for.
pub fn is_open(statement: &str) -> bool {
    statement.split("{{").skip(1).any(|after| {
        after
            .split_once("}}")
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()))
    })
}

#[test]
fn every_statement_is_filled_in() {
    let tables = tables();
    let span = WindowSpan { version: 7, after: -1, end: 9 };
    let kept = Kept { of_country: true, with_text: Some(false) };
    let cursor = Cursor { counted: Some(7), first: 400_000, ..Cursor::default() };
    let (first, next) = (tables.round(Cursor::default(), 7), tables.round(cursor, 9));
    let mut statements =
        vec![decoder(Format::Auto, FieldLimits::default(), Slices::of_minutes(60), Input::Plain).query];
    statements.extend(tables.setup());
    statements.extend([
        tables.cursor(None),
        tables.cursor(Some(3)),
        tables.unfinished(None),
        tables.figures_cursor(),
        tables.newest_version("clicks"),
    ]);
    statements.extend([
        tables.batch(7),
        tables.newest_click(7, -1, 9),
        tables.window_pages(span, 5),
        tables.window_table(span, kept, RowOrder { sort: SortBy::Time, min_timed: 7 }),
        tables.window_board(span, kept, SortBy::Users.into(), 5, 6),
        tables.first_of_newest(7, 1, 5),
        tables.newest_clicks_of_url(7, 1, 5),
        tables.trend_of_url(7, 1, 9, 60),
        tables.reject_count(7, 5),
        tables.newest_rejects(7, 1, 5, 9),
        tables.every_reject(7, 9),
    ]);
    statements.push(tables.close_slices_before(400_000, cursor));
    statements.extend([
        tables.begin_erasing(cursor),
        tables.write_cursor(cursor),
        tables.note_session_timeout(Some(1)),
        tables.note_session_timeout(None),
    ]);
    statements.extend(tables.erase(7).map(|(_, statement)| statement));
    statements.extend([
        tables.compact_figures(7),
        tables.delete_clicks_before(400_000),
        tables.delete_rejects(9),
        tables.forget_rounds(9),
        tables.last_housekeeping(),
        tables.first_claim(9),
        tables.expired(400_000),
        tables.newest_rounds(9),
        tables.note_round("1"),
    ]);
    statements.extend(
        Tidied::ALL.into_iter().flat_map(|table| [tables.files(table), tables.optimize(table), tables.vacuum(table)]),
    );
    statements.push(tables.changed_figures(7, 9));
    statements.extend(Dimension::ALL.into_iter().map(|by| {
        let question = BreakdownQuestion { by, ..BreakdownQuestion::default() };
        tables.breakdown(span, &question, 5)
    }));
    statements.extend([
        tables.columns_of_clicks(),
        tables.add_agent_column(),
        tables.agents_cursor(),
        tables.new_agents(None, 9, 5),
        tables.new_agents(Some(7), 9, 5),
        tables.add_agents(),
        tables.clicks_of(7, 1, 2),
        tables.digests(7, true),
    ]);
    for round in [first, next] {
        let touched = [399_999, 491_630];
        statements.extend([
            round.new_clicks(),
            round.touched(),
            round.pairs(&touched, 1),
            round.pairs(&touched, 2_000_000),
            round.pages(&touched),
            round.figures(-1, 0, 3),
        ]);
    }
    for statement in &statements {
        assert!(!is_open(statement), "{statement}");
    }
    assert_eq!(statements.iter().filter(|statement| statement.contains("/data/clicktop//")).count(), 0);
}

#[test]
fn a_gap_may_end_in_the_slices_after_a_touched_one() {
    let tables = Tables::new("/r".parse().unwrap(), Slices::of_minutes(10), 1_800_000);
    let pages = tables.round(Cursor { counted: Some(1), ..Cursor::default() }, 2).pages(&[10, 12]);
    assert!(
        pages.contains("slice IN (10,12) OR (slice IN (11,13,14,15) AND ts <= slice * 600000L + 1800000)"),
        "{pages}"
    );
}

#[test]
fn absurd_times_share_the_outermost_slices() {
    for minutes in [1, 10, 60, 24 * 60] {
        let slices = Slices::of_minutes(minutes);
        let (lowest, highest) = slices.outermost();
        let length = slices.millis();
        let slice = |millis: i64| slices.of_time(millis);
        assert_eq!([i64::MIN, 0, 946_684_800_000].map(slice), [lowest; 3], "1970 and 2000-01-01");
        assert_eq!([4_102_444_800_000, i64::MAX].map(slice), [highest; 2], "2100-01-01 and later");
        assert_eq!(slice(946_684_800_000 + length), lowest + 1);
        assert_eq!(slice(4_102_444_800_000 - 1), highest - 1);
    }
}

#[test]
fn a_root_cannot_leave_its_quotation() {
    for root in ["s3a://bucket/clicktop", "hdfs://name:8020/click-top_1", "file:///tmp/a%20b", "/é"] {
        assert_eq!(root.parse::<Root>().unwrap().to_string(), root);
    }
    assert_eq!("//".parse::<Root>(), Err(RootError::Empty));
    for character in ['`', '\'', '"', '\\', '\n', '{', ';', ' ', '\u{202e}'] {
        assert_eq!(format!("/a{character}b").parse::<Root>(), Err(RootError::Character { character }));
    }
}

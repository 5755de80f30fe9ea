use crate::click::{FieldLimits, Format};
use crate::engine::spark::sql::{Kept, Root, RootError, Slices, Tables, Tidied, WindowSpan, decoder};
use crate::protocol::view::SortBy;

fn tables() -> Tables {
    Tables::new("/data/clicktop/".parse().unwrap(), Slices::of_minutes(60), 1_800_000)
}

/// Whether a name is left that nothing was filled in for.
fn is_open(statement: &str) -> bool {
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
    let (first, next) = (tables.round(None, 7, -1), tables.round(Some(7), 9, 400_000));
    let mut statements = vec![decoder(Format::Auto, FieldLimits::default(), Slices::of_minutes(60))];
    statements.extend(tables.setup());
    statements.extend([tables.cursor(), tables.figures_cursor(), tables.newest_version("clicks")]);
    statements.extend([
        tables.batch(7),
        tables.newest_click(7, -1, 9),
        tables.window_pages(span, 5),
        tables.window_table(span, kept, SortBy::Time),
        tables.window_board(span, kept, SortBy::Users, 5, 6),
        tables.first_of_newest(7, 1, 5),
        tables.newest_clicks_of_url(7, 1, 5),
        tables.trend_of_url(7, 1, 9, 60),
        tables.reject_count(7, 5),
        tables.newest_rejects(7, 1, 5, 9),
        tables.every_reject(7, 9),
    ]);
    statements.extend([
        tables.compact_figures(7),
        tables.raise_floor(400_000),
        tables.fold_pages(400_000),
        tables.delete_clicks(400_000),
        tables.delete_rejects(9),
        tables.forget_rounds(9),
        tables.last_housekeeping(),
        tables.first_claim(9),
        tables.unfolded(400_000),
        tables.expired(400_000),
        tables.newest_rounds(9),
        tables.note_round("1"),
    ]);
    statements.extend(
        Tidied::ALL.into_iter().flat_map(|table| [tables.files(table), tables.optimize(table), tables.vacuum(table, 9)]),
    );
    statements.push(tables.changed_figures(7, 9));
    for round in [first, next] {
        let touched = [399_999, 491_630];
        statements.extend([
            round.new_clicks(),
            round.touched(),
            round.pairs(&touched),
            round.pages(&touched),
            round.figures(-1, 0, 3),
            round.all_figures(3),
        ]);
    }
    for statement in &statements {
        assert!(!is_open(statement), "{statement}");
    }
    assert_eq!(statements.iter().filter(|statement| statement.contains("/data/clicktop//")).count(), 0);
}

#[test]
fn a_round_of_many_new_clicks_broadcasts_none_and_writes_with_many_tasks() {
    let tables = tables();
    for (clicks, is_small) in [(500_000, true), (500_001, false)] {
        let round = tables.round(Some(7), 9, 400_000).of(clicks);
        for statement in [round.pairs(&[400_001]), round.figures(7, 8, 9)] {
            assert_eq!(statement.contains("BROADCAST"), is_small, "{statement}");
            assert_eq!(statement.contains("COALESCE(1)"), is_small, "{statement}");
            assert_eq!(statement.contains("REBALANCE"), !is_small, "{statement}");
        }
    }
}

#[test]
fn a_gap_may_end_in_the_slices_after_a_touched_one() {
    let pages =
        Tables::new("/r".parse().unwrap(), Slices::of_minutes(10), 1_800_000).round(Some(1), 2, 0).pages(&[10, 12]);
    assert!(
        pages.contains("slice IN (10,12) OR (slice IN (11,13,14,15) AND ts <= slice * 600000L + 1800000)"),
        "{pages}"
    );
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

//! A file through the whole pipeline comes to the right figures, however it is written, ordered and repeated.

use std::path::{Path, PathBuf};

use clicktop::click::{Click, Decoder, Format};
use rand::seq::SliceRandom;

use crate::support::clicks::{OwnedClick, lines, made, random};
use crate::support::figures::{self, Figures};
use crate::support::program::Home;

const CLICKS: usize = 8_000;

/// The real clicks beside the project and their figures, if they are there.
fn real_clicks() -> Option<(PathBuf, Figures)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let (clicks, expected) = (data.join("real-clicks.csv"), data.join("real-clicks.expected.csv"));
    if !clicks.exists() || !expected.exists() {
        println!("skipped: no real-clicks.csv in {}", data.display());
        return None;
    }
    Some((clicks, figures::of_csv(&expected)))
}

/// Each line of a CSV file in another form.
fn rewritten(csv: &Path, write: impl Fn(&Click<'_>, &mut Vec<u8>)) -> Vec<u8> {
    let text = std::fs::read(csv).expect("a file");
    let mut decoder = Decoder::new(Format::Csv);
    let messages = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
        let mut out = Vec::new();
        write(&decoder.decode(line).expect("a click"), &mut out);
        out
    });
    lines(messages)
}

#[test]
fn the_figures_of_a_file_are_those_of_the_definition() {
    let clicks = made(11, CLICKS);
    let home = Home::new();
    let summary = home.replay(&home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))), &[]);
    assert_eq!((&summary["stored"], &summary["complete"]), (&CLICKS.into(), &true.into()), "{summary}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());
}

#[test]
fn the_form_of_the_lines_does_not_matter() {
    let clicks = made(12, CLICKS);
    let wanted = figures::of_clicks(&clicks);
    let mixed = clicks.iter().enumerate().map(|(at, click)| match at % 3 {
        0 => click.csv(),
        1 => click.json(),
        _ => click.nested_json(),
    });
    let forms = [
        ("auto", lines(mixed)),
        ("json", lines(clicks.iter().map(OwnedClick::json))),
        ("json", lines(clicks.iter().map(OwnedClick::nested_json))),
        ("csv", lines(clicks.iter().map(OwnedClick::csv))),
    ];
    for (format, text) in forms {
        let home = Home::new();
        let summary = home.replay(&home.file("clicks", &text), &["--format", format]);
        assert_eq!((&summary["stored"], &summary["rejected"]), (&CLICKS.into(), &0.into()), "{summary}");
        figures::assert_same(format, &home.top(), &wanted);
    }
}

#[test]
fn order_and_repetition_do_not_matter() {
    let clicks = made(13, CLICKS);
    let wanted = figures::of_clicks(&clicks);
    let mut shuffled: Vec<OwnedClick> = clicks.iter().chain(&clicks[..CLICKS / 2]).cloned().collect();
    shuffled.shuffle(&mut random(14));
    let home = Home::new();
    let first = home.replay(&home.file("shuffled.csv", &lines(shuffled.iter().map(OwnedClick::csv))), &[]);
    assert_eq!((&first["stored"], &first["duplicates"]), (&CLICKS.into(), &(CLICKS / 2).into()), "{first}");
    assert_eq!(first["late"], 0, "a click within the kept horizon is not late: {first}");
    figures::assert_same("shuffled", &home.top(), &wanted);

    let again = home.replay(&home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))), &[]);
    assert_eq!((&again["stored"], &again["duplicates"]), (&0.into(), &CLICKS.into()), "{again}");
    figures::assert_same("again", &home.top(), &wanted);
    figures::assert_exact(&home.data());
}

#[test]
fn several_files_are_one_stream() {
    let clicks = made(15, 2_000);
    let (one, two) = clicks.split_at(700);
    let home = Home::new();
    let one = home.file("one.csv", &lines(one.iter().map(OwnedClick::csv)));
    home.file("two.json", &lines(two.iter().map(OwnedClick::json)));
    let summary = home.replay(&one, &["two.json"]);
    assert_eq!(summary["stored"], 2_000, "{summary}");
    figures::assert_same("two files", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn real_clicks_come_to_the_figures_of_another_engine() {
    let Some((file, expected)) = real_clicks() else { return };
    let home = Home::new();
    let summary = home.replay(&file, &[]);
    assert_eq!((&summary["stored"], &summary["late"]), (&9_999.into(), &0.into()), "{summary}");
    figures::assert_same("real clicks", &home.top(), &expected);

    let summary = home.replay(&file, &["--again"]);
    assert_eq!((&summary["stored"], &summary["duplicates"]), (&0.into(), &9_999.into()), "{summary}");
    figures::assert_same("replayed twice", &home.top(), &expected);
}

#[test]
fn real_clicks_in_another_order_come_to_the_same_figures() {
    let Some((file, expected)) = real_clicks() else { return };
    let text = std::fs::read(&file).expect("a file");
    let mut shuffled: Vec<Vec<u8>> =
        text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
    let seed = 16;
    println!("shuffled with seed {seed}");
    shuffled.shuffle(&mut random(seed));
    let home = Home::new();
    let summary = home.replay(&home.file("shuffled.csv", &lines(shuffled)), &[]);
    assert_eq!((&summary["stored"], &summary["late"]), (&9_999.into(), &0.into()), "{summary}");
    figures::assert_same("shuffled", &home.top(), &expected);
}

#[test]
fn real_clicks_as_json_come_to_the_same_figures() {
    let Some((file, expected)) = real_clicks() else { return };
    let flat = rewritten(&file, |click, out| click.write_json(out));
    let nested = rewritten(&file, |click, out| click.write_nested_json(out));
    for (name, text) in [("flat", flat), ("nested", nested)] {
        let home = Home::new();
        let summary = home.replay(&home.file("clicks.json", &text), &["--format", "json"]);
        assert_eq!(summary["stored"], 9_999, "{summary}");
        figures::assert_same(name, &home.top(), &expected);
    }
}

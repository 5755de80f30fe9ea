//! What is told of one url.

use super::*;

#[tokio::test]
async fn a_page_is_known_by_country_with_its_newest_clicks() {
    let bench = Bench::new();
    bench.store(&[("/a", "FR", 0), ("/a", "DE", 10), ("/b", "DE", 40), ("/a", "DE", 100)]);
    let ask = |url: &str| bench.desk.ask(FrontId::OWN, Question::Page(PageQuestion { url: url.to_owned(), clicks: 2 }));
    let is_of = |url: &'static str| {
        move |answers: &Answers, _: &Board| answers.page.as_ref().is_some_and(|page| page.asked.url == url)
    };
    ask("/a");
    let (answers, _) = bench.until(is_of("/a")).await;
    let found = answers.page.unwrap().found.clone().unwrap();
    let countries: Vec<_> = found.countries.iter().map(|row| (&*row.country, row.clicks, row.avg_time_spent)).collect();
    assert_eq!(countries, [("DE", 2, Some(30.0)), ("FR", 1, Some(10.0))]);
    let clicks: Vec<_> =
        found.clicks.iter().map(|click| (click.timestamp.as_millis(), click.country.as_str())).collect();
    assert_eq!(clicks, [(100_000, "DE"), (10_000, "DE")]);
    ask("/nowhere");
    let (answers, _) = bench.until(is_of("/nowhere")).await;
    assert_eq!(answers.page.unwrap().found, Ok(Default::default()));
}

#[tokio::test]
async fn the_trend_of_a_url_reaches_ten_minutes_back_however_many_clicks_come() {
    let bench = Bench::new();
    let others: Vec<String> = (0..lookup::LOOKED_AT_CLICKS / 100).map(|number| format!("/{number}")).collect();
    let busy: Vec<_> = others.iter().flat_map(|url| (400..500).map(|second| (url.as_str(), "DE", second))).collect();
    bench.store(&[&[("/a", "FR", 0)][..], &busy, &[("/a", "DE", 511), ("/a", "DE", 520)]].concat());
    let ask = || bench.desk.ask(FrontId::OWN, Question::Page(PageQuestion { url: "/a".to_owned(), clicks: 2 }));
    let trend = |answers: &Answers| answers.page.as_ref().and_then(|page| page.found.clone().unwrap().trend);
    ask();
    let (answers, _) = bench.until(|answers, _| trend(answers).is_some()).await;
    let short = trend(&answers).unwrap();
    assert_eq!((short.since.as_millis(), short.clicks.iter().sum::<u64>()), (400_000, 2), "nobody counts trends");
    bench.desk.ask(FrontId::OWN, Question::Trends);
    let is_long = |found: Option<Trend>| found.is_some_and(|trend| trend.since.as_millis() == -80_000);
    let (answers, _) = bench.until(|answers, _| is_long(trend(answers))).await;
    let long = trend(&answers).unwrap();
    let clicked: Vec<(usize, u64)> =
        long.clicks.iter().copied().enumerate().filter(|(_, clicks)| *clicks > 0).collect();
    assert_eq!((long.until.as_millis(), long.clicks.len(), clicked), (520_000, 60, vec![(8, 1), (59, 1)]));
}

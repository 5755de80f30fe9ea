use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::*;
use crate::enrich::DatabaseError;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/geoip").join(name)
}

fn by(files: &[PathBuf]) -> Box<dyn Enrich> {
    let places = Some(Places::open(files.to_vec()).expect("databases"));
    Enrichment { places, agents: None, bots: Bots::Keep }.enricher()
}

fn place(enricher: &mut dyn Enrich, address: &str) -> (Option<String>, Option<String>) {
    let VisitorPlace { country, city } = enricher.place(address);
    (country.map(str::to_owned), city.map(str::to_owned))
}

fn is(country: &str, city: &str) -> (Option<String>, Option<String>) {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (text(country), text(city))
}

#[test]
fn an_address_has_the_place_that_the_database_tells() {
    let mut enricher = by(&[fixture("nested.mmdb")]);
    for _again in 0..2 {
        for (address, country, city) in [
            ("8.8.8.8", "US", "Mountain View"),
            ("88.121.3.4:443", "FR", "Paris"),
            ("5.9.1.1", "DE", ""),
            ("2a00:1450:4007::1", "GB", "London"),
            ("10.0.0.1, 88.121.3.4, 8.8.8.8", "FR", "Paris"),
            ("9.9.9.9", "", ""),
            ("192.168.0.1", "", ""),
            ("nonsense", "", ""),
        ] {
            assert_eq!(place(&mut *enricher, address), is(country, city), "{address}");
        }
    }
}

#[test]
fn a_database_of_one_version_knows_nothing_of_the_other_and_another_file_does() {
    let mut flat = by(&[fixture("flat.mmdb")]);
    assert_eq!(place(&mut *flat, "8.8.8.8"), is("US", "Mountain View"));
    assert_eq!(place(&mut *flat, "5.9.1.1"), is("DE", ""));
    assert_eq!(place(&mut *flat, "2a00:1450:4007::1"), is("", ""));
    let mut both = by(&[fixture("flat.mmdb"), fixture("nested.mmdb")]);
    assert_eq!(place(&mut *both, "2a00:1450:4007::1"), is("GB", "London"));
}

#[test]
fn a_file_that_is_no_database_is_one_clear_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = std::fs::read(fixture("nested.mmdb")).expect("a fixture");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let refused = |path: PathBuf| Places::open(vec![path]).expect_err("no database");
    assert!(matches!(refused(folder.path().join("missing")), DatabaseError::Unreadable { .. }));
    assert!(matches!(refused(file("text", b"country,city\n")), DatabaseError::Damaged { .. }));
    assert!(matches!(refused(file("empty", b"")), DatabaseError::Damaged { .. }));
    let other = refused(fixture("asn.mmdb"));
    assert!(matches!(other, DatabaseError::NoPlaces { .. }) && other.to_string().contains("Test-ASN"), "{other}");
    // Cut anywhere, or with a hole in its middle.
    for end in (0..whole.len()).step_by(7) {
        assert!(matches!(refused(file("cut", &whole[..end])), DatabaseError::Damaged { .. }), "cut at {end}");
    }
}

#[test]
fn a_database_that_is_replaced_is_read_anew_and_a_broken_one_leaves_the_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("places.mmdb");
    std::fs::copy(fixture("nested.mmdb"), &path).expect("a copy");
    let places = Places::open(vec![path.clone()]).expect("a database");
    let mut enricher = Enrichment { places: Some(Arc::clone(&places)), agents: None, bots: Bots::Keep }.enricher();
    assert_eq!(place(&mut *enricher, "8.8.8.8"), is("US", "Mountain View"));
    std::fs::write(&path, b"half a file").expect("a broken file");
    assert!(places.renew().is_err());
    assert_eq!(place(&mut *enricher, "8.8.8.8"), is("US", "Mountain View"));
    let new = folder.path().join("new");
    std::fs::copy(fixture("moved.mmdb"), &new).expect("a copy");
    std::fs::rename(&new, &path).expect("a replaced file");
    // The thread that watches the file notices it by itself.
    let end = Instant::now() + Duration::from_secs(60);
    while place(&mut *enricher, "8.8.8.8") != is("CA", "Toronto") {
        assert!(Instant::now() < end, "the new file is not noticed");
        std::thread::yield_now();
    }
}

#[test]
fn bots_are_labelled_left_out_or_kept() {
    let agents = Some(Arc::new(Agents::compile().expect("the lists")));
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let told = |bots| {
        let mut enricher = Enrichment { places: None, agents: agents.clone(), bots }.enricher();
        let agent = enricher.agent(bot);
        (agent.device.map(str::to_owned), agent.is_bot, agent.is_left_out)
    };
    assert_eq!(told(Bots::Label), (Some("bot".to_owned()), true, false));
    assert_eq!(told(Bots::Keep), (Some("Spider".to_owned()), true, false));
    assert_eq!((told(Bots::Drop).1, told(Bots::Drop).2), (true, true));
}

//! Messages that are no clicks, or hardly so on any site: named, and said once.

use clicktop::protocol::Snapshot;
use clicktop::source::EmbeddedBroker;

use crate::rig::{Data, Run, TOPIC, embedded, options, put};
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;

fn notices(snapshot: &Snapshot) -> Vec<String> {
    snapshot.notices.iter().map(|notice| notice.text.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bytes_look_like_is_the_reason_of_the_reject_and_said_once() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 1).expect("a broker"));
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec();
    let array = br#"[{"click_id":"c1"},{"click_id":"c2"}]"#.to_vec();
    put(&broker, &[gzip.clone(), array, gzip, b"hello".to_vec()]);
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    let rejected = |wanted| move |snapshot: &Snapshot| snapshot.totals.rejected == wanted;
    run.until("rejects", rejected(4)).await;
    put(&broker, &vec![b"\x1f\x8b\x08\x01".to_vec(); 3]);
    let last = run.until("more of them", rejected(7)).await;
    let said = notices(&last);
    let [gzip, array] = said.as_slice() else { panic!("{said:#?}") };
    assert!(gzip.starts_with("messages of clicks look like gzip, not a click: send events uncompressed"), "{gzip}");
    assert!(array.starts_with("messages of clicks look like a JSON array: send its events one by one"), "{array}");
    run.end().await;
    let reasons = "SELECT COUNT(*) FROM rejects WHERE reason LIKE ";
    assert_eq!(figures::number(data.path(), &format!("{reasons} 'gzip, not a click: %'")), 5);
    assert_eq!(figures::number(data.path(), &format!("{reasons} '1 CSV field instead of 9%'")), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_in_the_wrong_place_are_said_and_honest_clicks_are_not() {
    let data = Data::new();
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let honest = made(351, 1_000);
    put(&broker, &honest.iter().map(OwnedClick::csv).collect::<Vec<_>>());
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    let last = run.settled(1_000).await;
    assert_eq!(notices(&last), [""; 0]);
    run.end().await;

    // User and url have changed places, and the time is in seconds where milliseconds were meant.
    let data = Data::new();
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let odd = |at| format!("c{at},/,1970-01-21T00:00:00Z,user-{at},FR,Paris,Firefox,Linux,desktop").into_bytes();
    put(&broker, &(0..1_000).map(odd).collect::<Vec<_>>());
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    let last = run.until("what is odd", |snapshot| snapshot.notices.len() == 3).await;
    let said = notices(&last);
    let words =
        ["are older than 1995, like 1970-01-21T00:00:00", "have 1,000 urls, like “user-0”", "are of one user, “/”"];
    for (text, words) in said.iter().zip(words) {
        assert!(text.starts_with("clicks: ") && text.contains(words), "{words:?}: {text}");
    }
    run.settled(1_000).await;
    run.end().await;
}

use super::lab::{HOSTILE, Lab};
use crate::engine::local::query::answers;
use crate::engine::spark::answers::rejects::Told;
use crate::protocol::answer::{RejectRow, Rejects};
use crate::protocol::question::RejectsQuestion;

/// Without what differs between the engines: the stage, and when it kept the message.
fn comparable(rejects: Rejects) -> (u64, u64, Vec<RejectRow>) {
    let row = |row: RejectRow| RejectRow { at: crate::click::Timestamp::MIN, stage: String::new(), ..row };
    (rejects.total, rejects.deleted, rejects.rows.into_iter().map(row).collect())
}

#[tokio::test]
async fn rejects_of_the_cluster_and_of_the_index_are_one_list() {
    let Some(lab) = Lab::empty().await else { return };
    let told = Told::default();
    let question = |limit| RejectsQuestion { limit };
    let ask = async |limit| {
        comparable(lab.ask(async |asked| lab.cluster.rejects(asked, &question(limit), &told).await).await)
    };
    assert_eq!(ask(10).await, (0, 0, Vec::new()), "there is no table");
    lab.create().await;
    assert_eq!(ask(10).await, (0, 0, Vec::new()), "the table is empty");

    let long = vec![b'x'; 10_000];
    let cut = [vec![b'y'; 4_095], "é and more".as_bytes().to_vec()].concat();
    let mut messages: Vec<(&str, &[u8])> = HOSTILE.iter().map(|text| (*text, text.as_bytes())).collect();
    messages.extend([("no text", &b"\xff\xfe\x00"[..]), ("empty", b""), ("long", &long), ("cut", &cut)]);
    lab.reject(&messages, &["{}", "it's\u{1b}"]).await;
    let all = messages.len() + 2;
    for limit in [0, 1, 3, 10, all, 1_000] {
        let wanted = comparable(answers::rejects(&mut lab.local(), &question(limit)).unwrap());
        assert_eq!((wanted.0, wanted.2.len()), (all as u64, limit.min(all)));
        assert_eq!(ask(limit).await, wanted, "the newest {limit}");
    }
    lab.reject(&[("newer", b"p")], &[]).await;
    assert_eq!(ask(10).await.0, all as u64 + 1, "a new version is looked at");
}

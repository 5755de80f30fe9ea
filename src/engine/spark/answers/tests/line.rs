use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::Notify;

use crate::engine::spark::answers::asking::{NoAnswer, Tell};
use crate::engine::spark::answers::line::Line;

/// Counts the questions that were dropped or answered.
struct Ended(Arc<AtomicUsize>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not in time: {what}");
}

#[tokio::test]
async fn another_question_ends_the_work_on_the_one_before_and_its_answer_says_what_was_asked() {
    let line: Arc<Line<&str, String>> = Arc::new(Line::new(Arc::new(Notify::new())));
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, dropped) = (Arc::clone(&begun), Arc::clone(&ended));
    let answer = move |question: &'static str, tell: Tell| {
        let ended = Ended(Arc::clone(&dropped));
        counted.fetch_add(1, SeqCst);
        async move {
            let _ended = ended;
            match question {
                "slow" => {
                    tell.say("asked Spark 1 s ago, waiting".to_owned());
                    std::future::pending::<()>().await;
                    unreachable!("it is pending")
                }
                "bad" => Err(NoAnswer::TooSlow),
                question => Ok(format!("the answer to {question}")),
            }
        }
    };
    let task = tokio::spawn(Arc::clone(&line).run(answer));
    let found = |question| {
        let answer = line.answer()?;
        (answer.asked == question).then(|| answer.found.clone())
    };

    line.ask("slow");
    until("a front hears that it waits", || line.waiting().is_some()).await;
    assert_eq!(line.waiting().as_deref(), Some("asked Spark 1 s ago, waiting"));
    line.ask("slow");
    line.ask("quick");
    until("the next one is answered", || found("quick").is_some()).await;
    assert_eq!(found("quick"), Some(Ok("the answer to quick".to_owned())));
    assert_eq!((line.waiting(), begun.load(SeqCst), ended.load(SeqCst)), (None, 2, 2), "the slow one was dropped");

    line.ask("bad");
    until("a question fails", || found("bad").is_some()).await;
    assert!(found("bad").unwrap().unwrap_err().starts_with("Spark has not answered within 60 s"));

    // After a reset, the question that stands is answered anew.
    line.forget();
    assert!(line.answer().is_none());
    until("it is asked again", || begun.load(SeqCst) == 4 && found("bad").is_some()).await;
    task.abort();
}

//! What comes and goes leaves nothing behind.

use crate::rig::{Served, until};

#[test]
fn two_hundred_consoles_one_after_the_other_leave_no_connection_and_no_thread() {
    let served = Served::start();
    let client = served.tcp();
    let look = |round: usize| {
        let mut stream = client.stream(&format!("changes=true&limit={}", 1 + round % 40));
        stream.until("a board", |line| line["board"]["pages"].is_array());
    };
    (0..5).for_each(look);
    let before = served.holds();
    (0..200).for_each(look);
    until("no connection left", || served.holds().0 <= before.0 + 4);
    assert!(served.holds().1 <= before.1 + 4, "threads: {before:?} {:?}", served.holds());
    served.end();
}

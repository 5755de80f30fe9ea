//! What comes and goes leaves nothing behind.

use crate::rig::{Served, until};

#[test]
fn two_hundred_consoles_one_after_the_other_leave_no_file_and_no_thread() {
    let served = Served::start();
    let client = served.tcp();
    let look = |round: usize| {
        let mut stream = client.stream(&format!("changes=true&limit={}", 1 + round % 40));
        stream.until("a board", |line| line["board"]["pages"].is_array());
    };
    (0..5).for_each(look);
    until("rest", || served.holds().0 < 200);
    let before = served.holds();
    (0..200).for_each(look);
    until("no file left", || served.holds().0 <= before.0 + 1);
    assert!(served.holds().1 <= before.1, "threads: {before:?} {:?}", served.holds());
    served.end();
}

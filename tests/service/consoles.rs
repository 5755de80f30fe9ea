//! Consoles on a pipeline in another process, each in a terminal of its own.

use crate::rig::{Served, until};
use crate::support::screen::all_run;
use crate::support::terminal::{Size, Terminal};

const SIZE: Size = Size { columns: 120, rows: 40 };

fn attach(served: &Served) -> Terminal {
    let path = served.path().display().to_string();
    let console = Terminal::start(&served.home, &["attach", &path], SIZE);
    console.wait("a running pipeline", |screen| screen.contains("ATTACHED") && all_run(screen));
    console
}

#[test]
fn two_consoles_have_their_own_views_and_leaving_one_stops_nothing() {
    let mut served = Served::start();
    let (mut one, mut other) = (attach(&served), attach(&served));
    one.keys("s");
    one.wait("sorted by users", |screen| {
        screen.contains("by users") || screen.contains("USERS▼") || screen.contains("▼users")
    });
    other.keys("w");
    other.wait("the last hour", |screen| screen.contains("last hour"));
    assert!(!one.screen().contains("last hour"), "{}", one.screen());
    one.keys("q");
    assert_eq!(one.end(), 0, "q leaves at once");
    other.keys("\u{3}");
    assert_eq!(other.end(), 0, "so does Ctrl-C");
    assert!(served.demo.is_alive());
    served.end();
}

#[test]
fn a_console_steers_and_one_that_may_only_read_does_not() {
    let served = Served::start();
    let mut console = attach(&served);
    console.keys("3");
    console.wait("the third stage", |screen| screen.contains("▸3 aggregate"));
    console.keys(" ");
    console.wait("the stage to stop", |screen| screen.contains("aggregate stopped"));
    console.keys(" ");
    until("the stage to start", || {
        served.socket().get("/v1/snapshot?light=true").json()["stages"][2]["state"] == "running"
    });
    console.keys("q");
    assert_eq!(console.end(), 0);
    let at = format!("http://127.0.0.1:{}", served.port);
    let mut reader = Terminal::start(&served.home, &["attach", &at], SIZE);
    reader.wait("read-only", |screen| screen.contains("READ-ONLY") && all_run(screen));
    reader.keys("3");
    reader.wait("the third stage", |screen| screen.contains("▸3 aggregate"));
    reader.keys(" ");
    reader.wait("a refusal", |screen| screen.contains("read-only"));
    reader.keys("\u{11}");
    assert_eq!(served.socket().get("/v1/snapshot?light=true").json()["stages"][2]["state"], "running");
    reader.keys("q");
    assert_eq!(reader.end(), 0);
    served.end();
}

#[test]
fn a_killed_server_is_waited_for_and_a_killed_console_is_not_missed() {
    let mut served = Served::start();
    let mut console = attach(&served);
    let killed = attach(&served);
    killed.signal("KILL");
    drop(killed);
    served.demo.kill_9();
    console.wait("the break", |screen| screen.contains("no connection") && screen.contains("next try in"));
    let mut again = Served::start_in(served.home);
    console.wait("the pipeline again", |screen| !screen.contains("no connection") && all_run(screen));
    console.keys("\u{11}");
    console.wait("a question", |screen| screen.contains("end the pipeline?"));
    console.keys("n");
    console.wait("a no", |screen| screen.contains("the pipeline goes on"));
    assert!(again.demo.is_alive());
    console.keys("\u{11}");
    console.wait("a question", |screen| screen.contains("end the pipeline?"));
    console.keys("y");
    until("the end of the pipeline", || !again.demo.is_alive());
    console.wait("the break", |screen| screen.contains("no connection"));
    console.keys("q");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_table_is_exported_over_the_connection() {
    let served = Served::start();
    // An export is of the written figures.
    until("written figures", || {
        served.socket().get("/v1/snapshot?light=true").json()["totals"]["documents"].as_u64() > Some(100)
    });
    let mut console = attach(&served);
    console.keys("\t");
    console.wait("the urls", |screen| screen.contains("┏ urls"));
    console.keys("e");
    console.wait("the name of a file", |screen| screen.contains(".csv"));
    console.keys("\r");
    let written = || {
        let files = std::fs::read_dir(served.home.path("")).expect("a folder").flatten();
        files.map(|file| file.path()).find(|path| path.extension().is_some_and(|end| end == "csv"))
    };
    let lines = || written().and_then(|file| std::fs::read_to_string(file).ok()).map_or(0, |text| text.lines().count());
    until("the whole file", || lines() > 100);
    console.keys("q");
    assert_eq!(console.end(), 0);
    served.end();
}

#[test]
fn several_pipelines_are_one_console_with_a_line_for_each() {
    let (shop, mut blog) = (Served::start(), Served::start());
    let at = |name: &str, served: &Served| format!("{name}={}", served.path().display());
    let nowhere = format!("away={}", shop.home.path("nowhere").display());
    let addresses = ["attach".to_owned(), at("shop", &shop), at("blog", &blog), nowhere];
    let arguments: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut console = Terminal::start(&shop.home, &arguments, SIZE);
    console.wait("the fleet", |screen| {
        screen.contains("3 pipelines") && screen.contains("2 running") && screen.contains("1 no connection")
    });
    console.keys("2");
    console.wait("the second pipeline", |screen| screen.contains("ATTACHED") && all_run(screen));
    console.keys("4 ");
    until("its stage to stop", || {
        blog.socket().get("/v1/snapshot?light=true").json()["stages"][3]["state"] == "stopped"
    });
    assert_eq!(shop.socket().get("/v1/snapshot?light=true").json()["stages"][3]["state"], "running");
    console.keys("a");
    console.wait("a stopped stage in the list", |screen| screen.contains("index is stopped"));
    blog.demo.kill_9();
    console.wait("the break in the list", |screen| screen.contains("2 no connection"));
    console.keys("q");
    assert_eq!(console.end(), 0);
    shop.end();
}

#[test]
fn a_fleet_of_which_nothing_answers_is_an_error_that_names_each() {
    let served = Served::start();
    let [one, other] = ["one", "other"].map(|name| served.home.path(name).display().to_string());
    let outcome = served.home.run(&["attach", &one, &other]);
    assert!(!outcome.status.success(), "{outcome:?}");
    assert!(outcome.stderr.contains("no pipeline answers"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&one) && outcome.stderr.contains(&other), "{}", outcome.stderr);
    served.end();
}

//! A wall clock that jumps. The program gets one of its own, by a library loaded before the system's: no root, and nobody
//! else's clock changes.

use std::path::PathBuf;
use std::process::Command;

use crate::dice::{Dice, rounds};
use crate::sent::Load;
use crate::world::{World, is};

/// Builds the library; why not, where there is no compiler.
fn library(world: &World) -> Result<PathBuf, String> {
    let library = world.home.path("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", source, "-ldl", "-o"]).arg(&library);
    let built = compiler.output().map_err(|error| format!("cc: {error}"))?;
    match built.status.success() {
        true => Ok(library),
        false => Err(String::from_utf8_lossy(&built.stderr).into_owned()),
    }
}

#[test]
fn a_clock_that_jumps_back_and_forth() {
    let mut dice = Dice::new("clock");
    let world = World::new(Load::small(dice.seed, 1_000.0));
    let library = match library(&world) {
        Ok(library) => library.display().to_string(),
        Err(cause) => return println!("skipped: a clock of one's own takes a C compiler: {cause}"),
    };
    let clock = world.home.file("clock", &0_i64.to_ne_bytes());
    let mut world = world.set("LD_PRELOAD", &library).set("CLOCK_AHEAD", &clock.display().to_string());
    let mut run = world.run();
    let mut ahead = 0_i64;
    for _ in 0..rounds() {
        // An hour forward; then back to well before the start; a small step, as of a time service; a day.
        for jump in dice.shuffled(vec![3_600, -7_200, -1, 90_000]) {
            let fault = if jump < 0 { "clock back" } else { "clock forward" };
            dice.tried(fault);
            let seconds = run.await_object("a status", |_| true)["seconds"].as_f64();
            ahead += jump;
            // In place: the program has the file mapped.
            let mut file = std::fs::OpenOptions::new().write(true).open(&clock).expect("the clock");
            std::io::Write::write_all(&mut file, &ahead.to_ne_bytes()).expect("set");
            let again = dice.between(0..3) == 0;
            if again {
                world.kill(run);
                run = world.run();
            }
            let (reached, bulks) = (world.acknowledged(), world.engine.bulks());
            let seen = run.await_object("figures of what was sent since", |status| {
                status["totals"]["clicks"].as_u64() > Some(reached)
                    && world.engine.bulks() > bulks + 1
                    && ["ingest", "store", "aggregate", "index"].iter().all(|stage| is(status, stage, "running"))
            });
            assert!(again || seen["seconds"].as_f64() >= seconds, "its own time only goes forward: {seen}");
            assert!(seen["delay_ms"].is_number(), "{seen}");
            dice.survived(fault);
        }
    }
    // The rows that the newest clicks have not changed are old, and in the index as they are.
    world.settle(run);
}

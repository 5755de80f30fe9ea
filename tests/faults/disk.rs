//! A disk that is full, and one that goes read-only. Both take a mount, so both need root; elsewhere they are skipped and
//! say so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dice::{Dice, rounds};
use crate::sent::Load;
use crate::world::{World, all_run, await_stored, backs_off, is};

/// A file system of its own at the data directory. Unmounted when it is dropped.
struct Disk {
    at: PathBuf,
    image: Option<PathBuf>,
}

/// Runs a system program; what it complained about if it failed.
fn system(program: &str, arguments: &[&str]) -> Result<(), String> {
    let ran = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    match ran.status.success() {
        true => Ok(()),
        false => Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr).trim())),
    }
}

impl Disk {
    /// A few MiB of memory.
    fn small(at: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(at).expect("a directory");
        system("mount", &["-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", text(at)])?;
        Ok(Self { at: at.to_owned(), image: None })
    }

    /// Ext4 in a file: unlike others it can be told to fail as a broken disk makes it fail.
    fn fragile(at: &Path, image: PathBuf) -> Result<Self, String> {
        std::fs::create_dir_all(at).expect("a directory");
        let file = std::fs::File::create(&image).expect("a file");
        file.set_len(96 << 20).expect("room");
        system("mkfs.ext4", &["-q", "-F", text(&image)])?;
        system("mount", &["-o", "loop", text(&image), text(at)])?;
        Ok(Self { at: at.to_owned(), image: Some(image) })
    }

    /// Nothing can be written from now on, not even to files that are open.
    fn abort(&self) {
        system("mount", &["-o", "remount,abort", text(&self.at)]).expect("read-only");
    }

    /// Repaired and mounted again. Nobody may have a file of it open.
    fn repair(&self) {
        let image = text(self.image.as_deref().expect("a disk in a file"));
        system("umount", &[text(&self.at)]).expect("unmounted");
        // 1: errors were found and mended.
        let checked = Command::new("e2fsck").args(["-p", image]).status().expect("e2fsck");
        assert!(checked.code().is_some_and(|code| code <= 1), "{checked}");
        system("mount", &["-o", "loop", image, text(&self.at)]).expect("mounted");
    }

    /// Fills it to the last byte with a file.
    fn fill(&self) {
        let ballast = std::fs::File::create(self.at.join("ballast")).expect("a file");
        let mut out = std::io::BufWriter::new(ballast);
        // The error is the aim.
        let _ = std::io::copy(&mut std::io::repeat(1), &mut out);
    }

    fn empty(&self) {
        std::fs::remove_file(self.at.join("ballast")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a test that failed may have left the program in it.
        let _ = system("umount", &["-l", text(&self.at)]);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn a_full_disk_and_room_again() {
    const FAULT: &str = "disk full";
    let mut dice = Dice::new("full disk");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let disk = match Disk::small(&world.home.data()) {
        Ok(disk) => disk,
        Err(cause) => return println!("skipped: a full disk takes a mount: {cause}"),
    };
    let mut run = world.run();
    for _ in 0..rounds() {
        dice.pass(0..1_500);
        dice.tried(FAULT);
        disk.fill();
        let seen = run.await_object("trouble", |status| {
            backs_off(status, "store", "no space left for the database; free some, and clicktop tries again")
        });
        assert!(is(&seen, "ingest", "running"), "{seen}");
        dice.pass(0..3_000);
        disk.empty();
        await_stored(&mut run, &seen);
        dice.survived(FAULT);

        // Full, and killed on top of it; then started while it is still full.
        dice.tried("disk full, killed and started");
        disk.fill();
        run.await_object("trouble again", |status| backs_off(status, "store", "no space left"));
        world.kill(run);
        let mut full = world.start();
        std::thread::sleep(dice.time(500..2_000));
        let given_up = !full.is_alive();
        disk.empty();
        run = match given_up {
            true => {
                let ran = full.end();
                let line = ran.one_clear_line();
                assert!(line.contains("no space left"), "{line}");
                world.run()
            }
            false => {
                full.await_object("running stages", all_run);
                full
            }
        };
        dice.survived("disk full, killed and started");
    }
    world.settle(run);
}

#[test]
fn a_disk_that_goes_read_only() {
    const FAULT: &str = "disk goes read-only";
    let mut dice = Dice::new("read-only disk");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let disk = match Disk::fragile(&world.home.data(), world.home.path("disk.img")) {
        Ok(disk) => disk,
        Err(cause) => return println!("skipped: a read-only disk takes a mount: {cause}"),
    };
    for _ in 0..rounds() {
        let mut run = world.run();
        dice.pass(500..2_000);
        dice.tried(FAULT);
        disk.abort();
        run.await_object("trouble", |status| backs_off(status, "store", "the database cannot be written: "));
        dice.pass(0..2_000);
        // It can still be told to end; what is not stored comes from Kafka again.
        run.signal("TERM");
        let ran = run.end();
        assert!(ran.status.success(), "{ran:?}");
        // One that starts now says what is wrong.
        let refused = world.start().end();
        let line = refused.one_clear_line();
        assert!(line.to_lowercase().contains("read-only") || line.contains("cannot be"), "{line}");
        println!("on a read-only disk: {line}");
        world.pause();
        disk.repair();
        world.resume();
        dice.survived(FAULT);
    }
    let run = world.run();
    world.settle(run);
}

//! Puts `src/engine/local/stages/ingest/unpack` between librdkafka and its decompressors, which have no limit of their own, and tells
//! the program from which commit it is built.

use std::process::Command;

/// Each of these is defined in one object file of librdkafka and called from another.
const WRAPPED: [&str; 6] = [
    "rd_gz_decompress",
    "rd_kafka_lz4_decompress",
    "rd_kafka_snappy_java_uncompress",
    "rd_kafka_snappy_uncompressed_length",
    "rd_kafka_snappy_uncompress",
    "rd_kafka_zstd_decompress",
];
/// Called once for what a fetch has brought of a partition.
const FETCHED: &str = "rd_kafka_msgset_parse";

/// A build outside of a repository names its commit here.
const COMMIT: &str = "CLICKTOP_BUILD_COMMIT";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={COMMIT}");
    // A build for development names no commit, so that each new commit does not compile everything anew.
    if std::env::var("PROFILE").as_deref() == Ok("release")
        && let Some(commit) = std::env::var(COMMIT).ok().or_else(published_commit).or_else(commit)
    {
        println!("cargo:rustc-env={COMMIT}={commit}");
    }
    // Only the linkers of Linux can do this.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        for symbol in WRAPPED.into_iter().chain([FETCHED]) {
            println!("cargo:rustc-link-arg=-Wl,--wrap={symbol}");
        }
    }
}

/// The commit that a crate from a registry was published from; cargo has noted it there.
fn published_commit() -> Option<String> {
    let note = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = note.split_once("\"sha1\"")?;
    rest.split('"').nth(1)?.get(..12).map(str::to_owned)
}

/// The commit that is checked out, and whether files differ from it.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let ran = Command::new("git").args(arguments).output().ok().filter(|ran| ran.status.success())?;
        String::from_utf8(ran.stdout).ok().map(|text| text.trim().to_owned())
    };
    // Another repository may contain an unpacked crate.
    let root = std::fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()?;
    if std::env::current_dir().ok()? != root {
        return None;
    }
    // Each commit adds a line to this log. A change of the sources compiles the program anyway.
    println!("cargo:rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    for sources in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={sources}");
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if is_changed { format!("{commit}, with changes") } else { commit })
}

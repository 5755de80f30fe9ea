//! CPU time and memory as Linux accounts for them.

use std::fs;
use std::path::Path;

use super::Outcome;

/// `/proc` counts CPU time in ticks of a hundredth of a second on every Linux there is.
const TICKS_A_SECOND: f64 = 100.0;

/// CPU-seconds of this process so far, user and system.
pub fn own_cpu() -> Outcome<f64> {
    stat(11)
}

/// The same of its children that have ended and were waited for, with theirs.
pub fn children_cpu() -> Outcome<f64> {
    stat(13)
}

/// The field `first`, counted from behind the name, and the one after it: user and system time.
fn stat(first: usize) -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold blanks; the fields are counted from behind it.
    let (_, fields) = stat.rsplit_once(')').ok_or("no /proc/self/stat as expected")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| -> Outcome<f64> { Ok(fields.get(at).ok_or("a short /proc/self/stat")?.parse::<f64>()?) };
    Ok((ticks(first)? + ticks(first + 1)?) / TICKS_A_SECOND)
}

/// Bytes of memory resident now (`VmRSS`) or at most so far (`VmHWM`).
pub fn memory(which: &str) -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")).ok_or_else(|| format!("no {which}"))?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}

/// Makes `VmHWM` begin anew.
pub fn forget_peak() -> Outcome<()> {
    fs::write("/proc/self/clear_refs", "5").map_err(|error| format!("/proc/self/clear_refs: {error}").into())
}

/// Bytes of the files in `directory`: the database with its log, and everything.
pub fn disk(directory: &Path) -> Outcome<(u64, u64)> {
    let (mut database, mut all) = (0, 0);
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let bytes = entry.metadata()?.len();
        all += bytes;
        if entry.file_name().to_string_lossy().starts_with("clicktop.db") {
            database += bytes;
        }
    }
    Ok((database, all))
}

pub fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

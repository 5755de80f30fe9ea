//! The process, under the names that every program of Prometheus uses.

use std::fmt::Error;

use super::families::{Families, Family};

/// Facts of this process. `None` for what the system does not tell: Linux tells everything.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessFacts {
    /// Seconds of user and system time.
    pub cpu_seconds: Option<f64>,
    /// Resident memory in bytes.
    pub resident_bytes: Option<u64>,
    /// Virtual memory in bytes.
    pub virtual_bytes: Option<u64>,
    /// Open file descriptors.
    pub open_fds: Option<u64>,
    /// The most file descriptors that may be open.
    pub max_fds: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// When the process started, in seconds since 1970.
    pub start_seconds: Option<f64>,
}

impl ProcessFacts {
    /// The facts of now.
    pub fn read() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let kernel = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        // The descriptor that lists them is one of them.
        let open = std::fs::read_dir("/proc/self/fd").ok().map(|fds| (fds.count() as u64).saturating_sub(1));
        Self { open_fds: open, max_fds: max_fds(&limits), ..Self::of(&stat, &kernel) }
    }

    /// What `/proc/self/stat` and `/proc/stat` tell.
    fn of(stat: &str, kernel: &str) -> Self {
        // The name of the program comes first, in brackets; it may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        // The numbers are those of proc(5), which begin at 1; the state is the third field.
        let field = |number: usize| fields.get(number.checked_sub(3)?)?.parse::<u64>().ok();
        let per_second = rustix::param::clock_ticks_per_second() as f64;
        let seconds = |ticks: u64| ticks as f64 / per_second;
        let booted = kernel.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse::<f64>().ok());
        let page = rustix::param::page_size() as u64;
        Self {
            cpu_seconds: field(14).zip(field(15)).map(|(user, system)| seconds(user.saturating_add(system))),
            threads: field(20),
            start_seconds: field(22).zip(booted).map(|(started, booted)| booted + seconds(started)),
            virtual_bytes: field(23),
            resident_bytes: field(24).map(|pages| pages.saturating_mul(page)),
            ..Self::default()
        }
    }
}

/// `Max open files            1024                 1048576              files`; `None` if there is no limit.
fn max_fds(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

pub(super) fn write(families: &mut Families<'_>, facts: &ProcessFacts) -> Result<(), Error> {
    families.counter(Family::seconds("process_cpu", "User and system time of the process."), facts.cpu_seconds)?;
    families
        .gauge(Family::bytes("process_resident_memory", "Resident memory of the process."), facts.resident_bytes)?;
    families.gauge(Family::bytes("process_virtual_memory", "Virtual memory of the process."), facts.virtual_bytes)?;
    families.gauge(Family::new("process_open_fds", "Open file descriptors."), facts.open_fds)?;
    families.gauge(Family::new("process_max_fds", "The most file descriptors that may be open."), facts.max_fds)?;
    families.gauge(Family::new("process_threads", "Threads of the process."), facts.threads)?;
    families.gauge(
        Family::seconds("process_start_time", "When the process started, in seconds since 1970."),
        facts.start_seconds,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (click) top) S 1 4711 4711 0 -1 4194560 9000 0 0 0 1250 250 0 0 20 0 17 0 5000 1048576 256 18446744073709551615 1 1";

    #[test]
    fn the_facts_are_read_from_the_fields_behind_the_name() {
        let facts = ProcessFacts::of(STAT, "cpu  1 2 3\nbtime 1700000000\n");
        let per_second = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(facts.cpu_seconds, Some(1_500.0 / per_second));
        assert_eq!(facts.start_seconds, Some(1_700_000_000.0 + 5_000.0 / per_second));
        assert_eq!((facts.threads, facts.virtual_bytes), (Some(17), Some(1_048_576)));
        assert_eq!(facts.resident_bytes, Some(256 * rustix::param::page_size() as u64));
        assert_eq!(
            max_fds("Limit  Soft\nMax open files            1024                 4096                 files\n"),
            Some(1_024)
        );
        assert_eq!(max_fds("Max open files            unlimited            unlimited            files\n"), None);
    }

    #[test]
    fn what_is_not_there_is_unknown() {
        assert_eq!(ProcessFacts::of("", ""), ProcessFacts::default());
        assert_eq!(ProcessFacts::of("7 (a) S", "btime x"), ProcessFacts::default());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_everything_of_this_process() {
        let facts = ProcessFacts::read();
        assert!(
            facts.open_fds > Some(2) && facts.threads > Some(0) && facts.resident_bytes > Some(1 << 20),
            "{facts:?}"
        );
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(facts.start_seconds.is_some_and(|start| start <= now + 1.0 && start > now - 86_400.0), "{facts:?}");
    }
}

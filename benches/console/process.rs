//! A process as Linux accounts for it.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

/// A process by its number.
pub struct Process(pub u32);

/// Shares of a core over a time.
pub struct Load {
    pub process: f64,
    /// Of the first thread: the console's.
    pub main: f64,
    /// By thread name, the largest first.
    pub threads: Vec<(String, f64)>,
}

impl Load {
    /// The share of the threads of this name.
    pub fn of(&self, name: &str) -> f64 {
        self.threads.iter().filter(|(thread, _)| thread == name).map(|(_, share)| share).sum()
    }
}

impl Process {
    /// Watches it for `time`.
    pub fn load(&self, time: Duration) -> Load {
        let (begin, before) = (Instant::now(), self.threads());
        std::thread::sleep(time);
        let (elapsed, after) = (begin.elapsed().as_secs_f64(), self.threads());
        let mut by_name: BTreeMap<String, f64> = BTreeMap::new();
        let (mut process, mut main) = (0.0, 0.0);
        for (thread, (name, nanoseconds)) in &after {
            let earlier = before.get(thread).map_or(0, |(_, nanoseconds)| *nanoseconds);
            let share = nanoseconds.saturating_sub(earlier) as f64 / 1e9 / elapsed;
            process += share;
            if *thread == self.0 {
                main = share;
            }
            *by_name.entry(name.clone()).or_default() += share;
        }
        let mut threads: Vec<(String, f64)> = by_name.into_iter().collect();
        threads.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        Load { process, main, threads }
    }

    /// Resident memory in bytes, the mean of the next ten seconds.
    pub fn resident(&self) -> u64 {
        let samples: Vec<u64> = (0..20)
            .map(|_| {
                std::thread::sleep(Duration::from_millis(500));
                self.resident_now()
            })
            .collect();
        samples.iter().sum::<u64>() / samples.len() as u64
    }

    fn resident_now(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("a live process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    }

    /// Name, and nanoseconds on a core so far, of every thread.
    fn threads(&self) -> BTreeMap<u32, (String, u64)> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).expect("a live process");
        let mut threads = BTreeMap::new();
        for task in tasks.flatten() {
            let read = |file| fs::read_to_string(task.path().join(file)).ok();
            // A thread may end while it is looked at.
            let (Some(name), Some(times)) = (read("comm"), read("schedstat")) else { continue };
            let id = task.file_name().to_string_lossy().parse().expect("a number");
            let nanoseconds = times.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0);
            threads.insert(id, (name.trim().to_owned(), nanoseconds));
        }
        threads
    }
}

//! From what Spark's REST API tells to what fronts show.

use super::rest::{ExecutorReport, StageReport};
use crate::protocol::remote::{ClusterStatus, Executor, RunningStage};
use crate::text::excerpt;

/// Executors and running stages that a snapshot lists.
const EXECUTORS: usize = 200;
const RUNNING: usize = 20;

/// Characters of a text of the cluster.
const WORDS: usize = 300;

/// The id of the driver, which Spark lists among the executors.
const DRIVER: &str = "driver";

/// The sums over the executors, and the executors.
pub(super) fn of_executors(reports: Vec<ExecutorReport>) -> ClusterStatus {
    let mut executors: Vec<Executor> = reports.into_iter().map(executor).collect();
    // A driver without cores does none of the work.
    let works = |executor: &&Executor| executor.id != DRIVER || executor.cores.is_none_or(|cores| cores > 0);
    let working = || executors.iter().filter(works);
    let alive = || working().filter(|executor| executor.alive);
    let mut status = ClusterStatus {
        executors_alive: Some(alive().count() as u64),
        executors_dead: Some(working().filter(|executor| !executor.alive).count() as u64),
        cores: sum(alive().map(|executor| executor.cores)),
        memory_used: sum(alive().map(|executor| executor.memory_used)),
        memory_max: sum(alive().map(|executor| executor.memory_max)),
        running_tasks: sum(alive().map(|executor| executor.running_tasks)),
        failed_tasks: sum(working().map(|executor| executor.failed_tasks)),
        completed_tasks: sum(working().map(|executor| executor.completed_tasks)),
        ..ClusterStatus::default()
    };
    // Those at work first, the driver before the others, and of those that are gone the newest first.
    executors.sort_by_key(|executor| {
        let number = executor.id.parse::<i64>().unwrap_or(-1);
        (!executor.alive, if executor.alive { number } else { -number })
    });
    executors.truncate(EXECUTORS);
    status.executors = executors;
    status
}

/// Adds the stages that run; `None` if Spark has not reported them.
pub(super) fn add_stages(status: &mut ClusterStatus, reports: Option<Vec<StageReport>>) {
    let Some(reports) = reports else { return };
    status.active_stages = Some(reports.len() as u64);
    (status.spilled_memory, status.spilled_disk) = spilled(&reports);
    status.running = reports.into_iter().take(RUNNING).map(running).collect();
}

/// Adds what ended stages have spilled. What is not known of either makes the sum unknown.
pub(super) fn add_spilled(status: &mut ClusterStatus, memory: Option<u64>, disk: Option<u64>) {
    let add = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
    status.spilled_memory = add(status.spilled_memory, memory);
    status.spilled_disk = add(status.spilled_disk, disk);
}

/// Bytes that `stages` have spilled: by their size in memory, and on disk.
pub(super) fn spilled(stages: &[StageReport]) -> (Option<u64>, Option<u64>) {
    (
        sum(stages.iter().map(|stage| stage.memory_bytes_spilled)),
        sum(stages.iter().map(|stage| stage.disk_bytes_spilled)),
    )
}

/// The sum; `None` if one of them is not known.
fn sum(mut values: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    values.try_fold(0_u64, |sum, value| Some(sum.saturating_add(value?)))
}

fn executor(report: ExecutorReport) -> Executor {
    Executor {
        id: cut(&report.id),
        address: cut(&report.host_port),
        alive: report.is_active.unwrap_or(true),
        cores: report.total_cores,
        running_tasks: report.active_tasks,
        failed_tasks: report.failed_tasks,
        completed_tasks: report.completed_tasks,
        memory_used: report.memory_used,
        memory_max: report.max_memory,
        // Spark writes 0 before the first heartbeat.
        peak_heap: report.peak_memory_metrics.and_then(|peak| peak.heap).filter(|bytes| *bytes > 0),
        gc: report.total_gc_time.map(std::time::Duration::from_millis),
        shuffle_read: report.total_shuffle_read,
    }
}

fn running(report: StageReport) -> RunningStage {
    let described = report.description.filter(|text| !text.trim().is_empty());
    RunningStage {
        id: report.stage_id,
        // Spark describes streaming queries in HTML, and other statements in many lines.
        name: cut(&one_line(&described.unwrap_or(report.name).replace("<br/>", ", "))),
        tasks: report.num_tasks,
        done: report.num_complete_tasks,
        running: report.num_active_tasks,
        failed: report.num_failed_tasks,
        spilled_disk: report.disk_bytes_spilled,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    excerpt(text, WORDS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXECUTORS: &str = r#"[
        {"id": "driver", "hostPort": "a:1", "isActive": true, "totalCores": 0, "activeTasks": 0, "failedTasks": 0,
         "completedTasks": 0, "memoryUsed": 9, "maxMemory": 9},
        {"id": "1", "hostPort": "b:1", "isActive": false, "totalCores": 4, "activeTasks": 0, "failedTasks": 7,
         "completedTasks": 10, "memoryUsed": 5, "maxMemory": 100},
        {"id": "10", "hostPort": "c:1", "isActive": true, "totalCores": 4, "activeTasks": 3, "failedTasks": 1,
         "completedTasks": 20, "memoryUsed": 6, "maxMemory": 100, "totalGCTime": 12, "totalShuffleRead": 3,
         "peakMemoryMetrics": {"JVMHeapMemory": 77}},
        {"id": "2", "hostPort": "d:1", "isActive": true, "totalCores": 2, "activeTasks": 1, "failedTasks": 0,
         "completedTasks": 2, "memoryUsed": 1, "maxMemory": 50, "peakMemoryMetrics": {"JVMHeapMemory": 0}}]"#;

    #[test]
    fn sums_count_the_executors_that_work_and_failures_also_those_of_the_dead() {
        let status = of_executors(serde_json::from_str(EXECUTORS).unwrap());
        assert_eq!((status.executors_alive, status.executors_dead, status.cores), (Some(2), Some(1), Some(6)));
        assert_eq!((status.memory_used, status.memory_max), (Some(7), Some(150)));
        assert_eq!((status.running_tasks, status.failed_tasks, status.completed_tasks), (Some(4), Some(8), Some(32)));
        let order: Vec<&str> = status.executors.iter().map(|executor| executor.id.as_str()).collect();
        assert_eq!(order, ["driver", "2", "10", "1"]);
        assert_eq!((status.executors[1].peak_heap, status.executors[2].peak_heap), (None, Some(77)));
    }

    #[test]
    fn a_driver_with_cores_is_the_executor_of_a_local_master() {
        let local = r#"[{"id": "driver", "isActive": true, "totalCores": 2, "activeTasks": 1}]"#;
        let status = of_executors(serde_json::from_str(local).unwrap());
        assert_eq!((status.executors_alive, status.cores, status.running_tasks), (Some(1), Some(2), Some(1)));
        assert_eq!((status.memory_used, status.failed_tasks), (None, None), "what Spark does not tell is not 0");
    }

    #[test]
    fn spill_is_the_sum_of_running_and_ended_stages_and_unknown_if_one_is() {
        let stages = r#"[{"stageId": 3, "name": "save at A.scala", "description": "clicktop<br/>batch\n   = 4", "numTasks": 9,
            "memoryBytesSpilled": 5, "diskBytesSpilled": 2}]"#;
        let stages = || Some(serde_json::from_str::<Vec<StageReport>>(stages).unwrap());
        let mut status = ClusterStatus::default();
        add_stages(&mut status, stages());
        add_spilled(&mut status, Some(10), Some(1));
        assert_eq!((status.spilled_memory, status.spilled_disk, status.active_stages), (Some(15), Some(3), Some(1)));
        assert_eq!((status.running[0].name.as_str(), status.running[0].done), ("clicktop, batch = 4", None));
        add_spilled(&mut status, None, Some(1));
        assert_eq!((status.spilled_memory, status.spilled_disk), (None, Some(4)));
        add_stages(&mut status, None);
        assert_eq!(status.active_stages, Some(1));
    }
}

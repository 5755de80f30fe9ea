//! A cluster to serialize, made by hand.

use std::sync::Arc;
use std::time::Duration;

use super::moment;
use crate::protocol::Remote;
use crate::protocol::remote::{
    Application, ClusterStatus, Executor, Outlives, Phase, QueryBatch, QueryState, QueryStatus, Round, RoundWork,
    RunningStage,
};

fn phase(name: &str, micros: u64) -> Phase {
    Phase { name: name.into(), took: Duration::from_micros(micros) }
}

/// A cluster with a value in every field.
pub(super) fn remote() -> Remote {
    let executor = Executor {
        id: "driver".into(),
        address: "spark:4040".into(),
        alive: true,
        cores: Some(4),
        running_tasks: Some(2),
        failed_tasks: Some(1),
        completed_tasks: Some(900),
        memory_used: Some(1_024),
        memory_max: Some(4_096),
        peak_heap: Some(8_192),
        gc: Some(Duration::from_millis(250)),
        shuffle_read: Some(512),
    };
    let running = RunningStage {
        id: 7,
        name: "save at /tables/clicks".into(),
        tasks: Some(10),
        done: Some(5),
        running: Some(2),
        failed: Some(1),
        spilled_disk: Some(64),
    };
    let batch = QueryBatch {
        number: 41,
        triggered: Some(moment()),
        rows: Some(1_000),
        took: Some(Duration::from_millis(1_200)),
        phases: vec![phase("addBatch", 900_500), phase("walCommit", 100_000)],
    };
    let round = Round {
        number: 17,
        work: RoundWork::Housekeeping,
        ended: Some(moment()),
        took: Some(Duration::from_millis(9_400)),
        steps: vec![phase("touched", 400_000), phase("pages", 9_000_000)],
        clicks: Some(5_000),
        slices: Some(2),
        pairs: Some(300),
        figures: Some(120),
        who: Some("ops@console".into()),
    };
    Remote {
        engine: "Spark".into(),
        version: Some("4.2.1".into()),
        server: "sc://spark:15002".into(),
        application: Some(Application { id: "app-1".into(), name: "clicktop".into() }),
        outlives: Some(Outlives { work: "the streaming query".into(), by_default: true }),
        cluster: Some(Arc::new(ClusterStatus {
            source: Some("http://spark:4040".into()),
            problem: Some("it does not answer".into()),
            at: Some(moment()),
            executors_alive: Some(1),
            executors_dead: Some(2),
            cores: Some(4),
            memory_used: Some(1_024),
            memory_max: Some(4_096),
            running_tasks: Some(2),
            failed_tasks: Some(1),
            completed_tasks: Some(900),
            active_stages: Some(1),
            active_jobs: Some(1),
            spilled_memory: Some(128),
            spilled_disk: Some(64),
            executors: vec![executor],
            running: vec![running],
        })),
        query: Some(Arc::new(QueryStatus {
            name: Some("clicktop".into()),
            id: Some("5b1c".into()),
            run_id: Some("7f02".into()),
            message: Some("Waiting for data to arrive".into()),
            state: Some(QueryState::Waiting),
            trigger: Some(Duration::from_secs(5)),
            triggered: Some(moment()),
            batch: Some(41),
            rows_in: Some(200.5),
            rows_out: Some(833.25),
            batches: vec![batch],
        })),
        rounds: Some(Arc::new(Ok(vec![round]))),
    }
}

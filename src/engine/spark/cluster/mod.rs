//! The watch of the cluster: it finds the application, and asks Spark's REST API for executors and tasks. It asks in a task of its own,
//! with time limits, so nothing waits for it.

mod find;
mod report;
mod rest;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::find::{Finder, Found};
use self::rest::{Rest, RestError};
use super::connection::Connection;
use super::looks::Looks;
use crate::protocol::remote::{Application, ClusterStatus, Remote};
use crate::protocol::to_millis;

pub(crate) use self::rest::UiUrl;

/// Time between two polls while somebody looks at the cluster, and while nobody does.
const INTERVAL: Duration = Duration::from_secs(2);
const QUIET_INTERVAL: Duration = Duration::from_secs(10);

/// Time between two looks for the application: a restarted server has another one.
const FIND_INTERVAL: Duration = Duration::from_secs(60);

/// Time between two questions for the stages that have ended. Their list is long.
const SPILL_INTERVAL: Duration = Duration::from_secs(60);

/// What the watch works with.
pub(super) struct WatchOptions {
    /// A session of its own, so that nobody interrupts it.
    pub(super) connection: Connection,
    /// The address of Spark's web page, if the settings name it.
    pub(super) ui: Option<UiUrl>,
    /// Certificates to trust besides the system's.
    pub(super) ca_file: Option<std::path::PathBuf>,
}

/// Holds the newest status of the cluster. The watch ends when it is dropped.
pub(super) struct ClusterWatch {
    shared: Arc<Shared>,
    server: String,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wanted: Notify,
    news: Notify,
}

#[derive(Default)]
struct State {
    looks: Looks,
    version: Option<String>,
    application: Option<Application>,
    cluster: Arc<ClusterStatus>,
}

impl ClusterWatch {
    /// Must be called in a tokio runtime.
    pub(super) fn start(options: WatchOptions) -> Self {
        let shared = Arc::new(Shared::default());
        let server = options.connection.target();
        let task = tokio::spawn(work(options, Arc::clone(&shared)));
        Self { shared, server, task }
    }

    /// Somebody looks at the cluster: it is asked more often for a while, and at once if it was not.
    pub(super) fn looked_at(&self) {
        if self.shared.state.lock().looks.note() {
            self.shared.wanted.notify_one();
        }
    }

    /// The cluster as it was last seen.
    pub(super) fn shown(&self) -> Remote {
        let state = self.shared.state.lock();
        Remote {
            engine: "Spark".to_owned(),
            version: state.version.clone(),
            server: self.server.clone(),
            application: state.application.clone(),
            cluster: Some(Arc::clone(&state.cluster)),
            ..Remote::default()
        }
    }

    /// Resolves once something has changed.
    pub(super) fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.news.notified().await }
    }
}

impl Drop for ClusterWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Polls until it is aborted.
async fn work(options: WatchOptions, shared: Arc<Shared>) {
    let finder = Finder { connection: options.connection, ui: options.ui };
    let rest = Rest::new(options.ca_file.as_deref());
    let mut poll = Poll { finder, rest, found: None, spilled: None };
    loop {
        let is_looked_at = shared.state.lock().looks.is_looked_at();
        let cluster = poll.next().await.unwrap_or_else(|problem| ClusterStatus {
            source: problem.source,
            problem: Some(problem.text),
            ..ClusterStatus::default()
        });
        {
            let mut state = shared.state.lock();
            if let Some((_, found)) = &poll.found {
                state.version = Some(found.version.clone());
                state.application = Some(found.application.clone());
            }
            state.cluster = Arc::new(cluster);
        }
        if is_looked_at {
            shared.news.notify_one();
            // After the rest is shown: the answer takes longer.
            if poll.asks_for_spill().await {
                continue;
            }
        }
        let pause = if is_looked_at { INTERVAL } else { QUIET_INTERVAL };
        // An elapsed pause is the ordinary end.
        let _ = tokio::time::timeout(pause, shared.wanted.notified()).await;
    }
}

/// Why clicktop knows nothing of the cluster, and the address that it asked.
struct Problem {
    source: Option<String>,
    text: String,
}

/// Bytes in memory and on disk.
type Spilled = (Option<u64>, Option<u64>);

/// What one poll leaves to the next.
struct Poll {
    finder: Finder,
    rest: Rest,
    /// The application, and when it was found.
    found: Option<(Instant, Found)>,
    /// What ended stages have spilled, and when that was asked.
    spilled: Option<(Instant, Spilled)>,
}

impl Poll {
    async fn next(&mut self) -> Result<ClusterStatus, Problem> {
        let found = self.find().await.map_err(|text| Problem { source: None, text })?;
        let id = found.application.id.clone();
        let mut refused = None;
        for address in &found.addresses {
            let report = match self.rest.executors(address, &id).await {
                Ok(executors) => executors,
                Err(error) => {
                    let is_final = !matches!(error, RestError::OtherApplication { .. } | RestError::Unreachable { .. });
                    // The first refusal counts: the addresses after it are guesses.
                    refused.get_or_insert((address.to_string(), error));
                    if is_final {
                        break;
                    }
                    continue;
                }
            };
            let mut status = report::of_executors(report);
            let (stages, jobs) = tokio::join!(self.rest.stages(address, &id, "active"), self.rest.jobs(address, &id));
            report::add_stages(&mut status, stages.ok());
            status.active_jobs = jobs.ok().map(|jobs| jobs.len() as u64);
            let (memory, disk) = self.spilled.map_or((None, None), |(_, spilled)| spilled);
            report::add_spilled(&mut status, memory, disk);
            status.source = Some(address.to_string());
            status.at = Some(to_millis(SystemTime::now()));
            if found.addresses.len() > 1 {
                // The other guesses are wrong.
                let address = address.clone();
                self.keep(address);
            }
            return Ok(status);
        }
        // Another server may be there by now, with another application.
        self.found = None;
        self.spilled = None;
        Err(match refused {
            Some((source, error)) => Problem { source: Some(source), text: error.to_string() },
            None => Problem { source: None, text: find::UNKNOWN_ADDRESS.to_owned() },
        })
    }

    /// Asks what ended stages have spilled, if it is time. True if it was.
    async fn asks_for_spill(&mut self) -> bool {
        let Some((_, found)) = &self.found else { return false };
        let [address] = found.addresses.as_slice() else { return false };
        if self.spilled.is_some_and(|(at, _)| at.elapsed() < SPILL_INTERVAL) {
            return false;
        }
        let ended = self.rest.stages(address, &found.application.id, "complete").await;
        self.spilled = Some((Instant::now(), ended.map_or((None, None), |stages| report::spilled(&stages))));
        true
    }

    async fn find(&mut self) -> Result<Found, String> {
        if let Some((at, found)) = &self.found
            && at.elapsed() < FIND_INTERVAL
        {
            return Ok(found.clone());
        }
        let mut found = self.finder.find().await?;
        if let Some((_, before)) = &self.found
            && before.application == found.application
        {
            // What was found to be right stays.
            found.addresses.clone_from(&before.addresses);
        }
        self.found = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn keep(&mut self, address: UiUrl) {
        if let Some((_, found)) = &mut self.found {
            found.addresses = vec![address];
        }
    }
}

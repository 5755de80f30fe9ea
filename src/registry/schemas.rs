//! The schemas that are known, and the thread that asks the registry for others. Whoever needs a schema is never kept waiting: it asks
//! again later.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use lru::LruCache;
use parking_lot::{Mutex, RwLock};

use super::client::{Asked, RegistryClient};
use super::error::Trouble;
use super::schema::Schema;
use super::schema_text::SchemaText;

/// The most schemas that are kept. A topic has a few.
const MAX_SCHEMAS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// The most ids without a schema that are remembered.
const MAX_ABSENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);

/// The most ids that wait for the thread. The caller asks again for one that finds no room.
const MAX_REQUESTS: usize = 64;

/// How long it is remembered that there is no schema: many messages with such an id must not become as many requests.
const ABSENT_FOR: Duration = Duration::from_secs(30);

/// A server of a registry may learn of a new schema a moment after the producer. So it is asked again before it is believed.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// There is one second look in this time: many unknown ids must not hold up the rest of the topic.
const SECOND_LOOKS: Duration = Duration::from_secs(10);

/// The stack of the thread, which also compiles schemas: 64 of them may refer to one another, and nest 128 levels deep each. Only what is
/// used of it takes memory.
pub(super) const STACK_BYTES: usize = 128 << 20;

/// Pauses between two tries while the registry gives no answer.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What is known of an id.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// The schema.
    Schema(Arc<Schema>),
    /// There is no schema that can be used, until this moment.
    Absent(Arc<str>, Instant),
    /// The thread asks.
    Asked,
}

/// The schemas of a registry. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schemas {
    shared: Arc<Shared>,
    /// The thread ends when the last sender is gone.
    requests: Sender<u32>,
}

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    /// The client in use; `None` without a registry.
    client: RwLock<Option<Arc<RegistryClient>>>,
}

#[derive(Debug)]
struct Inner {
    schemas: LruCache<u32, Arc<Schema>>,
    absent: LruCache<u32, (Arc<str>, Instant)>,
    asked: BTreeSet<u32>,
    trouble: Option<Trouble>,
}

impl Shared {
    fn new(client: Option<RegistryClient>) -> Self {
        let inner = Inner {
            schemas: LruCache::new(MAX_SCHEMAS),
            absent: LruCache::new(MAX_ABSENT),
            asked: BTreeSet::new(),
            trouble: None,
        };
        Self { inner: Mutex::new(inner), client: RwLock::new(client.map(Arc::new)) }
    }

    /// The registry, without credentials.
    fn at(&self) -> String {
        self.client.read().as_ref().map_or_else(|| "none".to_owned(), |client| client.name())
    }
}

impl Schemas {
    /// Starts the thread that asks. It connects when the first schema is needed.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn of_registry(client: RegistryClient) -> std::io::Result<Self> {
        let (requests, receiver) = bounded(MAX_REQUESTS);
        let shared = Arc::new(Shared::new(Some(client)));
        let asker = Asker { shared: Arc::clone(&shared), requests: receiver, open: VecDeque::new(), second_look: None };
        std::thread::Builder::new().name("schemas".to_owned()).stack_size(STACK_BYTES).spawn(move || asker.run())?;
        Ok(Self { shared, requests })
    }

    /// These schemas and no others, without a registry.
    pub fn fixed(schemas: impl IntoIterator<Item = (u32, Schema)>) -> Self {
        let (requests, _) = bounded(1);
        let shared = Shared::new(None);
        for (id, schema) in schemas {
            shared.inner.lock().schemas.put(id, Arc::new(schema));
        }
        Self { shared: Arc::new(shared), requests }
    }

    /// Asks by `client` from the next question on, so that new credentials need no restart.
    pub fn renew(&self, client: RegistryClient) {
        *self.shared.client.write() = Some(Arc::new(client));
    }

    /// The urls of the registry, without credentials.
    pub fn registry(&self) -> String {
        self.shared.at()
    }

    /// Why the registry gives no answer; `None` if it does, or if nobody needs one.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.inner.lock().trouble.clone()
    }

    /// The ids of the newest versions of `subject`, `most` at most; none if the registry does not have it.
    ///
    /// # Errors
    /// [`Trouble`] if no server gives an answer.
    #[cfg(feature = "spark")]
    pub(crate) async fn ids_of(&self, subject: &str, most: usize) -> Result<Vec<u32>, Trouble> {
        let client = self.shared.client.read().clone();
        match client {
            Some(client) => client.ids_of(subject, most).await,
            None => Ok(Vec::new()),
        }
    }

    /// What is known of `id`. The thread asks for what is not.
    pub(crate) fn look_up(&self, id: u32) -> Known {
        let mut inner = self.shared.inner.lock();
        if let Some(schema) = inner.schemas.get(&id) {
            return Known::Schema(Arc::clone(schema));
        }
        if let Some((reason, until)) = inner.absent.get(&id)
            && Instant::now() < *until
        {
            return Known::Absent(Arc::clone(reason), *until);
        }
        if !inner.asked.contains(&id) && self.requests.try_send(id).is_ok() {
            inner.asked.insert(id);
        }
        Known::Asked
    }
}

/// The thread that asks.
struct Asker {
    shared: Arc<Shared>,
    requests: Receiver<u32>,
    open: VecDeque<u32>,
    /// The last second look.
    second_look: Option<Instant>,
}

/// Nobody needs schemas any more.
struct Over;

impl Asker {
    fn run(mut self) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                let trouble = Trouble { at: self.shared.at().into(), cause: error.to_string().into() };
                self.shared.inner.lock().trouble = Some(trouble);
                return;
            }
        };
        loop {
            let id = match self.open.pop_front() {
                Some(id) => id,
                None => match self.requests.recv() {
                    Ok(id) => id,
                    Err(_) => return,
                },
            };
            if self.ask(id, &runtime).is_err() {
                return;
            }
        }
    }

    /// Asks for `id` until there is an answer.
    fn ask(&mut self, id: u32, runtime: &tokio::runtime::Runtime) -> Result<(), Over> {
        let pauses = || {
            ExponentialBuilder::default()
                .with_min_delay(FIRST_PAUSE)
                .with_max_delay(LONGEST_PAUSE)
                .with_jitter()
                .without_max_times()
                .build()
        };
        let mut tries = pauses();
        let mut is_second_look = false;
        loop {
            let Some(client) = self.shared.client.read().clone() else { return Err(Over) };
            match runtime.block_on(client.schema(id)) {
                Err(trouble) => {
                    tracing::debug!(target: "ingest", "{trouble}");
                    self.shared.inner.lock().trouble = Some(trouble);
                    self.rest(tries.next().unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE))?;
                }
                Ok(Asked::Absent) if !is_second_look && self.may_look_again() => {
                    self.shared.inner.lock().trouble = None;
                    is_second_look = true;
                    tries = pauses();
                    self.rest(SECOND_LOOK)?;
                }
                Ok(answer) => {
                    self.note(id, answer);
                    return Ok(());
                }
            }
        }
    }

    fn may_look_again(&mut self) -> bool {
        let is_due = self.second_look.is_none_or(|last| last.elapsed() >= SECOND_LOOKS);
        if is_due {
            self.second_look = Some(Instant::now());
        }
        is_due
    }

    /// Waits, unless nobody needs schemas any more.
    fn rest(&mut self, time: Duration) -> Result<(), Over> {
        let deadline = Instant::now() + time;
        loop {
            match self.requests.recv_deadline(deadline) {
                Ok(id) => self.open.push_back(id),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(Over),
            }
        }
    }

    fn note(&self, id: u32, answer: Asked) {
        let compiled = match answer {
            Asked::Schema(text) => compile(&text).map_err(|reason| format!("schema {id} cannot be used: {reason}")),
            Asked::Unusable(error) => Err(format!("schema {id} cannot be used: {error}")),
            Asked::Absent => Err(format!("the schema registry has no schema {id}")),
        };
        let mut inner = self.shared.inner.lock();
        inner.trouble = None;
        inner.asked.remove(&id);
        match compiled {
            Ok(schema) => {
                tracing::info!(target: "ingest", "schema {id} is {}, from {}", schema.kind().name(), self.shared.at());
                inner.absent.pop(&id);
                inner.schemas.put(id, Arc::new(schema));
            }
            Err(reason) => {
                inner.absent.put(id, (reason.into(), Instant::now() + ABSENT_FOR));
            }
        }
    }
}

/// Compiles a schema. A parser that panics on a schema of a stranger is an error of that schema.
fn compile(text: &SchemaText) -> Result<Schema, String> {
    match std::panic::catch_unwind(|| Schema::compile(text)) {
        Ok(compiled) => compiled.map_err(|error| error.to_string()),
        Err(_) => Err("its parser has failed".to_owned()),
    }
}

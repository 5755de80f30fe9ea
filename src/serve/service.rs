//! Opens the doors and serves the API until the pipeline ends.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::access::Tokens;
use super::address::Address;
use super::connections::serve;
use super::doors::{Door, OpenError, TcpOptions};
use super::router::router;
use super::shared::Shared;
use super::streams::Streams;
use crate::engine::EngineHandle;
use crate::secret::Secret;

/// How long clients may take to learn of the end.
const TOLD: Duration = Duration::from_secs(1);

/// Time between two looks whether they have.
const LOOK: Duration = Duration::from_millis(20);

/// Where the service listens, and who may come in.
#[derive(Debug, Default)]
pub struct ServeOptions {
    /// The addresses, as the settings and flags name them.
    pub listen: Vec<String>,
    /// The socket in the data directory, if it is to be there.
    pub own_socket: Option<PathBuf>,
    /// The token for reading.
    pub read_token: Option<Secret>,
    /// The token for steering.
    pub steer_token: Option<Secret>,
    /// Certificate and key, PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether an address that other machines reach may do without TLS.
    pub plain_http: bool,
}

/// Doors that are open. Nobody is served yet.
#[derive(Debug)]
pub struct Opened(Vec<Door>);

/// The service at work. It ends when it is dropped; its sockets go with it.
#[derive(Debug)]
pub struct Service {
    doors: Vec<JoinHandle<()>>,
    streams: Streams,
}

impl ServeOptions {
    /// Opens every address, before the pipeline starts: a wrong address is said at once. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// An address is wrong or taken, or needs a token or TLS that is not there.
    pub async fn open(self) -> Result<Opened, OpenError> {
        let named = self.listen.iter().map(|address| address.parse()).collect::<Result<Vec<Address>, _>>()?;
        let own = self.own_socket.map(Address::Socket);
        let tokens = Tokens::new(self.read_token, self.steer_token)?;
        let options = TcpOptions { tokens, tls: self.tls, plain_http: self.plain_http };
        let mut doors = Vec::new();
        for address in own.iter().chain(named.iter().filter(|address| Some(*address) != own.as_ref())) {
            doors.push(Door::open(address, &options).await?);
        }
        Ok(Opened(doors))
    }
}

impl Opened {
    /// The addresses, as `clicktop attach` takes them.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(Door::to_string).collect()
    }

    /// Serves `engine` through every door. Must be called in a tokio runtime.
    pub fn serve(self, engine: &EngineHandle) -> Service {
        let shared = Shared::of(engine);
        let serve = |door: Door| {
            tracing::info!(target: "service", "listening at {door}");
            let router = router(shared.clone(), door.guard.clone());
            tokio::spawn(serve(door, router))
        };
        let streams = shared.streams.clone();
        Service { doors: self.0.into_iter().map(serve).collect(), streams }
    }
}

impl Service {
    /// Ends the service after the pipeline has ended: streams tell their clients so, if these still read.
    pub async fn end(self) {
        let told = async {
            while !self.streams.is_empty() {
                sleep(LOOK).await;
            }
            // What is written last is on its way.
            sleep(LOOK).await;
        };
        // A client that does not read learns it from the end of its connection.
        let _ = timeout(TOLD, told).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.doors.iter().for_each(JoinHandle::abort);
    }
}

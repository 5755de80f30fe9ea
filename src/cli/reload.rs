//! Reads the settings again while a service runs: takes over what can change meanwhile, and says what cannot.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::logging::Logging;
use super::setup;
use crate::config::{self, IndexKind, Settings, Sources};
use crate::engine::alarms::AlarmOptions;
use crate::protocol::{Command, StageAction};
use crate::registry::{Login, Schemas};
use crate::search::elasticsearch::Credentials;
use crate::search::renewable::Renewable;
use crate::text::printable;

/// The settings that say with which credentials index and schema registry are reached. Their files may change, too.
const CREDENTIALS: [&str; 10] = [
    "index.username",
    "index.password",
    "index.password_file",
    "index.api_key",
    "index.api_key_file",
    "schema_registry.username",
    "schema_registry.password",
    "schema_registry.password_file",
    // A secret of these tables that has changed.
    "index",
    "schema_registry",
];

/// The parts of a service that can change while it runs.
pub(super) struct Renewed {
    pub(super) logging: Logging,
    pub(super) index: Arc<Renewable>,
    /// `None` without a schema registry.
    pub(super) schemas: Option<Schemas>,
    pub(super) alarms: watch::Sender<AlarmOptions>,
    pub(super) commands: mpsc::Sender<Command>,
}

/// Reads the settings of a service again.
pub(super) struct Reload {
    sources: Sources,
    /// The settings in effect.
    running: Settings,
    /// The credentials that the index is reached with; `None` if they could not be read.
    credentials: Option<Credentials>,
    /// Those of the schema registry.
    login: Option<Login>,
    parts: Renewed,
}

impl Reload {
    /// A service that runs with the settings `running`, which come from `sources`.
    pub(super) fn new(sources: Sources, running: Settings, parts: Renewed) -> Self {
        let credentials = running.index.credentials().ok();
        let login = running.schema_registry.options().ok().flatten().and_then(|options| options.login);
        Self { sources, running, credentials, login, parts }
    }

    /// Reads the settings again. The log says what has changed; if they have a mistake, it says so, and nothing changes.
    pub(super) async fn run(&mut self) {
        if let Err(error) = self.parts.logging.reopen() {
            tracing::error!(target: "config", event = "failure", by = "signal", "{}", printable(&format!("{error:#}")));
        }
        let new = match config::load(&self.sources) {
            Ok(loaded) => loaded.settings,
            Err(error) => {
                let error = error.to_string();
                let lines: Vec<_> = error.lines().map(printable).collect();
                tracing::error!(target: "config", event = "failure", by = "signal", "the settings stay as they are: {}", lines.join("; "));
                return;
            }
        };
        let (mut taken, mut later, mut alarms) = (Vec::new(), Vec::new(), false);
        for key in self.running.changes(&new) {
            match key {
                "log.level" => match self.parts.logging.set_level(&new.log.level) {
                    Ok(()) => {
                        self.running.log.level.clone_from(&new.log.level);
                        taken.push(key);
                    }
                    Err(error) => {
                        tracing::error!(target: "config", event = "failure", by = "signal", "{}", printable(&format!("{error:#}")))
                    }
                },
                key if CREDENTIALS.contains(&key) => {}
                key if is_in("alarms", key) => alarms = true,
                // A console reads them when it starts.
                key if is_in("console", key) => {}
                key => later.push(key),
            }
        }
        if alarms {
            taken.extend(self.renew_alarms(&new));
        }
        taken.extend(self.renew_credentials(&new).await);
        taken.extend(self.renew_login(&new));
        if taken.is_empty() && later.is_empty() {
            tracing::info!(target: "config", event = "reload", by = "signal", "the settings were read again; nothing that concerns a running service has changed");
        }
        if !taken.is_empty() {
            tracing::info!(target: "config", event = "reload", by = "signal", "the settings were read again; these have changed: {}", taken.join(", "));
        }
        if !later.is_empty() {
            tracing::warn!(target: "config", event = "reload", by = "signal", "these settings take effect at the next start: {}", later.join(", "));
        }
    }

    /// Watches by the alarms that the settings have now.
    fn renew_alarms(&mut self, new: &Settings) -> Option<&'static str> {
        match new.alarms.options() {
            Ok(options) => {
                self.running.alarms.clone_from(&new.alarms);
                self.parts.alarms.send_replace(options);
                Some("alarms")
            }
            Err(error) => {
                tracing::error!(target: "config", event = "failure", by = "signal", "the alarms stay as they are: {}", printable(&error.to_string()));
                None
            }
        }
    }

    /// Uses the credentials that the settings and their files hold now. Restarts the index stage, which may have been refused.
    async fn renew_credentials(&mut self, new: &Settings) -> Option<&'static str> {
        if self.running.index.kind != IndexKind::Elasticsearch {
            return None;
        }
        let mut settings = self.running.clone();
        let (index, from) = (&mut settings.index, &new.index);
        index.username.clone_from(&from.username);
        index.password.clone_from(&from.password);
        index.password_file.clone_from(&from.password_file);
        index.api_key.clone_from(&from.api_key);
        index.api_key_file.clone_from(&from.api_key_file);
        let renewed = match index.credentials() {
            Ok(credentials) if Some(&credentials) == self.credentials.as_ref() => return None,
            Ok(credentials) => setup::elasticsearch(&settings)
                .and_then(|index| Ok(self.parts.index.renew(Arc::new(index))?))
                .map(|()| credentials),
            Err(error) => Err(error.into()),
        };
        match renewed {
            Ok(credentials) => {
                self.credentials = Some(credentials);
                self.running = settings;
                let restart = Command::Stage { id: "index".into(), action: StageAction::Restart };
                // If the engine has ended, there is nothing to restart.
                let _ = self.parts.commands.send(restart).await;
                Some("the credentials of the index")
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(target: "config", event = "failure", by = "signal", "the credentials of the index stay as they are: {}", printable(&error));
                None
            }
        }
    }
}

impl Reload {
    /// Uses the user and the password of the schema registry that the settings and their files hold now.
    fn renew_login(&mut self, new: &Settings) -> Option<&'static str> {
        let schemas = self.parts.schemas.as_ref()?;
        let mut settings = self.running.clone();
        let (registry, from) = (&mut settings.schema_registry, &new.schema_registry);
        registry.username.clone_from(&from.username);
        registry.password.clone_from(&from.password);
        registry.password_file.clone_from(&from.password_file);
        let renewed = registry.options().map_err(anyhow::Error::from).and_then(|options| {
            let login = options.and_then(|options| options.login);
            let client = if login == self.login { None } else { setup::registry(&settings)? };
            Ok((login, client))
        });
        match renewed {
            Ok((_, None)) => None,
            Ok((login, Some(client))) => {
                schemas.renew(client);
                self.login = login;
                self.running = settings;
                Some("the credentials of the schema registry")
            }
            Err(error) => {
                let error = format!("{error:#}");
                let error = printable(&error);
                tracing::error!(target: "config", event = "failure", by = "signal", "the credentials of the schema registry stay as they are: {error}");
                None
            }
        }
    }
}

/// Whether the setting `key` is in the table `table` or in one below it.
fn is_in(table: &str, key: &str) -> bool {
    key.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

//! A session on a Spark Connect server.

use std::sync::Arc;

use arrow_array::RecordBatch;

use super::error::ConnectError;
use super::execution::Execution;
use super::ids::{OperationId, SessionId, Tag};
use super::link::Link;
use super::rows::{Progress, Rows, Told, decode};
use super::sql::{Observation, Sql};
use super::transport::{ConnectOptions, method};
use super::url::ConnectUrl;
use super::wire::{self, Nothing, RelType, ResponseType};

/// A session: settings, temporary views and streaming queries live in it on the server. Clones share it and its connection.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(super) link: Arc<Link>,
    pub(super) tags: Vec<Tag>,
}

/// What a statement that is no query has done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Done {
    /// What it answers, such as the number of rows that an `INSERT` into Delta has written.
    pub(crate) rows: Vec<RecordBatch>,
    /// What it tells besides.
    pub(crate) told: Told,
}

impl Session {
    /// Connects, and begins the session or joins it. The url's own `session_id` counts before `session`.
    ///
    /// # Errors
    /// There is no Spark Connect server at `url`, it does not let us in, or the session's id is used up.
    pub(crate) async fn connect(
        url: &ConnectUrl,
        session: SessionId,
        options: &ConnectOptions,
    ) -> Result<Self, ConnectError> {
        let session = url.session_id().unwrap_or(session);
        let link = Link::connect(url, session, options).await?;
        let session = Self { link: Arc::new(link), tags: Vec::new() };
        // From now on each call names the server's id of the session, so that a restart cannot go unseen.
        match session.version().await {
            Ok(_) => Ok(session),
            Err(error) => Err(session.link.errors().at_first(error)),
        }
    }

    /// The id of the session.
    pub(crate) fn id(&self) -> SessionId {
        self.link.session
    }

    /// The server as errors name it.
    pub(crate) fn target(&self) -> &str {
        self.link.errors().target()
    }

    /// The same session, in which every operation has `tag` besides those that it has already.
    #[must_use]
    pub(crate) fn tagged(&self, tag: Tag) -> Self {
        let mut tagged = self.clone();
        if !tagged.tags.contains(&tag) {
            tagged.tags.push(tag);
        }
        tagged
    }

    /// The version of Spark.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn version(&self) -> Result<String, ConnectError> {
        let request = wire::AnalyzePlanRequest {
            session_id: self.link.session_id(),
            user_context: self.link.user(),
            client_type: self.link.client(),
            spark_version: Some(Nothing {}),
            client_observed_server_side_session_id: self.link.observed(),
        };
        let answer: wire::AnalyzePlanResponse = self.link.ask(method::ANALYZE, request).await?;
        self.link.observe(&answer.server_side_session_id)?;
        let version = answer.spark_version.map(|told| told.version).unwrap_or_default();
        if version.is_empty() {
            return Err(self.link.errors().protocol("it names no version of Spark"));
        }
        Ok(self.link.errors().line(&version))
    }

    /// Begins a query. Nothing is sent before the first [`Rows::next`].
    pub(crate) fn rows(&self, sql: impl Into<Sql>) -> Rows {
        Rows::new(self.execution(wire::OpType::Root(sql.into().relation())))
    }

    /// The same, with metrics that come with the last batch: see [`Rows::told`].
    pub(crate) fn observed_rows(&self, sql: impl Into<Sql>, observation: Observation) -> Rows {
        Rows::new(self.execution(wire::OpType::Root(observation.of(sql.into().relation()))))
    }

    /// Runs a statement that is no query: DDL, DML, `SET`, `OPTIMIZE`, …
    ///
    /// # Errors
    /// Spark refuses the statement or fails to do it. After [`ConnectError::Unreachable`] it may be done or not.
    pub(crate) async fn command(&self, sql: impl Into<Sql>) -> Result<Done, ConnectError> {
        self.command_watched(sql, |_| {}).await
    }

    /// The same, and tells how far it is whenever Spark does (every two seconds).
    ///
    /// # Errors
    /// As [`command`](Self::command).
    pub(crate) async fn command_watched(
        &self,
        sql: impl Into<Sql>,
        mut watch: impl FnMut(Progress) + Send,
    ) -> Result<Done, ConnectError> {
        let command = wire::SqlCommand { input: Some(sql.into().relation()) };
        let mut execution = self.execution(command_of(wire::CommandType::SqlCommand(command)));
        let mut done = Done::default();
        while let Some(answer) = execution.next().await? {
            done.told.note(answer.observed_metrics, answer.response_type.as_ref());
            match answer.response_type {
                Some(ResponseType::SqlCommandResult(result)) => {
                    if let Some(RelType::LocalRelation(local)) = result.relation.and_then(|it| it.rel_type)
                        && let Some(data) = local.data
                    {
                        done.rows.extend(decode(data, self.link.errors())?.1);
                    }
                }
                Some(ResponseType::ExecutionProgress(_)) => {
                    if let Some(progress) = done.told.progress {
                        watch(progress);
                    }
                }
                _ => {}
            }
        }
        Ok(done)
    }

    /// The settings of the session with these names; `None` for one that is not set and has no default.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn settings(&self, names: &[&str]) -> Result<Vec<Option<String>>, ConnectError> {
        let keys = names.iter().map(|&name| name.to_owned()).collect();
        let found = self.config(wire::ConfigOp::GetOption(wire::Keys { keys })).await?;
        let value = |name: &&str| found.iter().find(|pair| pair.key == *name).and_then(|pair| pair.value.clone());
        Ok(names.iter().map(value).collect())
    }

    /// Sets settings of the session.
    ///
    /// # Errors
    /// Spark does not know a setting, or refuses the value.
    pub(crate) async fn set(&self, settings: &[(&str, &str)]) -> Result<(), ConnectError> {
        let pair = |&(key, value): &(&str, &str)| wire::KeyValue { key: key.to_owned(), value: Some(value.to_owned()) };
        let pairs = settings.iter().map(pair).collect();
        self.config(wire::ConfigOp::Set(wire::KeyValues { pairs })).await.map(drop)
    }

    /// Takes settings of the session back to the server's own.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn unset(&self, names: &[&str]) -> Result<(), ConnectError> {
        let keys = names.iter().map(|&name| name.to_owned()).collect();
        self.config(wire::ConfigOp::Unset(wire::Keys { keys })).await.map(drop)
    }

    async fn config(&self, operation: wire::ConfigOp) -> Result<Vec<wire::KeyValue>, ConnectError> {
        let request = wire::ConfigRequest {
            session_id: self.link.session_id(),
            user_context: self.link.user(),
            operation: Some(wire::ConfigOperation { op_type: Some(operation) }),
            client_type: self.link.client(),
            client_observed_server_side_session_id: self.link.observed(),
        };
        let answer: wire::ConfigResponse = self.link.ask(method::CONFIG, request).await?;
        self.link.observe(&answer.server_side_session_id)?;
        Ok(answer.pairs)
    }

    /// Interrupts what runs in this session under `tag`, whoever began it. Streaming queries go on.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn interrupt(&self, tag: &Tag) -> Result<Vec<OperationId>, ConnectError> {
        self.interrupt_those(wire::INTERRUPT_TAG, Some(tag)).await
    }

    /// Interrupts everything that runs in this session, whoever began it. Streaming queries go on.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn interrupt_all(&self) -> Result<Vec<OperationId>, ConnectError> {
        self.interrupt_those(wire::INTERRUPT_ALL, None).await
    }

    async fn interrupt_those(&self, kind: i32, tag: Option<&Tag>) -> Result<Vec<OperationId>, ConnectError> {
        let request = wire::InterruptRequest {
            session_id: self.link.session_id(),
            user_context: self.link.user(),
            client_type: self.link.client(),
            interrupt_type: kind,
            operation_tag: tag.map(|tag| tag.as_str().to_owned()),
            client_observed_server_side_session_id: self.link.observed(),
        };
        let answer: wire::InterruptResponse = self.link.ask(method::INTERRUPT, request).await?;
        self.link.observe(&answer.server_side_session_id)?;
        Ok(answer.interrupted_ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Ends the session on the server, with its streaming queries. Its id is refused from then on.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn release(self) -> Result<(), ConnectError> {
        let request = wire::ReleaseSessionRequest {
            session_id: self.link.session_id(),
            user_context: self.link.user(),
            client_type: self.link.client(),
        };
        self.link.ask::<_, Nothing>(method::RELEASE_SESSION, request).await.map(drop)
    }

    pub(super) fn execution(&self, plan: wire::OpType) -> Execution {
        Execution::new(Arc::clone(&self.link), plan, &self.tags)
    }
}

pub(super) fn command_of(command: wire::CommandType) -> wire::OpType {
    wire::OpType::Command(wire::Command { command_type: Some(command) })
}

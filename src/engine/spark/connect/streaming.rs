//! Streaming queries: start, watch, stop.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::error::ConnectError;
use super::ids::QueryRun;
use super::session::{Session, command_of};
use super::sql::{Observation, Sql};
use super::wire::{self, CommandType, QueryAction, QueryAnswer, ResponseType};

/// A source that a streaming view reads, such as `kafka`. Prints without the values of its options: some are passwords.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StreamSource {
    /// The format, as `DataStreamReader.format` takes it.
    pub(crate) format: String,
    /// Its options.
    pub(crate) options: HashMap<String, String>,
}

impl fmt::Debug for StreamSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&String> = self.options.keys().collect();
        names.sort();
        f.debug_struct("StreamSource").field("format", &self.format).field("options", &names).finish()
    }
}

/// When a streaming query begins a micro-batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// So long after the one before began, or when that is done.
    Every(Duration),
    /// Until everything that is there now is processed; then the query ends.
    AvailableNow,
}

/// A streaming query that writes rows into a table at a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StreamWrite {
    /// What is written: a query over a streaming view.
    pub(crate) sql: Sql,
    /// What each micro-batch counts of it.
    pub(crate) observe: Option<Observation>,
    /// Of what is counted, only the rows that meet this condition are written.
    pub(crate) only: Option<String>,
    /// The format of the table, such as `delta`.
    pub(crate) format: String,
    /// Where the table is.
    pub(crate) path: String,
    /// Where the query keeps how far it is.
    pub(crate) checkpoint: String,
    /// The columns that partition the table.
    pub(crate) partition_by: Vec<String>,
    /// Other options of the format.
    pub(crate) options: Vec<(String, String)>,
    /// When micro-batches begin.
    pub(crate) trigger: Trigger,
    /// The name of the query, by which others find it. One name runs once in a session.
    pub(crate) name: String,
}

/// A query that runs in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActiveQuery {
    /// Its ids.
    pub(crate) run: QueryRun,
    /// Its name.
    pub(crate) name: Option<String>,
}

/// What a query does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryStatus {
    /// In Spark's words, such as "Getting offsets from …".
    pub(crate) message: String,
    /// Whether there was something to do when Spark last looked.
    pub(crate) data_available: bool,
    /// Whether a micro-batch runs.
    pub(crate) trigger_active: bool,
    /// Whether the query runs at all.
    pub(crate) active: bool,
}

/// Why a query has ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryFailure {
    /// Spark's name of the error.
    pub(crate) class: Option<String>,
    /// The message, in lines.
    pub(crate) message: String,
    /// The messages of its causes, the outermost first; empty if the server does not tell them.
    pub(crate) causes: String,
}

/// The rows of `input` that meet a condition.
fn filtered(input: wire::Relation, condition: String) -> wire::Relation {
    let condition = wire::ExpressionString { expression: condition };
    let condition = wire::Expression { expr_type: Some(wire::ExprType::ExpressionString(condition)) };
    let filter = wire::Filter { input: Some(Box::new(input)), condition: Some(condition) };
    wire::Relation { rel_type: Some(wire::RelType::Filter(Box::new(filter))) }
}

impl Session {
    /// Makes a temporary view over a streaming source, in place of one of this name. From then on SQL can name it.
    ///
    /// # Errors
    /// Spark does not know the format, or refuses its options.
    pub(crate) async fn streaming_view(&self, name: &str, source: StreamSource) -> Result<(), ConnectError> {
        self.view(name, source, true).await
    }

    /// The same over what the source holds now, for queries that end.
    ///
    /// # Errors
    /// As [`streaming_view`](Self::streaming_view).
    pub(crate) async fn batch_view(&self, name: &str, source: StreamSource) -> Result<(), ConnectError> {
        self.view(name, source, false).await
    }

    async fn view(&self, name: &str, source: StreamSource, is_streaming: bool) -> Result<(), ConnectError> {
        let data_source = wire::DataSource { format: Some(source.format), options: source.options };
        let read = wire::Read { data_source: Some(data_source), is_streaming };
        self.view_of(name, wire::Relation { rel_type: Some(wire::RelType::Read(read)) }).await
    }

    /// Makes a temporary view of a query, in place of one of this name. Spark keeps it as it is resolved now, unlike one that a statement
    /// creates, so a view over a view costs nothing twice.
    ///
    /// # Errors
    /// As any statement.
    pub(crate) async fn sql_view(&self, name: &str, sql: Sql) -> Result<(), ConnectError> {
        self.view_of(name, sql.relation()).await
    }

    async fn view_of(&self, name: &str, input: wire::Relation) -> Result<(), ConnectError> {
        let view = wire::CreateDataFrameViewCommand { input: Some(input), name: name.to_owned(), replace: true };
        self.answers(CommandType::CreateDataframeView(view), |_| {}).await
    }

    /// Starts a streaming query. It runs on the server until it is stopped or fails, whatever becomes of this client.
    ///
    /// # Errors
    /// Spark refuses the query; one with this name or this checkpoint may run already.
    pub(crate) async fn start_query(&self, write: StreamWrite) -> Result<QueryRun, ConnectError> {
        let mut input = write.sql.relation();
        if let Some(observation) = write.observe {
            input = observation.of(input);
        }
        if let Some(condition) = write.only {
            input = filtered(input, condition);
        }
        let mut options: HashMap<String, String> = write.options.into_iter().collect();
        options.insert("checkpointLocation".to_owned(), write.checkpoint);
        let start = wire::WriteStreamOperationStart {
            input: Some(input),
            format: write.format,
            options,
            partitioning_column_names: write.partition_by,
            trigger: Some(match write.trigger {
                Trigger::Every(interval) => {
                    wire::TriggerType::ProcessingTimeInterval(format!("{} milliseconds", interval.as_millis()))
                }
                Trigger::AvailableNow => wire::TriggerType::AvailableNow(true),
            }),
            output_mode: "append".to_owned(),
            query_name: write.name,
            sink_destination: Some(wire::SinkDestination::Path(write.path)),
        };
        let mut started = None;
        self.answers(CommandType::WriteStreamOperationStart(start), |answer| {
            if let ResponseType::WriteStreamOperationStartResult(result) = answer {
                started = result.query_id;
            }
        })
        .await?;
        let started = started.as_ref().and_then(run_of);
        started.ok_or_else(|| self.link.errors().protocol("it has started a query without an id"))
    }

    /// The queries that run in this session.
    ///
    /// # Errors
    /// As any call: see [`ConnectError`].
    pub(crate) async fn active_queries(&self) -> Result<Vec<ActiveQuery>, ConnectError> {
        let command = wire::StreamingQueryManagerCommand { command: Some(wire::ManagerAction::Active(true)) };
        let mut active = Vec::new();
        self.soon(CommandType::StreamingQueryManagerCommand(command), |answer| {
            if let ResponseType::StreamingQueryManagerCommandResult(result) = answer {
                active = result.active.unwrap_or_default().active_queries;
            }
        })
        .await?;
        active
            .into_iter()
            .map(|query| {
                let run = query.id.as_ref().and_then(run_of);
                let run = run.ok_or_else(|| self.link.errors().protocol("it lists a query without an id"))?;
                Ok(ActiveQuery { run, name: query.name.filter(|name| !name.is_empty()) })
            })
            .collect()
    }

    /// What a query does now.
    ///
    /// # Errors
    /// The session does not know this run of the query; or as any call.
    pub(crate) async fn query_status(&self, run: QueryRun) -> Result<QueryStatus, ConnectError> {
        match self.query(run, QueryAction::Status(true)).await? {
            Some(QueryAnswer::Status(status)) => Ok(QueryStatus {
                message: self.link.errors().line(&status.status_message),
                data_available: status.is_data_available,
                trigger_active: status.is_trigger_active,
                active: status.is_active,
            }),
            _ => Err(self.link.errors().protocol("it does not tell the status of a query")),
        }
    }

    /// The newest progress report as JSON, in the form of `StreamingQueryProgress`. `None` before the first.
    ///
    /// # Errors
    /// The session does not know this run of the query; or as any call.
    pub(crate) async fn last_progress(&self, run: QueryRun) -> Result<Option<String>, ConnectError> {
        Ok(self.progress(run, QueryAction::LastProgress(true)).await?.pop())
    }

    /// The newest progress reports, the oldest first; Spark keeps a hundred.
    ///
    /// # Errors
    /// The session does not know this run of the query; or as any call.
    pub(crate) async fn recent_progress(&self, run: QueryRun) -> Result<Vec<String>, ConnectError> {
        self.progress(run, QueryAction::RecentProgress(true)).await
    }

    async fn progress(&self, run: QueryRun, action: QueryAction) -> Result<Vec<String>, ConnectError> {
        match self.query(run, action).await? {
            Some(QueryAnswer::RecentProgress(recent)) => Ok(recent.recent_progress_json),
            None => Ok(Vec::new()),
            Some(_) => Err(self.link.errors().protocol("it does not tell the progress of a query")),
        }
    }

    /// Stops a query, and waits until it has stopped. Its checkpoint stays.
    ///
    /// # Errors
    /// The session does not know this run of the query; or as any call.
    pub(crate) async fn stop_query(&self, run: QueryRun) -> Result<(), ConnectError> {
        self.query(run, QueryAction::Stop(true)).await.map(drop)
    }

    /// Why a query has ended; `None` if it runs or was stopped.
    ///
    /// # Errors
    /// The session does not know this run of the query; or as any call.
    pub(crate) async fn query_failure(&self, run: QueryRun) -> Result<Option<QueryFailure>, ConnectError> {
        let Some(QueryAnswer::Exception(told)) = self.query(run, QueryAction::Exception(true)).await? else {
            return Ok(None);
        };
        let errors = self.link.errors();
        Ok(told.exception_message.map(|message| QueryFailure {
            class: told.error_class.filter(|class| !class.is_empty()).map(|class| errors.line(&class)),
            message: errors.lines(&message),
            causes: errors.lines(&causes_in(told.stack_trace.as_deref().unwrap_or_default())),
        }))
    }

    async fn query(&self, run: QueryRun, action: QueryAction) -> Result<Option<QueryAnswer>, ConnectError> {
        let query_id = wire::StreamingQueryInstanceId { id: run.query.to_string(), run_id: run.run.to_string() };
        let command = wire::StreamingQueryCommand { query_id: Some(query_id), command: Some(action) };
        let mut told = None;
        self.soon(CommandType::StreamingQueryCommand(command), |answer| {
            if let ResponseType::StreamingQueryCommandResult(result) = answer {
                told = result.result_type;
            }
        })
        .await?;
        Ok(told)
    }

    /// Runs a command that must not take long.
    async fn soon(&self, command: CommandType, each: impl FnMut(ResponseType) + Send) -> Result<(), ConnectError> {
        let limit = self.link.transport.answer_timeout;
        match tokio::time::timeout(limit, self.answers(command, each)).await {
            Ok(done) => done,
            Err(_) => Err(self.link.errors().timed_out(limit)),
        }
    }

    /// Runs a command, and passes each of its answers to `each`.
    pub(super) async fn answers(
        &self,
        command: CommandType,
        mut each: impl FnMut(ResponseType) + Send,
    ) -> Result<(), ConnectError> {
        let mut execution = self.execution(command_of(command));
        while let Some(answer) = execution.next().await? {
            if let Some(answer) = answer.response_type {
                each(answer);
            }
        }
        Ok(())
    }
}

/// A stack trace without the places in Spark's code: what is left are the messages.
fn causes_in(trace: &str) -> String {
    let is_place = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("at ") || (line.starts_with("... ") && line.ends_with(" more"))
    };
    let causes = trace.split_once("Caused by:").map_or("", |(_, causes)| causes);
    causes.lines().filter(|line| !is_place(line)).collect::<Vec<_>>().join("\n")
}

fn run_of(id: &wire::StreamingQueryInstanceId) -> Option<QueryRun> {
    Some(QueryRun { query: id.id.parse().ok()?, run: id.run_id.parse().ok()? })
}

//! What `clicktop check` asks of a cluster: whether it is there, whether it knows Delta and Kafka, whether it can write into the root, how
//! far the tables are, and whether it reaches the topic. Each question has a limit of time, and a server that does not answer ends them.

use std::time::Duration;

use arrow_array::StringArray;

use super::connect::{ConnectError, ConnectOptions, ConnectUrl, Session, StreamSource, column};
use super::connection::Connection;
use super::found_query::QUERY;
use super::kafka_trouble::kafka_trouble;
use super::options::SparkOptions;
use super::progress::StreamProgress;
use super::rounds::Rounds;
use super::sql::{Root, Tables};
use super::stream_error::{AVRO_IS_MISSING, knows_no_avro};
use super::tables::{self, DELTA_IS_MISSING, TablesError};
use crate::engine::finding::Finding;

/// How long the server may take to let us in and to name its version.
const ENTRY: Duration = Duration::from_secs(20);

/// How long an answer of the cluster may take. A cluster that starts its first executors needs a while.
const ANSWER: Duration = Duration::from_secs(120);

/// How long the cluster's Kafka client waits for the brokers, in milliseconds, as its options name it.
const PATIENCE_OF_KAFKA: [(&str, &str); 5] = [
    ("kafka.request.timeout.ms", "5000"),
    ("kafka.default.api.timeout.ms", "10000"),
    ("fetchOffset.numRetries", "1"),
    ("fetchOffset.retryIntervalMs", "100"),
    ("kafkaConsumer.pollTimeoutMs", "15000"),
];

/// The version that the tests run on.
const TESTED: (u32, u32) = (4, 2);

/// The view of the topic.
const VIEW: &str = "clicktop_check";

/// What is looked at on the cluster, in this order.
const SUBJECTS: [&str; 6] = ["delta", "avro", "root", "tables", "stream", "kafka"];

/// Looks at everything, and gives each finding to `report` with its subject.
pub(crate) async fn check(options: &SparkOptions, mut report: impl FnMut(&'static str, Finding)) {
    let url = &options.url;
    let entry = ConnectOptions {
        connect_timeout: options.connect.connect_timeout.min(ENTRY),
        answer_timeout: ENTRY,
        reattach_for: Duration::from_secs(5),
        silence: ANSWER,
        ..options.connect.clone()
    };
    let (session, version) = match enter(url, &entry).await {
        Ok(entered) => entered,
        Err(why) => {
            report("spark", Finding::Failed(why));
            let skipped = "not checked, because clicktop has no connection to the Spark Connect server";
            for subject in subjects(options) {
                report(subject, Finding::Skipped(skipped.to_owned()));
            }
            return;
        }
    };
    let target = url.target();
    report("spark", verdict_of_version(&target, &version));
    if let Some(warning) = url.warning() {
        report("spark", Finding::Warning(warning));
    }
    if let Some(warning) = sessions_that_end(&session).await {
        report("spark", Finding::Warning(warning));
    }
    let tables = Tables::new(options.root.clone(), options.slices, options.figures.session_timeout_ms);
    let cluster = Cluster { session: &session, options, tables: &tables, entry: &entry };
    let mut silent = false;
    let mut without_delta = false;
    for subject in subjects(options) {
        if silent {
            report(subject, Finding::Skipped(format!("{target} does not answer")));
            continue;
        }
        if without_delta && (subject == "root" || subject == "tables") {
            report(subject, Finding::Skipped("not checked, because the server does not know Delta Lake".to_owned()));
            continue;
        }
        let finding = match tokio::time::timeout(ANSWER, cluster.look_at(subject)).await {
            Ok(Ok(finding)) => finding,
            Ok(Err(error)) => {
                silent = error.is_transient();
                Finding::Failed(error.to_string())
            }
            Err(_) => {
                silent = true;
                Finding::Failed(format!(
                    "{target} gave no answer in {} s; look at its jobs, and try again",
                    ANSWER.as_secs()
                ))
            }
        };
        without_delta |= subject == "delta" && matches!(finding, Finding::Failed(_));
        report(subject, finding);
    }
    if !silent {
        // This drops the views of the session. If it fails, the server ends the session after its own time-out.
        let _ = tokio::time::timeout(ENTRY, session.release()).await;
    }
}

/// What is looked at: Avro only if messages have schemas.
fn subjects(options: &SparkOptions) -> impl Iterator<Item = &'static str> {
    let has_schemas = options.framed.is_some();
    SUBJECTS.into_iter().filter(move |subject| has_schemas || *subject != "avro")
}

async fn enter(url: &ConnectUrl, entry: &ConnectOptions) -> Result<(Session, String), String> {
    // A session of its own, which nobody else uses and which ends with the check.
    let connection = Connection::new(url.clone(), entry.clone(), format!("check {}", uuid::Uuid::new_v4()));
    let entered = async {
        let session = connection.session().await?;
        let version = session.version().await?;
        Ok::<_, ConnectError>((session, version))
    };
    match tokio::time::timeout(ENTRY * 2, entered).await {
        Ok(Ok(entered)) => Ok(entered),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(ConnectError::TimedOut { target: url.target(), after: ENTRY * 2 }.to_string()),
    }
}

fn verdict_of_version(target: &str, version: &str) -> Finding {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    let (tested, tested_minor) = TESTED;
    let told = format!("{target}: Spark {version}");
    match (major, minor) {
        (Some(major), _) if major < tested => Finding::Failed(format!("{told}; clicktop needs Spark {tested}")),
        (Some(major), Some(minor)) if (major, minor) == TESTED => Finding::Fine(told),
        (Some(major), Some(minor)) => {
            let is_newer = (major, minor) > TESTED;
            let age = if is_newer { "newer" } else { "older" };
            Finding::Warning(format!(
                "{told}, which is {age} than the Spark {tested}.{tested_minor} that clicktop is tested with"
            ))
        }
        _ => Finding::Warning(format!("{told}, a version that clicktop does not know")),
    }
}

/// A server that ends sessions which nobody uses ends the streaming query with them.
async fn sessions_that_end(session: &Session) -> Option<String> {
    const NAME: &str = "spark.connect.session.manager.defaultSessionTimeout";
    let found = session.settings(&[NAME]).await.ok()?.into_iter().next()?;
    let limit = found.unwrap_or_else(|| "60m".to_owned());
    (limit.trim() != "-1").then(|| {
        format!(
            "the server ends a session that nobody uses for {limit}, and the streaming query with it; start it with --conf {NAME}=-1"
        )
    })
}

struct Cluster<'a> {
    session: &'a Session,
    options: &'a SparkOptions,
    tables: &'a Tables,
    entry: &'a ConnectOptions,
}

impl Cluster<'_> {
    async fn look_at(&self, subject: &str) -> Result<Finding, ConnectError> {
        match subject {
            "delta" => self.delta().await,
            "avro" => self.avro().await,
            "root" => self.root().await,
            "tables" => self.tables().await,
            "stream" => self.stream().await,
            _ => self.kafka().await,
        }
    }

    async fn delta(&self) -> Result<Finding, ConnectError> {
        match tables::properties(self.session, &self.options.root, "clicks").await {
            Ok(_) => Ok(Finding::Fine("Spark knows Delta Lake".to_owned())),
            Err(TablesError::NoDelta { cause }) => Ok(Finding::Failed(format!("{DELTA_IS_MISSING} ({cause})"))),
            Err(TablesError::Connect(error)) => Err(error),
            // Another error concerns the root, which the next step tries.
            Err(_) => Ok(Finding::Fine("Spark knows Delta Lake".to_owned())),
        }
    }

    /// Reads a value of Avro on the cluster, and looks whether broken messages can exhaust its memory.
    async fn avro(&self) -> Result<Finding, ConnectError> {
        const LIMIT: &str = "org.apache.avro.limits.collectionItems.maxLength";
        let read = format!(
            "SELECT coalesce(reflect('java.lang.System', 'getProperty', '{LIMIT}'), '') AS bound, \
             from_avro(X'02', '\"long\"', map('mode', 'PERMISSIVE')) AS one"
        );
        let rows = match self.session.rows(read).all(1).await {
            Ok(rows) => rows,
            Err(error) if knows_no_avro(&error) => {
                return Ok(Finding::Failed(format!("{AVRO_IS_MISSING} ({error})")));
            }
            Err(error) => return Err(error),
        };
        let limit = rows.first().map(|batch| column::<StringArray>(batch, "bound")).transpose()?;
        let limit = limit.and_then(|column| column.iter().flatten().next().map(str::to_owned)).unwrap_or_default();
        Ok(match limit.parse::<u32>() {
            Ok(limit) => Finding::Fine(format!("Spark reads Avro, up to {limit} elements of an array")),
            Err(_) => Finding::Warning(format!(
                "Spark reads Avro, and a broken message may announce so large an array that it exhausts the memory; start the server with \
                 --conf spark.driver.extraJavaOptions=-D{LIMIT}=1000000, and the same for spark.executor.extraJavaOptions"
            )),
        })
    }

    /// Makes a Delta table in a folder of its own below the root, reads it, and deletes both. SQL deletes no folders, but a database
    /// takes its own along.
    async fn root(&self) -> Result<Finding, ConnectError> {
        let root = &self.options.root;
        let name = format!("clicktop_check_{}", uuid::Uuid::new_v4().simple());
        let tried = self.try_root(root, &name).await;
        let gone = self.session.command(format!("DROP DATABASE IF EXISTS spark_catalog.{name} CASCADE")).await;
        match (tried, gone) {
            (Ok(()), Ok(_)) => Ok(Finding::Fine(format!("{root}: the cluster can write there"))),
            (Ok(()), Err(error)) => {
                let left =
                    format!("{root}: the cluster can write there, and cannot delete the folder .{name}: {error}");
                Ok(Finding::Warning(left))
            }
            (Err(error), _) if error.is_transient() => Err(error),
            (Err(error), _) => {
                let advice = "grant driver and executors the right to write there, or choose another spark.root; every worker must see \
                              the same folder";
                Ok(Finding::Failed(format!("the cluster cannot write to {root}: {error}; {advice}")))
            }
        }
    }

    async fn try_root(&self, root: &Root, name: &str) -> Result<(), ConnectError> {
        let database = format!("CREATE DATABASE spark_catalog.{name} LOCATION '{root}/.{name}'");
        self.session.command(database).await?;
        self.session
            .command(format!("CREATE TABLE spark_catalog.{name}.tried USING delta AS SELECT 1L AS one"))
            .await?;
        self.session.rows(format!("SELECT one FROM spark_catalog.{name}.tried")).all(10).await.map(drop)
    }

    async fn tables(&self) -> Result<Finding, ConnectError> {
        let (root, slices) = (&self.options.root, self.options.slices);
        let found = match tables::properties(self.session, root, "clicks").await {
            Ok(found) => found,
            Err(TablesError::Connect(error)) => return Err(error),
            Err(error) => return Ok(Finding::Failed(error.to_string())),
        };
        let Some(found) = found else {
            return Ok(Finding::Fine("not there yet; the first `clicktop run` makes them".to_owned()));
        };
        if let Err(error) = tables::fit(&found, slices) {
            return Ok(Finding::Failed(error.to_string()));
        }
        let rounds = Rounds { session: self.session, tables: self.tables };
        let standing = rounds.standing().await?;
        let schema = tables::schema(&found);
        let minutes = slices.millis() / 60_000;
        let newest = standing.newest;
        let counted = match standing.cursor.counted {
            None => "nothing counted yet".to_owned(),
            Some(counted) => format!("counted up to version {counted} of {newest}"),
        };
        Ok(Finding::Fine(format!("schema {schema}, slices of {minutes} min, {counted}")))
    }

    async fn stream(&self) -> Result<Finding, ConnectError> {
        let everybodys = Connection::new(self.options.url.clone(), self.entry.clone(), self.options.root.to_string());
        let session = everybodys.session().await?;
        let active = session.active_queries().await?;
        let Some(query) = active.into_iter().find(|query| query.name.as_deref() == Some(QUERY)) else {
            return Ok(Finding::Fine("the streaming query does not run; `clicktop run` starts it".to_owned()));
        };
        let (id, run) = (query.run.query, query.run);
        let status = session.query_status(run).await?;
        let progress = session.last_progress(run).await?.and_then(|report| StreamProgress::parse(&report).ok());
        let batch = progress.map_or(String::new(), |progress| format!(", micro-batch {}", progress.batch));
        Ok(Finding::Fine(format!("the streaming query {id} runs{batch}: {}", status.message)))
    }

    /// Reads one message of the topic on the cluster, with the options of the streaming query and little patience.
    async fn kafka(&self) -> Result<Finding, ConnectError> {
        let mut options = self.options.source_options.clone();
        // Only a streaming query takes these; a batch query refuses them.
        options.retain(|name, _| {
            !["startingOffsets", "maxOffsetsPerTrigger"].iter().any(|of_streams| name.eq_ignore_ascii_case(of_streams))
        });
        for (name, value) in PATIENCE_OF_KAFKA {
            options.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        let brokers = options.get("kafka.bootstrap.servers").cloned().unwrap_or_default();
        let topic = self.options.source.topic.clone();
        let source = StreamSource { format: "kafka".to_owned(), options };
        let read = async {
            self.session.batch_view(VIEW, source).await?;
            self.session.rows(format!("SELECT partition FROM {VIEW} LIMIT 1")).all(1).await
        };
        match read.await {
            Ok(rows) => {
                let empty =
                    if rows.iter().all(|batch| batch.num_rows() == 0) { ", which holds no message" } else { "" };
                Ok(Finding::Fine(format!("the cluster reads {topic} at {brokers}{empty}")))
            }
            Err(error) => match kafka_trouble(&error, &topic, &brokers) {
                Some(trouble) => Ok(Finding::Failed(trouble)),
                None => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_a_verdict() {
        let verdict = |version| verdict_of_version("sc://a:1", version);
        assert_eq!(verdict("4.2.1"), Finding::Fine("sc://a:1: Spark 4.2.1".to_owned()));
        assert_eq!(verdict("4.2.0-SNAPSHOT"), Finding::Fine("sc://a:1: Spark 4.2.0-SNAPSHOT".to_owned()));
        assert!(matches!(verdict("3.5.6"), Finding::Failed(why) if why.ends_with("clicktop needs Spark 4")));
        assert!(matches!(verdict("4.1.2"), Finding::Warning(why) if why.contains("older than the Spark 4.2")));
        assert!(matches!(verdict("5.0.0"), Finding::Warning(why) if why.contains("newer than")));
        assert!(matches!(verdict("latest"), Finding::Warning(_)));
    }
}

//! How the streaming query comes to the schemas of a topic with a schema registry.
//!
//! The query fails when it meets the id of a schema that it does not know, before the micro-batch is in the table. The stage asks the
//! registry for that schema, and starts the query anew with it; the micro-batch comes again. So no message is lost, and none is a reject
//! because the registry was away.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::connect::{QueryRun, Session};
use super::options::FramedTopic;
use super::sql::{Opening, opening};
use super::stream::StreamStage;
use super::stream_error::{StreamError, without_avro};
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::registry::compiled::Known;

/// Where the session, in which the query runs, tells which schemas it knows.
const NOTED: &str = "clicktop.schemas";

/// The most schemas that a query knows.
const MOST: usize = 256;

/// The newest versions of the topic's subject that the query knows from the start.
const NEWEST: usize = 8;

/// How long a start waits for schemas that may be needed. The query asks for those that are.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the registry's answer is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// How long a wait may last before the stage shows it, and how long what it shows is valid.
const SILENT: Duration = Duration::from_secs(2);
const SHOWN: Duration = Duration::from_secs(2);

impl StreamStage {
    /// Makes the view that the decoder's stand on. Before the first one, looks for the schemas that may be needed.
    pub(super) async fn open_messages(&self, session: &Session) -> Result<(), StreamError> {
        let Some(framed) = &self.options.framed else { return Ok(()) };
        if self.book.begins() {
            let wanted = self.recalled(session, framed).await?;
            self.recall(framed, wanted).await;
        }
        let view = self.book.view();
        session.sql_view(&view.name, view.query.into()).await.map_err(without_avro)
    }

    /// The ids of the schemas that may be needed: those of the query before, and the newest of the topic's subject.
    async fn recalled(&self, session: &Session, framed: &FramedTopic) -> Result<BTreeSet<u32>, StreamError> {
        let noted = session.settings(&[NOTED]).await?.into_iter().next().flatten().unwrap_or_default();
        let mut ids: BTreeSet<u32> = noted.split(',').filter_map(|id| id.parse().ok()).take(MOST / 2).collect();
        let subject = format!("{}-value", self.options.kafka.topic);
        match tokio::time::timeout(PATIENCE, framed.schemas.ids_of(&subject, NEWEST)).await {
            Ok(Ok(found)) => ids.extend(found),
            Ok(Err(trouble)) => tracing::debug!(target: "stream", "{trouble}"),
            Err(_) => {}
        }
        Ok(ids)
    }

    async fn recall(&self, framed: &FramedTopic, mut wanted: BTreeSet<u32>) {
        let until = Instant::now() + PATIENCE;
        while !wanted.is_empty() && framed.schemas.trouble().is_none() && Instant::now() < until {
            // What cannot be used is told when a message needs it.
            wanted.retain(|id| match framed.schemas.look_up(*id) {
                Known::Asked => true,
                Known::Schema(_) => self.enter(framed, *id, None).is_err(),
                Known::Absent(..) => false,
            });
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Notes which schemas the query knows that was just started.
    pub(super) async fn note_schemas(&self, session: &Session) -> Result<(), StreamError> {
        if self.options.framed.is_none() {
            return Ok(());
        }
        let ids: Vec<String> = self.book.ids().iter().map(u32::to_string).collect();
        Ok(session.set(&[(NOTED, &ids.join(","))]).await?)
    }

    /// Asks the registry for a schema until it answers, or the stage is asked to end.
    ///
    /// # Errors
    /// The cluster cannot read messages with this schema, or there are too many schemas.
    pub(super) async fn learn_schema(&self, handle: &StageHandle, id: u32) -> Result<(), StreamError> {
        let Some(framed) = &self.options.framed else { return Ok(()) };
        let since = Instant::now();
        let mut said: Option<(String, Instant)> = None;
        loop {
            match framed.schemas.look_up(id) {
                Known::Asked => {}
                Known::Schema(_) => return self.enter(framed, id, None),
                Known::Absent(reason, until) => return self.enter(framed, id, Some((&reason, until))),
            }
            let trouble = framed.schemas.trouble();
            let is_shown = said.as_ref().is_some_and(|(_, until)| Instant::now() < *until);
            if !is_shown && (trouble.is_some() || since.elapsed() > SILENT) {
                let what = format!("the topic waits for schema {id}");
                let cause = match trouble {
                    Some(trouble) => format!("{trouble}; {what}"),
                    None => format!("schema registry {}: no answer yet; {what}", framed.schemas.registry()),
                };
                match &said {
                    Some((before, _)) if *before == cause => handle.still_backing_off(&cause, SHOWN),
                    _ => handle.backing_off(&cause, SHOWN),
                }
                said = Some((cause, Instant::now() + SHOWN));
            }
            if handle.sleep_async(Signal::Run, LOOK).await != Signal::Run {
                return Ok(());
            }
        }
    }

    /// Notes what becomes of the messages of a schema, or why there is none.
    fn enter(&self, framed: &FramedTopic, id: u32, absent: Option<(&str, Instant)>) -> Result<(), StreamError> {
        let opening = match (absent, framed.schemas.look_up(id)) {
            (Some((reason, _)), _) => Opening::Rejected(reason.to_owned()),
            (None, Known::Schema(schema)) => {
                opening(id, &schema, framed.mapping.as_ref()).map_err(StreamError::Schema)?
            }
            // It was known a moment ago; the query asks again.
            (None, _) => return Ok(()),
        };
        match &opening {
            Opening::LeftOut(line) => {
                let topic = &self.options.kafka.topic;
                self.shared.notices.say(line.clone(), || format!("{topic}: {line}"));
            }
            Opening::Rejected(reason) => tracing::warn!(target: "stream", "{reason}: its messages are rejects"),
            Opening::Avro { .. } | Opening::Json => {}
        }
        self.book.enter(id, opening, absent.map(|(_, until)| until));
        if self.book.len() > MOST {
            let line = format!("the topic has messages of more than {MOST} schemas, which one query cannot read");
            return Err(StreamError::Schema(line));
        }
        Ok(())
    }

    /// Looks whether the registry has a schema by now that it did not have. The query is stopped then, to begin anew with it.
    pub(super) async fn look_for_absent(&self, session: &Session, run: QueryRun) -> Result<(), StreamError> {
        let Some(framed) = &self.options.framed else { return Ok(()) };
        let mut came = false;
        for id in self.book.due() {
            match framed.schemas.look_up(id) {
                Known::Asked => {}
                Known::Absent(_, until) => self.book.still_absent(id, until),
                Known::Schema(_) => {
                    self.enter(framed, id, None)?;
                    came = true;
                }
            }
        }
        if came {
            session.stop_query(run).await?;
            return Err(StreamError::SchemaCame);
        }
        Ok(())
    }
}

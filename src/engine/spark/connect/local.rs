//! Rows that the client sends to the server.

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;

use super::error::ConnectError;
use super::session::Session;
use super::wire::{self, CommandType};

impl Session {
    /// Makes a temporary view of rows, in place of one of this name. The rows travel in one message, which the server limits to
    /// 128 MiB, and stay in the memory of its driver as long as the view.
    ///
    /// # Errors
    /// The message is too large; or as any call.
    pub(crate) async fn local_view(&self, name: &str, rows: &RecordBatch) -> Result<(), ConnectError> {
        let data =
            stream(rows).map_err(|error| self.link.errors().protocol(&format!("rows cannot be sent: {error}")))?;
        let local = wire::LocalRelation { data: Some(data.into()) };
        let view = wire::CreateDataFrameViewCommand {
            input: Some(wire::Relation { rel_type: Some(wire::RelType::LocalRelation(local)) }),
            name: name.to_owned(),
            replace: true,
        };
        self.answers(CommandType::CreateDataframeView(view), |_| {}).await
    }
}

/// `rows` as an Arrow stream.
fn stream(rows: &RecordBatch) -> Result<Vec<u8>, arrow_schema::ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::with_capacity(rows.get_array_memory_size()), &rows.schema())?;
    writer.write(rows)?;
    writer.into_inner()
}

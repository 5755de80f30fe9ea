//! Whole tables over the connection: each line is a part, and the receiver's speed is that of the connection.

use reqwest::Response;

use super::api::{Api, ApiFailure};
use crate::engine::tables::TableOrder;
use crate::protocol::table::TablePart;

/// The most bytes of a line: a part has 500 rows, and a reject 4 KiB of payload.
const MOST_LINE: usize = 16 * 1024 * 1024;

/// Cuts an answer into lines.
#[derive(Debug)]
pub(super) struct Lines {
    response: Response,
    rest: Vec<u8>,
    /// Bytes of `rest` that hold no end of a line.
    searched: usize,
}

impl Lines {
    pub(super) fn of(response: Response) -> Self {
        Self { response, rest: Vec::new(), searched: 0 }
    }

    /// The next line, without its end; `None` at the end of the answer.
    ///
    /// # Errors
    /// The connection breaks, or a line is too long.
    pub(super) async fn next(&mut self, api: &Api) -> Result<Option<Vec<u8>>, ApiFailure> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.rest.get(self.searched..).unwrap_or_default()) {
                let after = self.rest.split_off(self.searched + end + 1);
                let mut line = std::mem::replace(&mut self.rest, after);
                line.pop();
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.rest.len();
            if self.searched > MOST_LINE {
                return Err(ApiFailure::Strange("a line is longer than 16 MiB".to_owned()));
            }
            match self.response.chunk().await.map_err(|error| api.unreachable(&error))? {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Fetches the table of `order`, and hands it over.
pub(super) async fn fetch(api: &Api, order: TableOrder) {
    let failed = |why: String| order.send_now(TablePart::Failed(why));
    let response = match api.post("/v1/tables", &order.table).await {
        Ok(response) => response,
        Err(ApiFailure::Refused { status: 404 | 405, .. }) => {
            return failed("the pipeline there is older and exports no tables".to_owned());
        }
        Err(error) => return failed(error.to_string()),
    };
    let mut lines = Lines::of(response);
    loop {
        let part = match lines.next(api).await {
            Ok(Some(line)) => serde_json::from_slice(&line).unwrap_or_else(|_| {
                TablePart::Failed("the pipeline there sends what this console cannot read".to_owned())
            }),
            Ok(None) => TablePart::Failed("the connection ended before the table did".to_owned()),
            Err(error) => TablePart::Failed(error.to_string()),
        };
        let is_last = matches!(part, TablePart::End { .. } | TablePart::Failed(_));
        let receiver = order.clone();
        // The receiver writes a file and may be slow.
        let sent = tokio::task::spawn_blocking(move || receiver.send(part, &|| false)).await;
        if is_last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

//! Reads files, pipes and standard input: unpacks them, splits them into records, and knows where each record begins.

mod beginning;
mod container;
mod find;
mod form;
mod head;
mod hints;
mod input;
mod mapped_head;
mod notes;
mod order;
mod quotes;
mod reader;
mod records;
mod taker;
mod text;
mod values;

pub(crate) use beginning::Beginning;
pub use find::FoundInput;
pub(crate) use find::file_id;
pub use form::RecordForm;
pub(crate) use head::Layout;
pub use input::ReplayInput;
pub(crate) use notes::Notes;
pub(crate) use order::in_order;
pub(crate) use reader::{FileReader, Step};
pub(crate) use records::KEEP;
pub(crate) use taker::{RecordPlace, RecordTaker};

//! The order of several files: that of their first clicks, so that clicks come as they happened.

use super::find::FoundInput;
use super::form::RecordForm;
use super::notes::Notes;
use super::reader::{FileReader, Step};
use super::taker::RecordTaker;
use crate::click::Timestamp;
use crate::source::error::DemoError;

/// The first click is looked for among so many records.
const RECORDS: usize = 1_000;

/// `inputs` in the order of the time of their first click; those without one, and pipes, come last, in the given order. `taker` makes
/// what finds the time of a click.
///
/// # Errors
/// A file cannot be read, or holds something that is not read.
pub(crate) fn in_order<T: RecordTaker>(
    inputs: Vec<FoundInput>,
    form: &RecordForm,
    mut first_time: impl FnMut() -> T,
    time_of: impl Fn(&T) -> Option<Timestamp>,
) -> Result<Vec<FoundInput>, DemoError> {
    let mut timed = Vec::with_capacity(inputs.len());
    for input in inputs {
        let FoundInput::File(_) = &input else {
            timed.push((None, input));
            continue;
        };
        let mut taker = first_time();
        find_first(FileReader::open(&input, form, false)?, &mut taker, &time_of)?;
        timed.push((time_of(&taker), input));
    }
    // None is the smallest of options, but comes last here.
    timed.sort_by_key(|(time, _)| (time.is_none(), *time));
    Ok(timed.into_iter().map(|(_, input)| input).collect())
}

/// Reads on until the time of a click is known. An error behind the beginning shows when the file is read.
fn find_first<T: RecordTaker>(
    mut reader: FileReader,
    taker: &mut T,
    time_of: &impl Fn(&T) -> Option<Timestamp>,
) -> Result<(), DemoError> {
    reader.begin()?;
    if let Some(layout) = reader.layout() {
        taker.set_layout(layout);
    }
    let mut notes = Notes::silent();
    for _ in 0..RECORDS {
        match reader.next(taker, &mut notes) {
            Ok(Step::Taken) if time_of(taker).is_none() => {}
            Ok(_) | Err(_) => break,
        }
    }
    Ok(())
}

//! Events made before the clock starts: in memory, or as a file for other programs.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use clicktop::click::{ClickBatch, Decoder, FIELD_NAMES, Format, is_csv_header};
use clicktop::engine::local::bench::Messages;
use clicktop::source::traffic::Generator;
use clicktop::storage::IngestBatch;

use super::Outcome;
use super::options::Options;

/// Kafka payloads end to end.
#[derive(Debug, Default)]
pub struct Prepared {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl Prepared {
    /// The lines of `--csv`, or as many generated events.
    pub fn make(options: &Options, events: u64) -> Outcome<Self> {
        let prepared = match &options.csv {
            Some(file) => Self::of_file(file, events)?,
            None => Self::generated(options, events)?,
        };
        match prepared.len() == events {
            true => Ok(prepared),
            false => Err(format!("{} events where {events} were asked for", prepared.len()).into()),
        }
    }

    fn generated(options: &Options, events: u64) -> Outcome<Self> {
        let mut generator = Generator::new(options.generator(events))?;
        let mut prepared = Self::default();
        while generator.write_message(&mut prepared.bytes) {
            prepared.ends.push(prepared.bytes.len() as u64);
        }
        Ok(prepared)
    }

    fn of_file(file: &Path, events: u64) -> Outcome<Self> {
        let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
        // At once, so that no doubling of the buffer shows as memory.
        let mut prepared = Self {
            bytes: Vec::with_capacity(usize::try_from(opened.metadata()?.len())?),
            ends: Vec::with_capacity(usize::try_from(events)?),
        };
        let mut reader = BufReader::with_capacity(1 << 20, opened);
        let mut line = Vec::new();
        while prepared.len() < events && reader.read_until(b'\n', &mut line)? > 0 {
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if !(prepared.ends.is_empty() && is_csv_header(text)) {
                prepared.bytes.extend_from_slice(text);
                prepared.ends.push(prepared.bytes.len() as u64);
            }
            line.clear();
        }
        Ok(prepared)
    }

    pub fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Decoded, `size` clicks a batch.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = Outcome<IngestBatch>> {
        let mut decoder = Decoder::new(Format::Auto);
        let starts = (0..self.len()).step_by(size);
        starts.map(move |start| {
            let mut clicks = ClickBatch::with_capacity(size);
            let messages = (start..start + size as u64).map_while(|number| self.payload(number));
            for payload in messages {
                clicks.push(&decoder.decode(payload)?);
            }
            Ok(IngestBatch { clicks, ..IngestBatch::default() })
        })
    }
}

impl Messages for Prepared {
    fn payload(&self, number: u64) -> Option<&[u8]> {
        let at = usize::try_from(number).ok()?;
        let end = usize::try_from(*self.ends.get(at)?).ok()?;
        let begin = match at.checked_sub(1) {
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
            None => 0,
        };
        self.bytes.get(begin..end)
    }
}

/// Writes the events to `--out`, a header first.
pub fn write_csv(options: &Options, events: u64) -> Outcome<()> {
    let file = options.out.as_deref().ok_or("--out names no file")?;
    let opened = File::create(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, opened);
    writeln!(out, "{}", FIELD_NAMES.join(","))?;
    let mut generator = Generator::new(options.generator(events))?;
    let mut line = Vec::new();
    while generator.write_csv_line(&mut line) {
        out.write_all(&line)?;
        line.clear();
    }
    out.flush()?;
    println!("{} events in {}", generator.made(), file.display());
    Ok(())
}

//! Reads `journal.jsonl` while a cell writes it, and afterwards.
//!
//! **Invariant:** no line is lost silently: what cannot be read is kept as a `BadLine`, and a journal of a newer
//! version is refused whole.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::JOURNAL_FILE;
use fairtrial_domain::journal::{JOURNAL_VERSION, JournalLine, Record};
use serde::Deserialize;

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 64 << 20;
/// The longest journal that is read, in bytes.
pub const MAX_JOURNAL: u64 = 2 << 30;
const CHUNK: usize = 64 << 10;
const KEPT: usize = 2000;

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read.
    #[error("could not read the journal {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A newer program wrote it.
    #[error(
        "the journal {} has version {found}, this program knows up to {known}: use the version of Fairtrial that wrote it, or a newer one",
        path.display()
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// Ours.
        known: u32,
    },
    /// It is larger than any honest cell writes.
    #[error("the journal {} has more than {limit} bytes: the cell that wrote it is at fault", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// How many are read.
        limit: u64,
    },
}

/// A line that could not be read, or came out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Where it starts, in bytes from the start of the journal.
    pub offset: u64,
    /// What is wrong.
    pub why: Badness,
    /// Its first bytes.
    pub text: String,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badness {
    /// It is no journal line of our version.
    Unparsable,
    /// It is longer than `MAX_LINE`.
    TooLong,
    /// Lines before it are missing or doubled; the line itself was read.
    OutOfOrder,
    /// It comes after `Closed`.
    AfterClosed,
}

/// What one look at a journal brought.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// New lines.
    pub lines: Vec<JournalLine>,
    /// New lines that could not be read.
    pub bad: Vec<BadLine>,
}

/// A journal that is read as it grows.
#[derive(Debug)]
pub struct JournalReader {
    path: PathBuf,
    file: Option<File>,
    /// Bytes of the last, unfinished line.
    rest: Vec<u8>,
    rest_offset: u64,
    skipping: bool,
    next_seq: u64,
    closed: bool,
    max_line: usize,
    max_journal: u64,
    /// Kept from one look to the next; most looks find nothing.
    chunk: Vec<u8>,
}

#[derive(Deserialize)]
struct OnlyVersion {
    v: u64,
}

impl JournalReader {
    /// Reads the journal of the bundle in `dir`, which need not exist yet.
    pub fn new(dir: &Path) -> Self {
        Self::with_limits(dir, MAX_LINE, MAX_JOURNAL)
    }

    fn with_limits(dir: &Path, max_line: usize, max_journal: u64) -> Self {
        JournalReader {
            path: dir.join(JOURNAL_FILE),
            file: None,
            rest: Vec::new(),
            rest_offset: 0,
            skipping: false,
            next_seq: 0,
            closed: false,
            max_line,
            max_journal,
            chunk: vec![0; CHUNK],
        }
    }

    /// Returns whether `Closed` was read.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Returns what was appended since the last time, at most about 64 KiB of it: an empty batch means that
    /// there is nothing new. A last line without its end waits for the next time.
    pub fn poll(&mut self) -> Result<Batch, JournalError> {
        let mut chunk = std::mem::take(&mut self.chunk);
        let batch = self.look(&mut chunk);
        self.chunk = chunk;
        batch
    }

    fn look(&mut self, chunk: &mut [u8]) -> Result<Batch, JournalError> {
        let mut batch = Batch::default();
        while batch.lines.is_empty() && batch.bad.is_empty() {
            let got = self.read(chunk)?;
            if got == 0 {
                break;
            }
            for piece in chunk[..got].split_inclusive(|byte| *byte == b'\n') {
                self.take(piece, &mut batch)?;
            }
        }
        Ok(batch)
    }

    fn read(&mut self, chunk: &mut [u8]) -> Result<usize, JournalError> {
        let fail = |path: &Path, source| JournalError::Read { path: path.to_owned(), source };
        let file = match &mut self.file {
            Some(file) => file,
            None => match File::open(&self.path) {
                Ok(file) => self.file.insert(file),
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(0),
                Err(e) => return Err(fail(&self.path, e)),
            },
        };
        loop {
            match file.read(chunk) {
                Ok(got) => return Ok(got),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(fail(&self.path, e)),
            }
        }
    }

    fn take(&mut self, piece: &[u8], batch: &mut Batch) -> Result<(), JournalError> {
        let whole = piece.ends_with(b"\n");
        if self.rest_offset + self.rest.len() as u64 + piece.len() as u64 > self.max_journal {
            return Err(JournalError::TooLarge { path: self.path.clone(), limit: self.max_journal });
        }
        if self.skipping {
            self.rest_offset += piece.len() as u64;
            self.skipping = !whole;
            return Ok(());
        }
        self.rest.extend_from_slice(piece);
        if whole {
            let line = std::mem::take(&mut self.rest);
            let offset = self.rest_offset;
            self.rest_offset += line.len() as u64;
            return self.line(&line[..line.len() - 1], offset, batch);
        }
        if self.rest.len() > self.max_line {
            let line = std::mem::take(&mut self.rest);
            batch.bad.push(bad(self.rest_offset, Badness::TooLong, &line));
            self.rest_offset += line.len() as u64;
            self.skipping = true;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], offset: u64, batch: &mut Batch) -> Result<(), JournalError> {
        if line.len() > self.max_line {
            batch.bad.push(bad(offset, Badness::TooLong, line));
            return Ok(());
        }
        let parsed = serde_json::from_slice::<JournalLine>(line);
        let version = match &parsed {
            Ok(line) => Some(u64::from(line.v)),
            // A newer form need not parse as ours, but says its version in the same place.
            Err(_) => serde_json::from_slice::<OnlyVersion>(line).ok().map(|only| only.v),
        };
        if let Some(found) = version.filter(|found| *found > u64::from(JOURNAL_VERSION)) {
            return Err(JournalError::Newer { path: self.path.clone(), found, known: JOURNAL_VERSION });
        }
        match parsed {
            Err(_) => batch.bad.push(bad(offset, Badness::Unparsable, line)),
            Ok(_) if self.closed => batch.bad.push(bad(offset, Badness::AfterClosed, line)),
            Ok(parsed) => {
                if parsed.seq != self.next_seq {
                    batch.bad.push(bad(offset, Badness::OutOfOrder, line));
                }
                self.next_seq = parsed.seq.saturating_add(1);
                self.closed = parsed.record == Record::Closed;
                batch.lines.push(parsed);
            }
        }
        Ok(())
    }
}

fn bad(offset: u64, why: Badness, line: &[u8]) -> BadLine {
    let text = String::from_utf8_lossy(&line[..line.len().min(KEPT)]).into_owned();
    BadLine { offset, why, text }
}

/// A journal as it lies on disk.
#[derive(Debug, Default, PartialEq)]
pub struct JournalState {
    /// Every line that could be read.
    pub records: Vec<JournalLine>,
    /// Every line that could not.
    pub bad: Vec<BadLine>,
    /// True when it is whole: its last record is `Closed`.
    pub closed: bool,
}

/// Reads the whole journal of the bundle in `dir`; one that does not exist is empty and not closed.
pub fn read_whole(dir: &Path) -> Result<JournalState, JournalError> {
    let mut reader = JournalReader::new(dir);
    let mut state = JournalState::default();
    loop {
        let batch = reader.poll()?;
        if batch == Batch::default() {
            state.closed = reader.closed();
            return Ok(state);
        }
        state.records.extend(batch.lines);
        state.bad.extend(batch.bad);
    }
}

#[cfg(test)]
mod tests;

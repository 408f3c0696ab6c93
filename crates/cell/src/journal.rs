//! Writes a cell's journal: a line a record, each flushed, the whole forced to the disk by its last.
//!
//! **Invariant:** a journal whose last record is `Closed` was written without any error.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use fairtrial_domain::bundle::JOURNAL_FILE;
use fairtrial_domain::journal::{JOURNAL_VERSION, JournalLine, Record};
use fairtrial_fault as fault;

use crate::room::Room;

/// Why a journal cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is one already: another cell works, or worked, on this bundle.
    #[error("`{path}` exists already: a bundle is worked on once; make a new one")]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// A line did not reach the file whole.
    #[error("could not write `{path}`: free some space on its disk and run the trial again")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An earlier line failed, so no later one may follow.
    #[error("`{path}` is broken by an earlier failure")]
    Broken {
        /// Which.
        path: PathBuf,
    },
}

/// An open journal.
#[derive(Debug)]
pub struct Journal<W = File> {
    out: W,
    path: PathBuf,
    started: Instant,
    seq: u64,
    broken: bool,
}

/// Where a journal's lines go.
pub trait Sink: Write {
    /// Forces what was written to the disk.
    fn force(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn force(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl Sink for Vec<u8> {
    fn force(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Journal {
    /// Creates the journal of a bundle; refuses when there is one.
    pub fn create(bundle: &Path) -> Result<Journal, JournalError> {
        let path = bundle.join(JOURNAL_FILE);
        if let Err(source) = fault::point("journal create") {
            return Err(JournalError::Write { path, source });
        }
        match File::options().append(true).create_new(true).open(&path) {
            Ok(file) => Ok(Journal::over(file, path)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(JournalError::Exists { path }),
            Err(source) => Err(JournalError::Write { path, source }),
        }
    }
}

impl<W: Sink> Journal<W> {
    /// Writes to `out`, which messages call `path`.
    pub fn over(out: W, path: PathBuf) -> Journal<W> {
        Journal { out, path, started: Instant::now(), seq: 0, broken: false }
    }

    /// Appends a record. After a failure every later call fails too.
    pub fn write(&mut self, record: Record) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken { path: self.path.clone() });
        }
        let force = decides(&record);
        let at_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let line = JournalLine { v: JOURNAL_VERSION, seq: self.seq, at_ms, record };
        let done = serde_json::to_vec(&line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            fault::point("journal line")?;
            self.out.write_all(&text)?;
            self.out.flush()?;
            if !force {
                return Ok(());
            }
            fault::point("journal force")?;
            self.out.force()
        });
        self.seq += 1;
        done.map_err(|source| {
            self.broken = true;
            JournalError::Write { path: self.path.clone(), source }
        })
    }

    /// Appends `Opened` with the isolation that was had.
    pub fn opened(&mut self, room: &Room) -> Result<(), JournalError> {
        let ((tier, reason), fenced) = (room.tier(), room.is_fenced());
        let unix =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let cell = env!("CARGO_PKG_VERSION").to_owned();
        self.write(Record::Opened { unix, tier, tier_reason: reason.map(str::to_owned), cell, fenced })
    }
}

/// Writes an error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Returns whether a record must survive a power cut: the last one only. A journal without it is not believed, and
/// forcing it forces every line before it.
fn decides(record: &Record) -> bool {
    match record {
        Record::Closed => true,
        Record::Opened { .. }
        | Record::Phase { .. }
        | Record::Launched { .. }
        | Record::Event { .. }
        | Record::LimitReached { .. }
        | Record::Metered { .. }
        | Record::Ended { .. }
        | Record::Contact { .. }
        | Record::Captured { .. }
        | Record::Restored { .. }
        | Record::CheckStarted { .. }
        | Record::Verdict { .. }
        | Record::DoesNotApply { .. }
        | Record::BaseReady { .. }
        | Record::Failed { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::journal::Phase;

    use super::*;

    /// Takes `room` bytes, then is full.
    struct Disk {
        room: usize,
        held: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room - self.held.len());
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.held.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Disk {
        fn force(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_numbered_without_gaps() {
        let mut journal = Journal::over(Vec::new(), PathBuf::from("j"));
        journal.write(Record::Phase { phase: Phase::Working }).unwrap();
        journal.write(Record::Closed).unwrap();
        let lines: Vec<JournalLine> = journal
            .out
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).unwrap())
            .collect();
        assert_eq!(lines.iter().map(|l| (l.v, l.seq)).collect::<Vec<_>>(), [(1, 0), (1, 1)]);
        assert_eq!(lines[1].record, Record::Closed);
    }

    #[test]
    fn a_journal_is_forced_to_the_disk_once_by_its_last_line() {
        struct Counted(Vec<usize>, usize);
        impl Write for Counted {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 += bytes.iter().filter(|byte| **byte == b'\n').count();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl Sink for Counted {
            fn force(&mut self) -> io::Result<()> {
                self.0.push(self.1);
                Ok(())
            }
        }
        let mut journal = Journal::over(Counted(vec![], 0), PathBuf::from("j"));
        journal.write(Record::Phase { phase: Phase::Working }).unwrap();
        journal.write(Record::Failed { reason: String::new(), lasting: false }).unwrap();
        journal.write(Record::Closed).unwrap();
        assert_eq!(journal.out.0, [3], "lines that were written when the disk was waited for");
    }

    #[test]
    fn a_full_disk_never_ends_in_a_closed_journal() {
        for room in 0..400 {
            let mut journal = Journal::over(Disk { room, held: Vec::new() }, PathBuf::from("j"));
            let first = journal.write(Record::Failed { reason: "x".repeat(100), lasting: false });
            let second = journal.write(Record::Closed);
            let text = String::from_utf8(journal.out.held).unwrap();
            assert_eq!(second.is_ok(), text.ends_with("\"closed\"}}\n"), "{room}: {text}");
            assert!(first.is_ok() || second.is_err(), "{room}");
        }
    }

    #[test]
    fn a_second_journal_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        Journal::create(dir.path()).unwrap();
        assert!(matches!(Journal::create(dir.path()), Err(JournalError::Exists { .. })));
    }
}

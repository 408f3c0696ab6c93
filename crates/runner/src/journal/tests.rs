//! Journals as bytes: what is read, what is kept as bad, what is refused.

use std::io::Write;

use super::*;

fn line(seq: u64, record: &str) -> String {
    format!("{{\"v\":1,\"seq\":{seq},\"at_ms\":{seq},\"record\":{{{record}}}}}\n")
}

const CHECKING: &str = r#""record":"phase","phase":"checking""#;
const CLOSED: &str = r#""record":"closed""#;

fn dir_with(journal: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(JOURNAL_FILE), journal).unwrap();
    dir
}

/// Reads `journal` and says: the numbers read, what was bad and where, and whether it is whole.
fn check(journal: &str, expected: &str) {
    let dir = dir_with(journal.as_bytes());
    let got = match read_whole(dir.path()) {
        Ok(state) => {
            let seqs: Vec<u64> = state.records.iter().map(|line| line.seq).collect();
            let bad: Vec<String> = state.bad.iter().map(|b| format!("{:?}@{}", b.why, b.offset)).collect();
            format!("{seqs:?} [{}]{}", bad.join(" "), if state.closed { " closed" } else { "" })
        }
        Err(error) => error.to_string().replace(&dir.path().display().to_string(), "DIR"),
    };
    assert_eq!(got, expected);
}

#[test]
fn a_whole_journal_is_closed() {
    check(&(line(0, CHECKING) + &line(1, CLOSED)), "[0, 1] [] closed");
}

#[test]
fn a_journal_without_its_last_record_is_not_closed() {
    check("", "[] []");
    check(&line(0, CHECKING), "[0] []");
    let five: String = (0..5).map(|seq| line(seq, CHECKING)).collect();
    check(&five, "[0, 1, 2, 3, 4] []");
    check(&(line(0, CHECKING) + line(1, CLOSED).trim_end()), "[0] []");
}

#[test]
fn a_line_that_cannot_be_read_is_kept_and_the_others_are_read() {
    let size = line(0, CHECKING).len();
    check(
        &(line(0, CHECKING) + "boo\n\n" + &line(1, r#""record":"unheard_of""#) + &line(2, CLOSED)),
        &format!(
            "[0, 2] [Unparsable@{size} Unparsable@{} Unparsable@{} OutOfOrder@{}] closed",
            size + 4,
            size + 5,
            size + 5 + line(1, r#""record":"unheard_of""#).len()
        ),
    );
    let dir = dir_with(b"\xff\x00 <img onerror=1>\n");
    let state = read_whole(dir.path()).unwrap();
    assert_eq!(state.bad[0].text, "\u{fffd}\0 <img onerror=1>");
}

#[test]
fn lines_after_the_end_do_not_open_it_again() {
    let size = line(0, CLOSED).len();
    check(&(line(0, CLOSED) + &line(1, CHECKING)), &format!("[0] [AfterClosed@{size}] closed"));
}

#[test]
fn a_newer_journal_is_refused_whatever_its_lines_look_like() {
    let refused = "the journal DIR/journal.jsonl has version 2, this program knows up to 1: use the version of Fairtrial that wrote it, or a newer one";
    check(&line(0, CHECKING).replace("\"v\":1", "\"v\":2"), refused);
    check("{\"v\":2,\"what\":\"new\"}\n", refused);
}

#[test]
fn a_line_is_told_when_it_is_whole_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut reader = JournalReader::new(dir.path());
    assert_eq!(reader.poll().unwrap(), Batch::default());
    let mut file = File::create(dir.path().join(JOURNAL_FILE)).unwrap();
    let whole = line(0, CHECKING);
    let (head, tail) = whole.split_at(9);
    file.write_all(head.as_bytes()).unwrap();
    assert_eq!(reader.poll().unwrap(), Batch::default());
    file.write_all(tail.as_bytes()).unwrap();
    assert_eq!(reader.poll().unwrap().lines.len(), 1);
    assert_eq!(reader.poll().unwrap(), Batch::default());
    file.write_all(line(1, CLOSED).as_bytes()).unwrap();
    assert_eq!((reader.poll().unwrap().lines.len(), reader.closed()), (1, true));
}

#[test]
fn a_line_longer_than_allowed_is_dropped_and_said_so() {
    for end in ["\n", ""] {
        let dir = dir_with(format!("{}{end}{}", "x".repeat(700_000), line(0, CLOSED)).as_bytes());
        let mut reader = JournalReader::with_limits(dir.path(), 1000, 1 << 30);
        let (mut bad, mut read) = (Vec::new(), 0);
        loop {
            let batch = reader.poll().unwrap();
            if batch == Batch::default() {
                break;
            }
            bad.extend(batch.bad);
            read += batch.lines.len();
        }
        assert_eq!((bad.len(), bad[0].why, bad[0].offset, bad[0].text.len()), (1, Badness::TooLong, 0, KEPT));
        assert_eq!(read, usize::from(end == "\n"));
    }
}

#[test]
fn a_journal_larger_than_allowed_is_refused() {
    let dir = dir_with(line(0, CHECKING).repeat(20).as_bytes());
    let mut reader = JournalReader::with_limits(dir.path(), 1000, 300);
    let error = loop {
        match reader.poll() {
            Ok(batch) => assert_ne!(batch, Batch::default(), "read to its end"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, JournalError::TooLarge { limit: 300, .. }), "{error}");
}

#[test]
fn a_journal_that_is_a_folder_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(JOURNAL_FILE)).unwrap();
    let error = read_whole(dir.path()).unwrap_err().to_string();
    assert!(error.starts_with("could not read the journal /") && error.ends_with("journal.jsonl"), "{error}");
}

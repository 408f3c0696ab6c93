//! `cargo test`'s text: one block a test binary, `running N tests` to `test result:`.

use fairtrial_domain::verdict::TestStatus;

use super::tally::Tally;
use super::{Reading, plain};

/// One test binary's block.
#[derive(Default)]
struct Block {
    announced: usize,
    seen: usize,
    /// After `failures:`, where what tests printed is repeated.
    told: bool,
    section: Option<String>,
    pending: Option<String>,
}

/// Reads all blocks. Lines that look like results inside the part where captured prints are repeated are no results.
pub(super) fn read(text: &str) -> Reading {
    let mut tally = Tally::default();
    let mut block: Option<Block> = None;
    for line in text.lines() {
        let line = plain(line);
        let line = line.as_ref();
        let told = block.as_ref().is_some_and(|b| b.told);
        if let Some(announced) = announced(line).filter(|_| !told) {
            end(&mut tally, block.take());
            block = Some(Block { announced, ..Block::default() });
        } else if line.starts_with("test result: ") {
            summary(&mut tally, block.take(), line);
        } else if let Some(open) = &mut block {
            inside(&mut tally, open, line);
        } else if line.starts_with("error: could not compile")
            || line.starts_with("error: could not document")
        {
            tally.problem(format!("it did not compile: {line}"));
        } else if line.starts_with("error: ") && line.contains("process didn't exit successfully") {
            tally.problem(format!("a test binary broke: {line}"));
        }
    }
    end(&mut tally, block);
    tally.done()
}

fn announced(line: &str) -> Option<usize> {
    let rest = line.strip_prefix("running ")?;
    rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?.parse().ok()
}

fn inside(tally: &mut Tally, block: &mut Block, line: &str) {
    if line == "failures:" {
        block.told = true;
        block.section = None;
    } else if block.told {
        told(tally, block, line);
    } else if let Some((name, rest)) = line.strip_prefix("test ").and_then(|l| l.rsplit_once(" ... ")) {
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        block.pending = None;
        match status(rest) {
            Some(status) => {
                block.seen += 1;
                tally.add(name, status, "");
            }
            // With `--nocapture` a test's prints stand between its name and its result.
            None => block.pending = Some(name.to_owned()),
        }
    } else if let Some(status) = status(line)
        && let Some(name) = &block.pending
    {
        block.seen += 1;
        tally.add(name, status, "");
    }
}

fn told(tally: &mut Tally, block: &mut Block, line: &str) {
    let opens = line.strip_prefix("---- ").and_then(|l| l.strip_suffix(" stdout ----"));
    if let Some(name) = opens {
        block.section = Some(name.to_owned());
    } else if let Some(name) = &block.section {
        tally.explain(name, line);
    }
}

fn status(word: &str) -> Option<TestStatus> {
    match word.trim_end() {
        "ok" => Some(TestStatus::Passed),
        "FAILED" | "failed" => Some(TestStatus::Failed),
        "ignored" => Some(TestStatus::Skipped),
        other if other.starts_with("ignored, ") => Some(TestStatus::Skipped),
        other => other.rsplit_once(" <").and_then(|(first, time)| {
            // `--report-time` adds ` <0.001s>`.
            if time.ends_with("s>") { status(first) } else { None }
        }),
    }
}

fn summary(tally: &mut Tally, block: Option<Block>, line: &str) {
    let Some(block) = block else { return tally.problem("a summary without a test binary") };
    let number = |word: &str| -> usize {
        let before = line.split(';').find_map(|part| part.trim().strip_suffix(word)).unwrap_or("");
        before.rsplit(' ').find(|w| !w.is_empty()).and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    let (passed, failed, ignored) = (number(" passed"), number(" failed"), number(" ignored"));
    let told = passed.saturating_add(failed).saturating_add(ignored);
    if block.seen != block.announced || told != block.announced {
        tally.problem(format!(
            "{} tests were announced, {} reported, and {told} are in the summary",
            block.announced, block.seen
        ));
    }
}

fn end(tally: &mut Tally, block: Option<Block>) {
    let Some(block) = block else { return };
    tally.problem(format!(
        "a test binary ended without a summary, after {} of {} tests",
        block.seen, block.announced
    ));
}

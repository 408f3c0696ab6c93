//! JUnit XML, as pytest, Maven, Gradle, Jest, Vitest and others write it. A test is named `classname.name`.

use fairtrial_domain::verdict::TestStatus;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::tally::Tally;
use super::{MAX_MESSAGE, Reading, head};

/// Elements inside each other that are followed.
const MAX_DEPTH: usize = 64;
/// Bytes of a report that are read.
const MAX_REPORT: usize = 32 << 20;

struct Case {
    id: String,
    status: TestStatus,
    message: String,
    /// Inside `failure` or `error`, whose text explains it.
    telling: bool,
}

/// Reads a report. Entities of its own are never expanded.
pub(super) fn read(text: &str) -> Reading {
    let mut tally = Tally::default();
    if text.len() > MAX_REPORT {
        tally.problem(format!("the report is larger than {} MiB", MAX_REPORT >> 20));
        return tally.done();
    }
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let mut case: Option<Case> = None;
    let (mut depth, mut declared, mut rooted) = (0_usize, 0_u64, false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                depth += 1;
                rooted = true;
                if depth > MAX_DEPTH {
                    tally.problem(format!("the report is nested more than {MAX_DEPTH} deep"));
                    break;
                }
                opened(&mut tally, &mut case, &tag, &mut declared);
            }
            Ok(Event::Empty(tag)) => {
                rooted = true;
                opened(&mut tally, &mut case, &tag, &mut declared);
                closed(&mut tally, &mut case, tag.name().as_ref());
            }
            Ok(Event::End(tag)) => {
                depth = depth.saturating_sub(1);
                closed(&mut tally, &mut case, tag.name().as_ref());
            }
            Ok(Event::Text(words)) => told(&mut case, words.as_ref()),
            Ok(Event::CData(words)) => told(&mut case, words.as_ref()),
            Ok(Event::GeneralRef(name)) => told(&mut case, &unescaped(&format!("&{};", name.as_ref()))),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Eof) => {
                if depth > 0 || !rooted {
                    tally.problem("the report is cut off");
                }
                break;
            }
            Err(e) => {
                tally.problem(format!("the report is no XML from byte {} on: {e}", reader.error_position()));
                break;
            }
        }
    }
    if let Some(case) = case.take() {
        tally.add(&case.id, TestStatus::Failed, "the report ends inside this test");
    }
    if declared > 0 && tally.count(TestStatus::Failed) == 0 {
        tally.problem(format!("the report counts {declared} failures and names none"));
    }
    tally.done()
}

fn opened(tally: &mut Tally, case: &mut Option<Case>, tag: &BytesStart<'_>, declared: &mut u64) {
    match tag.local_name().as_ref() {
        "testsuite" => {
            for count in ["failures", "errors"] {
                let number = attribute(tag, count).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
                *declared = declared.saturating_add(number);
            }
        }
        "testcase" => {
            let name = attribute(tag, "name").unwrap_or_default();
            let class = attribute(tag, "classname").unwrap_or_default();
            let id = if class.is_empty() { name } else { format!("{class}.{name}") };
            if let Some(open) =
                case.replace(Case { id, status: TestStatus::Passed, message: String::new(), telling: false })
            {
                tally.add(&open.id, TestStatus::Failed, "the report opens another test inside this one");
            }
        }
        kind @ ("failure" | "error" | "skipped") => {
            if let Some(case) = case {
                case.telling = true;
                if kind != "skipped" {
                    case.status = TestStatus::Failed;
                } else if case.status == TestStatus::Passed {
                    case.status = TestStatus::Skipped;
                }
                case.message.push_str(&attribute(tag, "message").unwrap_or_default());
                case.message.push('\n');
            }
        }
        _ => {}
    }
}

fn closed(tally: &mut Tally, case: &mut Option<Case>, name: &str) {
    match name {
        "testcase" => {
            if let Some(case) = case.take() {
                tally.add(&case.id, case.status, case.message.trim());
            }
        }
        "failure" | "error" | "skipped" => {
            if let Some(case) = case {
                case.telling = false;
            }
        }
        _ => {}
    }
}

fn told(case: &mut Option<Case>, words: &str) {
    if let Some(case) = case.as_mut().filter(|c| c.telling && c.message.len() < MAX_MESSAGE) {
        case.message.push_str(head(words, MAX_MESSAGE));
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    Some(unescaped(&found.value))
}

/// Resolves the five entities of XML and character references; what is neither stays as it is.
fn unescaped(raw: &str) -> String {
    quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), |text| text.into_owned())
}

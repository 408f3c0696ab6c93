//! The page: what it says, that it is well-formed, and that hostile text stays text.

use quick_xml::Reader;
use quick_xml::events::Event;

use fairtrial_domain::network::{Contact, ContactVerdict};

use super::{STYLE, html};
use crate::tests::sample::{Sample, later_round};

/// Reads the page as XML; returns its element names, attribute names and text.
fn parsed(page: &str) -> (Vec<String>, Vec<String>, String) {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    let (mut elements, mut attributes, mut text) = (vec![], vec![], String::new());
    let mut depth = 0i32;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} at {}", reader.buffer_position())) {
            Event::Eof => break,
            event @ (Event::Start(_) | Event::Empty(_)) => {
                let (Event::Start(start) | Event::Empty(start)) = &event else { unreachable!() };
                depth += i32::from(matches!(event, Event::Start(_)));
                elements.push(start.name().as_ref().to_owned());
                for attribute in start.attributes() {
                    attributes.push(attribute.unwrap().key.as_ref().to_owned());
                }
            }
            Event::End(_) => depth -= 1,
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(entity) => text.push_str(match &*entity {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                "#39" => "'",
                other => panic!("not one of ours: {other}"),
            }),
            Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => panic!("not one of ours"),
            Event::DocType(_) => {}
        }
    }
    assert_eq!(depth, 0, "an element is left open");
    (elements, attributes, text)
}

#[test]
fn the_page_leads_with_the_verdict_and_says_what_it_must() {
    let page = html(&Sample::new().input());
    let (_, _, text) = parsed(&page);
    let first = |what: &str| text.find(what).unwrap_or_else(|| panic!("lacks: {what}\n{text}"));
    assert!(first("Which solves more is undecided") < first("Solved rate"));
    for said in [
        "Sample assistants: simulated figures.",
        "No policy on file: this run was allowed and says so.",
        "The makers of Fairtrial sell none of the compared tools.",
        "Wilson with shrunk ICC",
        "7777777777777777777777777777777777777777777777777777777777777777",
        "T2, an existing test asserts less",
        "tests/test_two.py:7",
        "test_round",
        "missing: no reference",
        "the cell, disk or machine failed: no space left",
        "ended for a reason that is not the assistant",
        "tokens unknown, requests unknown",
        "simulated",
        "2026-11-22T17:00:00Z",
    ] {
        first(said);
    }
}

#[test]
fn the_page_needs_nothing_else_and_runs_nothing() {
    let page = html(&Sample::new().input());
    let (elements, attributes, _) = parsed(&page);
    for never in
        ["script", "link", "img", "iframe", "object", "embed", "form", "input", "base", "use", "image"]
    {
        assert!(!elements.iter().any(|element| element == never), "{never}");
    }
    assert!(!attributes.iter().any(|name| name == "style" || name == "src" || name.starts_with("on")));
    assert!(page.contains("default-src &#39;none&#39;; style-src &#39;sha256-"));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains('<'));
    assert!(!page.contains("http://") && !page.contains("https://"));
}

#[test]
fn every_glyph_leads_to_its_trial() {
    let page = html(&Sample::new().input());
    let targets: Vec<&str> =
        page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(targets.len(), 6);
    for target in targets {
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[test]
fn hostile_text_is_inert_everywhere() {
    let hostile = "</style></title><img src=x onerror=alert(1)>\u{1b}[31m\u{202e}\u{0}'\"&lt;<!--\r]]>";
    let plain = parsed(&html(&Sample::hostile("harmless").input()));
    let page = html(&Sample::hostile(hostile).input());
    let attacked = parsed(&page);
    assert_eq!(plain.0, attacked.0, "an element appeared or vanished");
    assert_eq!(plain.1, attacked.1, "an attribute appeared or vanished");
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{0}', '\r']));
    assert!(page.contains("␛[31m‹U+202E›␀"));
}

#[test]
fn hosts_limits_and_lines_that_nobody_understood_are_told_of_every_round() {
    let contact = |host: &str| Contact {
        host: host.to_owned(),
        port: 443,
        verdict: ContactVerdict::Allowed,
        count: 1,
        up: 70,
        down: 9,
    };
    let mut sample = Sample::new();
    let trial = &mut sample.trials[0];
    (trial.contacts, trial.limit, trial.unparsed) =
        (vec![contact("early.example")], Some("12 requests".to_owned()), 2);
    let mut later = later_round();
    (later.contacts, later.limit, later.unparsed) =
        (vec![contact("late.example")], Some("time limit of 9 s".to_owned()), 1);
    trial.more = vec![later];
    let (_, _, text) = parsed(&html(&sample.input()));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Network early.example:443: once, 70 bytes up, 9 bytes down",
        "Network round 2: late.example:443: once, 70 bytes up, 9 bytes down",
        "Limit reached 12 requests",
        "round 2: finished (time limit of 9 s), resolved, 1 line not understood; ",
        "Not understood 3 lines of its stream, kept as written",
    ] {
        assert!(text.contains(said), "lacks: {said}\n{text}");
    }
}

#[test]
fn an_empty_and_an_unfinished_run_have_a_page() {
    let mut sample = Sample::new();
    sample.trials.clear();
    sample.comparison.arms.iter_mut().for_each(|arm| arm.rate = None);
    sample.comparison.pairs.clear();
    sample.comparison.excluded.clear();
    sample.comparison.verdict.parts.clear();
    let mut input = sample.input();
    input.unfinished = true;
    let (_, _, text) = parsed(&html(&input));
    assert!(text.contains("This run has not finished: 0 of 6 trials are over."));
    assert!(text.contains("no evidence"));
}

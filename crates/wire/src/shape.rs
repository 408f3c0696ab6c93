//! The shape of a request: its body without what differs from one run of the same program to the next.
//!
//! What is taken for different and put aside: fields that identify a session or a client, UUIDs, the strings that the
//! recording names (the meter's address, stand-ins for keys, the trial's marker), the day of the run, durations such as
//! `0.003s`, and how many tokens Codex says that a command's output has. Everything else must be the same.

use serde_json::Value;

/// Fields that identify a client or a session and never reach the model.
const IDENTITIES: [&str; 6] =
    ["metadata", "prompt_cache_key", "client_metadata", "safety_identifier", "user", "session_id"];

/// Strings of one run that another run does not have.
#[derive(Debug, Clone, Default)]
pub struct Volatile {
    /// Replaced by `<run>`.
    pub strings: Vec<String>,
    /// Folders of the run, each by its number: in a recorded answer, the present one takes the place of the old.
    pub places: Vec<String>,
    /// The day, as `2026-11-22`, replaced by `<day>`.
    pub day: String,
}

/// Returns the shape of a body.
pub fn of(body: &[u8], volatile: &Volatile) -> Value {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            if let Value::Object(fields) = &mut value {
                IDENTITIES.iter().for_each(|name| drop(fields.remove(*name)));
            }
            settle(&mut value, volatile);
            value
        }
        Err(_) => Value::String(text(&String::from_utf8_lossy(body), volatile)),
    }
}

fn settle(value: &mut Value, volatile: &Volatile) {
    match value {
        Value::String(string) => *string = text(string, volatile),
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, volatile)),
        Value::Object(fields) => fields.values_mut().for_each(|field| settle(field, volatile)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn text(given: &str, volatile: &Volatile) -> String {
    let mut text = given.to_owned();
    for (number, place) in volatile.places.iter().enumerate().filter(|(_, place)| !place.is_empty()) {
        text = text.replace(place.as_str(), &format!("<place {number}>"));
    }
    for string in volatile.strings.iter().filter(|string| !string.is_empty()) {
        if text.contains(string.as_str()) {
            text = text.replace(string.as_str(), "<run>");
        }
    }
    if !volatile.day.is_empty() {
        text = text.replace(&volatile.day, "<day>");
    }
    chunks(&durations(&ids(&text)))
}

/// Replaces what Codex writes over a command's output: a number that it draws, and a count of an output that holds
/// strings of the run. The output itself is compared.
fn chunks(text: &str) -> String {
    let drawn = without(text, "Chunk ID: ", "<id>", |c| c.is_ascii_hexdigit());
    let counted = without(&drawn, "Original token count: ", "<count>", |c| c.is_ascii_digit());
    // A folder of helpers on its PATH.
    without(&counted, "/codex-arg0", "<id>", |c| c.is_ascii_alphanumeric())
}

/// Replaces what follows a mark.
fn without(text: &str, mark: &str, by: &str, of: fn(&char) -> bool) -> String {
    let Some((before, after)) = text.split_once(mark) else { return text.to_owned() };
    let rest = after.trim_start_matches(|c: char| of(&c));
    format!("{before}{mark}{by}{}", without(rest, mark, by, of))
}

/// Replaces UUIDs.
fn ids(text: &str) -> String {
    const PARTS: [usize; 5] = [8, 4, 4, 4, 12];
    let bytes = text.as_bytes();
    let is_id = |at: usize| {
        let mut at = at;
        for (number, length) in PARTS.iter().enumerate() {
            if number > 0 {
                if bytes.get(at) != Some(&b'-') {
                    return false;
                }
                at += 1;
            }
            if !bytes.get(at..at + length).is_some_and(|part| part.iter().all(u8::is_ascii_hexdigit)) {
                return false;
            }
            at += length;
        }
        true
    };
    let mut out = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while let Some(dash) = bytes[at..].iter().position(|byte| *byte == b'-').map(|step| at + step) {
        if dash >= copied + 8 && is_id(dash - 8) {
            out.push_str(&text[copied..dash - 8]);
            out.push_str("<id>");
            at = dash + 28;
            copied = at;
        } else {
            at = dash + 1;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// Replaces `12.34s`, `12.34 s`, `12.34 seconds`, `12.34ms`, `12 ms`.
fn durations(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let unit = after.strip_prefix(' ').unwrap_or(after);
        let named = unit.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let word_before = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let timed = match named {
            "s" | "seconds" => number.contains('.'),
            "ms" => true,
            _ => false,
        };
        out.push_str(if timed && !word_before { "<time>" } else { number });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Returns where two shapes first differ, and how, in one fragment; `None` when they do not.
pub fn difference(recorded: &Value, now: &Value) -> Option<String> {
    differ(recorded, now, &mut String::new())
}

fn differ(recorded: &Value, now: &Value, at: &mut String) -> Option<String> {
    let length = at.len();
    match (recorded, now) {
        (Value::Object(was), Value::Object(is)) => {
            let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                at.push_str(&format!("/{name}"));
                let found = match (was.get(name), is.get(name)) {
                    (Some(was), Some(is)) => differ(was, is, at),
                    (Some(_), None) => Some(format!("`{at}` is missing now")),
                    (None, _) => Some(format!("`{at}` is new")),
                };
                if found.is_some() {
                    return found;
                }
                at.truncate(length);
            }
            None
        }
        (Value::Array(was), Value::Array(is)) => {
            for (number, (was, is)) in was.iter().zip(is).enumerate() {
                at.push_str(&format!("/{number}"));
                let found = differ(was, is, at);
                if found.is_some() {
                    return found;
                }
                at.truncate(length);
            }
            (was.len() != is.len())
                .then(|| format!("`{at}` has {} parts now, and had {}", is.len(), was.len()))
        }
        (Value::String(was), Value::String(is)) if was != is => Some(texts(was, is, at)),
        (was, is) if was != is => Some(format!("`{at}` is {} now, and was {}", brief(is), brief(was))),
        _ => None,
    }
}

fn texts(was: &str, is: &str, at: &str) -> String {
    let lines = was.lines().zip(is.lines()).enumerate();
    let first = lines.into_iter().find(|(_, (was, is))| was != is);
    match first {
        Some((line, (was, is))) => {
            format!("line {} of `{at}` is «{}» now, and was «{}»", line + 1, short(was, is), short(is, was))
        }
        None => {
            format!("`{at}` has {} lines now, and had {}", is.lines().count(), was.lines().count())
        }
    }
    .replace("«", "\"")
    .replace("»", "\"")
}

/// Returns the part of `shown` around where it first differs from `other`.
fn short(other: &str, shown: &str) -> String {
    let same = shown.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(30);
    let part: String = shown.chars().skip(from).take(80).collect();
    let more = shown.chars().count() > from + 80;
    format!("{}{part}{}", if from > 0 { "…" } else { "" }, if more { "…" } else { "" })
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 80 { text.chars().take(80).chain(['…']).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        let volatile = Volatile {
            strings: vec!["metered-1".to_owned()],
            places: vec!["/a/room".to_owned()],
            day: "2026-11-22".to_owned(),
        };
        super::text(text, &volatile)
    }

    #[test]
    fn what_differs_between_runs_is_put_aside() {
        for (text, wanted) in [
            ("Ran 1 test in 0.003s", "Ran 1 test in <time>s"),
            ("Wall time: 0.05 seconds, 12 ms", "Wall time: <time> seconds, <time> ms"),
            ("id 0a1b2c3d-0000-4000-8000-0123456789ab.", "id <id>."),
            ("cd /a/room/src", "cd <place 0>/src"),
            ("Chunk ID: 690f63\nx", "Chunk ID: <id>\nx"),
            ("PATH=/h/tmp/codex-arg0n9ZRy4:/usr/bin", "PATH=/h/tmp/codex-arg0<id>:/usr/bin"),
            ("Original token count: 425\nOutput:", "Original token count: <count>\nOutput:"),
            ("key metered-1 on 2026-11-22", "key <run> on <day>"),
        ] {
            assert_eq!(shape(text), wanted);
        }
    }

    #[test]
    fn what_a_file_may_hold_is_not() {
        for text in
            ["a - b", "1.5 x", "12 lines", "v1.5s", "é-0a1b2c3d-", "2026-11-23", "3 s", "00000000-1111"]
        {
            assert_eq!(shape(text), text);
        }
    }

    #[test]
    fn a_difference_is_told_with_its_place() {
        let volatile = Volatile::default();
        let check = |was: &str, is: &str, wanted: Option<&str>| {
            let (was, is) = (of(was.as_bytes(), &volatile), of(is.as_bytes(), &volatile));
            assert_eq!(difference(&was, &is).as_deref(), wanted);
        };
        check(r#"{"a":1,"metadata":1}"#, r#"{"metadata":2,"a":1}"#, None);
        check(
            r#"{"a":[{"t":"x\ny"}]}"#,
            r#"{"a":[{"t":"x\nz"}]}"#,
            Some("line 2 of `/a/0/t` is \"z\" now, and was \"y\""),
        );
        check(r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, Some("`/a` has 2 parts now, and had 1"));
        check(r#"{"a":1}"#, r#"{"b":1}"#, Some("`/a` is missing now"));
        check(r#"{"a":1}"#, r#"{"a":2}"#, Some("`/a` is 2 now, and was 1"));
    }
}

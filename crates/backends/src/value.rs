//! What the streams have in common: fields, tool calls, counts.

use fairtrial_domain::event::{EventKind, ToolKind};
use fairtrial_domain::usage::{Cost, CostSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten, title};

/// The most characters of a tool call's title.
pub(crate) const TITLE: usize = 200;

pub(crate) fn owned(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Returns a field's text, or nothing.
pub(crate) fn word(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

/// Returns a value for people: a text as it is, anything else as JSON.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Returns `whole` without `parts`; `None` when they exceed it, for then the split is not known.
pub(crate) fn rest(whole: Option<u64>, parts: &[Option<u64>]) -> Option<u64> {
    whole?.checked_sub(parts.iter().flatten().try_fold(0_u64, |sum, part| sum.checked_add(*part))?)
}

/// Returns the sum of counts; `None` when one is missing, or the sum is no count any more.
pub(crate) fn total(mut counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    counts.try_fold(0_u64, |sum, count| sum.checked_add(count?))
}

/// Returns money as the program says it. A zero stands for a price that it does not know, and is no cost.
pub(crate) fn reported(usd: f64) -> Option<Cost> {
    // To the nano-dollar: what is behind it is noise of summation.
    let usd = (usd * 1e9).round() / 1e9;
    (usd > 0.0).then_some(Cost { usd, source: CostSource::Reported })
}

/// Returns a tool's output as an event.
pub(crate) fn result(id: String, ok: Option<bool>, output: &str) -> EventKind {
    EventKind::ToolResult { id, ok, output: shorten(output, OUTPUT_LIMIT) }
}

/// Returns a call of a tool, its kind told by its name and its title by its input.
pub(crate) fn call(id: String, name: String, input: &Value) -> EventKind {
    let kind = kind_of(&name);
    EventKind::ToolCall { id, kind, title: title(&what(kind, input), TITLE), name }
}

/// Returns what a tool of this name does, as far as names tell.
fn kind_of(name: &str) -> ToolKind {
    match name.to_lowercase().replace(['_', '-'], "").as_str() {
        "read" | "readfile" | "readfiles" | "view" | "ls" | "listdirectory" | "readmanyfiles" => {
            ToolKind::Read
        }
        "edit" | "write" | "multiedit" | "replace" | "writefile" | "applypatch" | "notebookedit"
        | "create" | "editor" | "strreplaceeditor" | "patch" => ToolKind::Edit,
        "grep" | "glob" | "search" | "grepsearch" | "find" | "searchfilecontent" | "codebasesearch" => {
            ToolKind::Search
        }
        "bash" | "bashoutput" | "powershell" | "shell" | "runshellcommand" | "execute" | "runcommands"
        | "execcommand" | "executebash" => ToolKind::Execute,
        "webfetch" | "websearch" | "fetch" | "fetchurl" | "googlewebsearch" => ToolKind::Fetch,
        _ => ToolKind::Other,
    }
}

/// Returns one line on what a call does: the command, the path with its change, the pattern.
fn what(kind: ToolKind, input: &Value) -> String {
    named(kind, input).unwrap_or_else(|| shown(input))
}

/// Returns what an input names in a field that is known to say what the call does.
pub(crate) fn named(kind: ToolKind, input: &Value) -> Option<String> {
    const PATHS: [&str; 7] =
        ["file_path", "filePath", "filepath", "path", "absolute_path", "notebook_path", "filename"];
    let fields: &[&str] = match kind {
        ToolKind::Execute => &["command", "cmd", "commands"],
        ToolKind::Search => &["pattern", "query", "path"],
        ToolKind::Fetch => &["url", "query"],
        ToolKind::Read | ToolKind::Edit => &PATHS,
        ToolKind::Other => &["description"],
    };
    let found = fields.iter().find_map(|field| texts(&input[*field])).or_else(|| texts(&input["files"]))?;
    Some(match change(input) {
        Some((old, new)) if kind == ToolKind::Edit => format!("{found} (-{old} +{new} lines)"),
        Some(_) | None => found,
    })
}

/// Returns a text, or the texts or paths of a list.
fn texts(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let each = parts.iter().map(|part| part.as_str().or_else(|| part["path"].as_str()));
            let each: Option<Vec<&str>> = each.collect();
            each.filter(|each| !each.is_empty()).map(|each| each.join(" "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// Counts the lines that an edit replaces and puts in their place.
fn change(input: &Value) -> Option<(usize, usize)> {
    const PAIRS: [(&str, &str); 5] = [
        ("old_string", "new_string"),
        ("oldString", "newString"),
        ("old_str", "new_str"),
        ("oldText", "newText"),
        ("old_text", "new_text"),
    ];
    let of = |input: &Value| {
        let pair = |(old, new): &(&str, &str)| {
            Some((input[*old].as_str()?.lines().count(), input[*new].as_str()?.lines().count()))
        };
        PAIRS.iter().find_map(pair)
    };
    match input["edits"].as_array() {
        Some(edits) => {
            edits.iter().map(of).try_fold((0, 0), |sum, one| one.map(|(old, new)| (sum.0 + old, sum.1 + new)))
        }
        None => of(input),
    }
}

/// Returns the text of content that is a text or a list of parts; a part without text is named by its type.
pub(crate) fn content(content: &Value) -> String {
    match content {
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| match part["text"].as_str() {
                Some(text) => text.to_owned(),
                None => format!("[{}]", part["type"].as_str().unwrap_or("part")),
            });
            texts.collect::<Vec<_>>().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            shown(content)
        }
    }
}

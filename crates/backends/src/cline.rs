//! Cline through `--json`: one JSON object per line.
//!
//! **Invariant:** what it says of its own success is not looked at; `run_result` says only how the session ended.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, owned, reported, rest, result, shown};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, ProcessExit, Reader, Steering, argv, classify, json_line, key,
    model, refuse, text, variables,
};

pub(crate) struct Cline;

const KEYS: [&str; 2] = ["CLINE_API_KEY", "OPENAI_API_KEY"];
const FOLDER: &str = ".cline-data";
/// Line types that carry nothing which another line does not.
const SILENT: [&str; 9] = [
    "hook_event/tool_call",
    "hook_event/tool_result",
    "hook_event/agent_end",
    "agent_event/iteration_start",
    "agent_event/iteration_end",
    "agent_event/content_start",
    "agent_event/content_update",
    "agent_event/done",
    "agent_event/usage",
];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&[".clinerules", ".cursorrules", ".windsurfrules"], &[".cline/rules"], &["**/AGENTS.md"]],
    extensions: &[".cline", ".agents/skills", ".claude/skills"],
    arguments: &[],
};

impl Backend for Cline {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        // It takes its address from a settings file alone, whose form its vendor does not document.
        refuse(spec, "base_url", assistant.base_url.is_some())?;
        let env = variables(spec, &[("NO_COLOR", "1")]);
        key(spec, &env, &KEYS)?;
        let data = text(&spec.home.join(FOLDER))?;
        let mut argv =
            argv(spec, &["--json", "--auto-approve", "true", "--data-dir", &data, "-m", model(spec)?])?;
        argv.extend(assistant.args.iter().cloned());
        argv.extend(["--".to_owned(), spec.instruction.to_owned()]);
        Ok(Launch::new(argv, env))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream)
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("cline")
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

struct Stream;

impl Reader for Stream {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        json_line(line, read)
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

fn read(line: &Value) -> Option<Vec<EventKind>> {
    match line["type"].as_str()? {
        "hook_event" => match line["hookEventName"].as_str()? {
            "agent_start" => {
                let session = owned(&line["taskId"]);
                Some(vec![EventKind::Started { session, model: None, version: None }])
            }
            "tool_call" | "tool_result" | "agent_end" => Some(vec![]),
            _ => None,
        },
        "agent_event" => event(&line["event"]),
        "run_result" => {
            let counts =
                if line["aggregateUsage"].is_object() { &line["aggregateUsage"] } else { &line["usage"] };
            Some(vec![
                EventKind::Usage {
                    usage: Usage { requests: line["iterations"].as_u64(), ..usage(counts) },
                    cost: counts["totalCost"].as_f64().and_then(reported),
                },
                EventKind::Ended { end: end(line)? },
            ])
        }
        "error" => Some(vec![EventKind::Notice { text: shown(line.get("message")?) }]),
        _ => None,
    }
}

fn event(event: &Value) -> Option<Vec<EventKind>> {
    let id = || owned(&event["toolCallId"]);
    let told = match (event["type"].as_str()?, event["contentType"].as_str()) {
        ("content_start", Some("tool")) => call(id()?, owned(&event["toolName"])?, &event["input"]),
        ("content_end", Some("text")) => EventKind::Text { text: owned(&event["text"])? },
        ("content_end", Some("reasoning")) => EventKind::Thinking { text: owned(&event["reasoning"])? },
        ("content_end", Some("tool")) => done(id()?, event),
        ("iteration_start" | "iteration_end" | "content_start" | "content_update" | "done" | "usage", _) => {
            return Some(vec![]);
        }
        ("error", _) => {
            EventKind::Notice { text: shown(event.get("message").or_else(|| event.get("error"))?) }
        }
        _ => return None,
    };
    Some(vec![told])
}

/// Reads a tool's end: one output, or one for each of several files or commands.
fn done(id: String, event: &Value) -> EventKind {
    if !event["error"].is_null() {
        return result(id, Some(false), &shown(&event["error"]));
    }
    let one = |part: &Value| {
        let text = ["result", "error"].iter().map(|name| shown(&part[*name])).collect::<String>();
        (part["success"].as_bool(), if text.is_empty() { shown(part) } else { text })
    };
    let parts: Vec<(Option<bool>, String)> = match &event["output"] {
        Value::Array(parts) => parts.iter().map(one).collect(),
        Value::Object(_) => vec![one(&event["output"])],
        output @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            vec![(None, shown(output))]
        }
    };
    let ok = parts.iter().map(|(ok, _)| *ok).reduce(|all, one| Some(all? && one?)).flatten();
    let output = parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n");
    result(id, ok, &output)
}

fn usage(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64();
    let (read, written) = (count("cacheReadTokens"), count("cacheWriteTokens"));
    Usage {
        input_uncached: rest(count("inputTokens"), &[read, written]),
        cache_read: read,
        cache_write: written,
        output: count("outputTokens"),
        reasoning: None,
        requests: None,
        credits: None,
        source: UsageSource::Stream,
    }
}

fn end(line: &Value) -> Option<StreamEnd> {
    let said = line["text"].as_str().filter(|text| !text.is_empty());
    Some(match line["finishReason"].as_str()? {
        "completed" => StreamEnd::Completed,
        "max_iterations" => StreamEnd::TurnLimit,
        reason => {
            let message = said.map_or_else(|| format!("it ended with `{reason}`"), str::to_owned);
            let fault = if reason == "error" { classify::by_words(&message) } else { FaultKind::Assistant };
            StreamEnd::Error { fault, message: shorten(&message, OUTPUT_LIMIT) }
        }
    })
}

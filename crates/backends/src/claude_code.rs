//! Claude Code through `--output-format stream-json`: one JSON object per line.
//!
//! **Invariant:** tokens and cost come from the final `result` alone; the figures on single messages are placeholders
//! and repeat for every content block.

use std::collections::BTreeSet;

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd, ToolKind};
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten, title};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, classify, json_line, text,
    variables,
};

pub(crate) struct ClaudeCode;

const VENDOR: &str = "https://api.anthropic.com";
/// Any of these lets it sign in.
const KEYS: [&str; 6] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
];

const DEFAULTS: [(&str, &str); 6] = [
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    // It refuses to skip permissions as root otherwise; a cell may map the user to root.
    ("IS_SANDBOX", "1"),
    ("NO_COLOR", "1"),
];

impl Backend for ClaudeCode {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        let mut env = variables(spec, &DEFAULTS);
        if !KEYS.iter().any(|key| env.contains_key(*key)) {
            return Err(LaunchError::NoKey {
                assistant: assistant.id.to_string(),
                variable: "ANTHROPIC_API_KEY",
            });
        }
        env.insert("CLAUDE_CONFIG_DIR".to_owned(), text(&spec.home.join(".claude"))?);
        if let Some(url) = spec.base_url() {
            env.insert("ANTHROPIC_BASE_URL".to_owned(), url.to_owned());
        }
        let mut argv: Vec<String> = [
            text(spec.program)?.as_str(),
            "--print",
            "--output-format",
            "stream-json",
            "--verbose",
            "--permission-mode",
            "bypassPermissions",
        ]
        .map(str::to_owned)
        .to_vec();
        for (flag, value) in [("--model", &assistant.model), ("--effort", &assistant.effort)] {
            argv.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        argv.extend(assistant.args.iter().cloned());
        // On standard input no instruction is too long, and none is taken for an option.
        Ok(Launch { argv, env, stdin: Some(spec.instruction.to_owned()), files: vec![] })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        let has = |name: &str| assistant.secrets.contains_key(name) || assistant.env.contains_key(name);
        // A subscription's token, and other clouds' signatures, are left alone.
        if KEYS[2..].iter().any(|name| has(name)) {
            return None;
        }
        let upstream = assistant.base_url.clone().unwrap_or_else(|| VENDOR.to_owned());
        Some(MeterPoint { upstream, keys: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"] })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream::default())
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("claude")
    }

    fn cost_known(&self, _: &Assistant) -> bool {
        true
    }

    fn expects_terminal_event(&self) -> bool {
        true
    }

    fn shows_requests(&self) -> bool {
        true
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

/// Line types that carry nothing which another line does not.
const SILENT: [&str; 5] =
    ["system/thinking_tokens", "system/status", "stream_event", "tool_progress", "keep_alive"];

#[derive(Default)]
struct Stream {
    messages: BTreeSet<String>,
    /// The fault that the program last named in a message of its own.
    fault: Option<FaultKind>,
}

impl Reader for Stream {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        json_line(line, |value| self.read(value))
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

impl Stream {
    /// Returns the events of a line, or `None` when its meaning is not known.
    fn read(&mut self, line: &Value) -> Option<Vec<EventKind>> {
        let kind = line["type"].as_str()?;
        let name = match line["subtype"].as_str() {
            Some(subtype) if kind == "system" => format!("{kind}/{subtype}"),
            Some(_) | None => kind.to_owned(),
        };
        if SILENT.contains(&name.as_str()) {
            return Some(vec![]);
        }
        let events = match name.as_str() {
            "system/init" => vec![EventKind::Started {
                session: owned(&line["session_id"]),
                model: owned(&line["model"]),
                version: owned(&line["claude_code_version"]),
            }],
            "system/api_retry" => vec![retry(line)],
            "system/compact_boundary" => {
                vec![EventKind::Notice { text: "it summarised the conversation so far".to_owned() }]
            }
            // The program speaks in the model's place, to say that a request failed.
            "assistant" if line["message"]["model"] == "<synthetic>" => {
                self.fault = line["error"].as_str().map(classify::by_words);
                blocks(&line["message"]["content"]).into_iter().map(not_its_own).collect()
            }
            "assistant" => {
                self.messages.extend(owned(&line["message"]["id"]));
                blocks(&line["message"]["content"])
            }
            "user" => blocks(&line["message"]["content"]).into_iter().map(not_its_own).collect(),
            "result" => vec![
                EventKind::Usage { usage: self.usage(line), cost: cost(line) },
                EventKind::Ended { end: end(line, self.fault)? },
            ],
            _ => return None,
        };
        (!events.is_empty()).then_some(events)
    }

    /// Reads the tokens of the whole session. `modelUsage` covers every model and also sessions that a budget cut,
    /// where `usage` is all zeroes; so it is preferred.
    fn usage(&self, line: &Value) -> Usage {
        let models: Vec<&Value> =
            line["modelUsage"].as_object().into_iter().flat_map(|m| m.values()).collect();
        let count = |per_model: &str, total: &str| {
            if models.is_empty() {
                return line["usage"][total].as_u64();
            }
            models.iter().map(|model| model[per_model].as_u64()).sum()
        };
        Usage {
            input_uncached: count("inputTokens", "input_tokens"),
            cache_read: count("cacheReadInputTokens", "cache_read_input_tokens"),
            cache_write: count("cacheCreationInputTokens", "cache_creation_input_tokens"),
            output: count("outputTokens", "output_tokens"),
            reasoning: None,
            requests: Some(self.messages.len() as u64).filter(|n| *n > 0),
            source: UsageSource::Stream,
        }
    }
}

fn owned(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn cost(line: &Value) -> Option<Cost> {
    // To the nano-dollar: what is behind it is noise of its own summation.
    let usd = (line["total_cost_usd"].as_f64()? * 1e9).round() / 1e9;
    Some(Cost { usd, source: CostSource::Reported })
}

fn retry(line: &Value) -> EventKind {
    let error = line["error"].as_str().unwrap_or("no reason given");
    let status = line["error_status"].as_u64();
    let fault = match status {
        Some(status) => classify::by_status(status),
        // No status: there was no answer, whatever the word for it.
        None => match classify::by_words(error) {
            FaultKind::Assistant => FaultKind::Network,
            fault @ (FaultKind::Auth | FaultKind::RateLimit | FaultKind::Server | FaultKind::Network) => {
                fault
            }
        },
    };
    let message = match status {
        Some(status) => format!("{error} (status {status})"),
        None => error.to_owned(),
    };
    EventKind::Retry { attempt: line["attempt"].as_u64().unwrap_or(0) + 1, fault, message }
}

fn end(line: &Value, named: Option<FaultKind>) -> Option<StreamEnd> {
    let failed = line["is_error"].as_bool()?;
    let end = match line["subtype"].as_str()? {
        "error_max_turns" => StreamEnd::TurnLimit,
        "error_max_budget_usd" => StreamEnd::BudgetLimit,
        "success" if !failed => StreamEnd::Completed,
        subtype => {
            let errors = line["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let said: Vec<&str> = errors.chain(line["result"].as_str()).collect();
            let message = if said.is_empty() { subtype.to_owned() } else { said.join("; ") };
            let words = || match classify::by_words(&message) {
                FaultKind::Assistant => named.unwrap_or(FaultKind::Assistant),
                fault @ (FaultKind::Auth | FaultKind::RateLimit | FaultKind::Server | FaultKind::Network) => {
                    fault
                }
            };
            let fault = line["api_error_status"].as_u64().map_or_else(words, classify::by_status);
            StreamEnd::Error { fault, message: shorten(&message, OUTPUT_LIMIT) }
        }
    };
    Some(end)
}

fn blocks(content: &Value) -> Vec<EventKind> {
    match content {
        Value::String(text) => vec![EventKind::Text { text: text.clone() }],
        Value::Array(blocks) => blocks.iter().map(block).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![],
    }
}

/// Turns text in the user's place, which the program wrote, into a notice.
fn not_its_own(event: EventKind) -> EventKind {
    if let EventKind::Text { text } = event { EventKind::Notice { text } } else { event }
}

fn block(block: &Value) -> EventKind {
    let known = match block["type"].as_str() {
        Some("text") => owned(&block["text"]).map(|text| EventKind::Text { text }),
        Some("thinking") => owned(&block["thinking"]).map(|text| EventKind::Thinking { text }),
        Some("tool_use" | "server_tool_use") => tool_call(block),
        Some("tool_result") => owned(&block["tool_use_id"]).map(|id| EventKind::ToolResult {
            id,
            ok: block["is_error"].as_bool().map(|failed| !failed),
            output: shorten(&result_text(&block["content"]), OUTPUT_LIMIT),
        }),
        Some(_) | None => None,
    };
    known.unwrap_or_else(|| EventKind::Unparsed { line: block.to_string() })
}

fn tool_call(block: &Value) -> Option<EventKind> {
    let (id, name) = (owned(&block["id"])?, owned(&block["name"])?);
    let (kind, field) = match name.as_str() {
        "Bash" | "BashOutput" | "PowerShell" => (ToolKind::Execute, "command"),
        "Edit" | "Write" | "MultiEdit" => (ToolKind::Edit, "file_path"),
        "NotebookEdit" => (ToolKind::Edit, "notebook_path"),
        "Read" => (ToolKind::Read, "file_path"),
        "Glob" | "Grep" => (ToolKind::Search, "pattern"),
        "WebFetch" => (ToolKind::Fetch, "url"),
        "WebSearch" | "web_search" => (ToolKind::Fetch, "query"),
        _ => (ToolKind::Other, "description"),
    };
    let input = &block["input"];
    let what = input[field].as_str().map_or_else(|| input.to_string(), str::to_owned);
    let what = match (name.as_str(), input["old_string"].as_str(), input["new_string"].as_str()) {
        ("Edit", Some(old), Some(new)) => {
            format!("{what} (-{} +{} lines)", old.lines().count(), new.lines().count())
        }
        _ => what,
    };
    Some(EventKind::ToolCall { id, kind, title: title(&what, 200), name })
}

fn result_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| match part["text"].as_str() {
                Some(text) => text.to_owned(),
                None => format!("[{}]", part["type"].as_str().unwrap_or("part")),
            });
            texts.collect::<Vec<_>>().join("\n")
        }
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => content.to_string(),
    }
}

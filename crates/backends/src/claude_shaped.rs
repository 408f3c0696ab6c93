//! The stream that Claude Code writes, and that others write like it: one JSON object per line.
//!
//! **Invariant:** tokens and cost come from the final `result`; the figures on single messages are placeholders and repeat
//! for every content block. Only where a program gives none at the end are its messages summed, each once.

use std::collections::BTreeMap;

use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, content, owned, rest, result, total};
use crate::{ProcessExit, Reader, classify, json_line};

/// How a member of the family differs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Where `system/init` says the program's version.
    version: &'static str,
    /// Whether `input_tokens` contain those read from a cache.
    includes_cached: bool,
    /// What a `result` starts with that says success and tells of an error.
    lie: Option<&'static str>,
    /// Whether messages carry their true figures, for where the end gives none.
    true_messages: bool,
}

pub(crate) const CLAUDE_CODE: Shape =
    Shape { version: "claude_code_version", includes_cached: false, lie: None, true_messages: false };
pub(crate) const QWEN: Shape = Shape {
    version: "qwen_code_version",
    includes_cached: true,
    lie: Some("[API Error:"),
    true_messages: false,
};
pub(crate) const AMP: Shape =
    Shape { version: "amp_version", includes_cached: false, lie: None, true_messages: true };
pub(crate) const CURSOR: Shape =
    Shape { version: "version", includes_cached: false, lie: None, true_messages: false };

/// Line types that carry nothing which another line does not.
pub(crate) const SILENT: [&str; 5] =
    ["system/thinking_tokens", "system/status", "stream_event", "tool_progress", "keep_alive"];

/// Reads one session.
pub(crate) struct Stream {
    shape: Shape,
    /// Its final figures are of more than this part of its session: what of them is this part's is not known.
    whole: bool,
    /// Each message's own figures.
    messages: BTreeMap<String, Value>,
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
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape, whole: false, messages: BTreeMap::new(), fault: None }
    }

    /// Reads a part of a session whose program counts all parts in the end, and tells none of it.
    pub(crate) fn counting_the_whole_session(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Returns the events of a line, or `None` when its meaning is not known.
    pub(crate) fn read(&mut self, line: &Value) -> Option<Vec<EventKind>> {
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
                version: owned(&line[self.shape.version]),
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
                let message = &line["message"];
                self.messages.extend(owned(&message["id"]).map(|id| (id, message["usage"].clone())));
                blocks(&line["message"]["content"])
            }
            "user" => blocks(&line["message"]["content"]).into_iter().map(not_its_own).collect(),
            "result" => {
                let used =
                    (!self.whole).then(|| EventKind::Usage { usage: self.usage(line), cost: cost(line) });
                used.into_iter().chain([EventKind::Ended { end: self.end(line)? }]).collect()
            }
            _ => return None,
        };
        (!events.is_empty()).then_some(events)
    }

    /// Reads the tokens of the whole session. `modelUsage` covers every model and also sessions that a budget cut,
    /// where `usage` is all zeroes; so it is preferred.
    fn usage(&self, line: &Value) -> Usage {
        let models: Vec<&Value> =
            line["modelUsage"].as_object().into_iter().flat_map(|m| m.values()).collect();
        let sum = |of: &mut dyn Iterator<Item = &Value>, name: &str| total(of.map(|one| one[name].as_u64()));
        let summed = self.shape.true_messages && line["usage"].is_null() && !self.messages.is_empty();
        let count = |per_model: &str, total: &str| match (models.is_empty(), summed) {
            (false, _) => sum(&mut models.iter().copied(), per_model),
            (true, true) => sum(&mut self.messages.values(), total),
            (true, false) => line["usage"][total].as_u64(),
        };
        let input = count("inputTokens", "input_tokens");
        let cache_read = count("cacheReadInputTokens", "cache_read_input_tokens");
        let cache_write = count("cacheCreationInputTokens", "cache_creation_input_tokens");
        let usage = Usage {
            input_uncached: if self.shape.includes_cached {
                rest(input, &[cache_read, cache_write])
            } else {
                input
            },
            cache_read,
            cache_write,
            output: count("outputTokens", "output_tokens"),
            reasoning: None,
            requests: Some(self.messages.len() as u64).filter(|n| *n > 0 && !self.shape.includes_cached),
            credits: None,
            source: UsageSource::Stream,
        };
        if usage.total_tokens().is_some() { usage } else { Usage { source: UsageSource::Unknown, ..usage } }
    }

    fn end(&self, line: &Value) -> Option<StreamEnd> {
        let said = line["result"].as_str().unwrap_or_default();
        let lies = self.shape.lie.is_some_and(|lie| said.trim_start().starts_with(lie));
        if lies {
            let fault = classify::by_words(said);
            return Some(StreamEnd::Error { fault, message: shorten(said, OUTPUT_LIMIT) });
        }
        end(line, self.fault)
    }
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
    EventKind::Retry { attempt: line["attempt"].as_u64().unwrap_or(0).saturating_add(1), fault, message }
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
        Some("tool_use" | "server_tool_use") => {
            owned(&block["id"]).zip(owned(&block["name"])).map(|(id, name)| call(id, name, &block["input"]))
        }
        Some("tool_result") => owned(&block["tool_use_id"]).map(|id| {
            result(id, block["is_error"].as_bool().map(|failed| !failed), &content(&block["content"]))
        }),
        Some(_) | None => None,
    };
    known.unwrap_or_else(|| EventKind::Unparsed { line: block.to_string() })
}

//! Codex through `exec --json`: one JSON object per line.
//!
//! **Invariant:** its `input_tokens` contain the cached ones and its `output_tokens` the reasoning; they are taken
//! apart here, so that each token is counted once. It reports no cost.

use std::collections::BTreeSet;

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, StreamEnd, ToolKind};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten, title};
use crate::value::{owned, rest, shown, word};
use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv,
    classify, json_line, text, variables,
};

pub(crate) struct Codex;

const FOLDER: &str = ".codex";
const VENDOR: &str = "https://api.openai.com/v1";
/// The variables that may hold its key, best first.
const KEYS: [&str; 2] = ["OPENAI_API_KEY", "CODEX_API_KEY"];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&["AGENTS.override.md", "AGENTS.md"]],
    extensions: &[".codex", ".agents/skills"],
    arguments: &["mcp_servers", "plugins", "hooks", "skills", "--enable"],
};

impl Backend for Codex {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        let mut env = variables(spec, &[("NO_COLOR", "1")]);
        let key = KEYS.into_iter().find(|key| env.contains_key(*key));
        let own = assistant.own_login.is_some();
        if !own && key.is_none() && spec.base_url().is_none() {
            return Err(LaunchError::NoKey { assistant: assistant.id.to_string(), variable: KEYS[0] });
        }
        if !own {
            env.insert("CODEX_HOME".to_owned(), text(&spec.home.join(FOLDER))?);
        }
        let workspace = text(spec.workspace)?;
        let mut argv = argv(
            spec,
            &[
                "exec",
                "--json",
                "--skip-git-repo-check",
                // The cell is the sandbox, and nobody is there to approve.
                "--dangerously-bypass-approvals-and-sandbox",
                "--color",
                "never",
                "--cd",
                &workspace,
            ],
        )?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        if own {
            let effort = assistant.effort.iter().map(|effort| format!("model_reasoning_effort=\"{effort}\""));
            let quiet = ["check_for_update_on_startup=false", "analytics.enabled=false"].map(str::to_owned);
            argv.extend(effort.chain(quiet).flat_map(|set| ["--config".to_owned(), set]));
        }
        argv.extend(assistant.args.iter().cloned());
        argv.extend(spec.resume.iter().flat_map(|session| ["resume".to_owned(), (*session).to_owned()]));
        argv.push("-".to_owned());
        // The settings of a login are its user's, and stay as they are.
        let files = if own { vec![] } else { vec![(format!("{FOLDER}/config.toml"), settings(spec, key))] };
        Ok(Launch { stdin: Input::Text(spec.instruction.to_owned()), files, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        let upstream = assistant.base_url.clone().unwrap_or_else(|| VENDOR.to_owned());
        Some(MeterPoint { upstream, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream::default())
    }

    fn session(&self, spec: &LaunchSpec<'_>) -> Result<Box<dyn Reader>, LaunchError> {
        Ok(Box::new(Stream { resumed: spec.resume.is_some(), ..Stream::default() }))
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("codex")
    }

    fn can_resume(&self, assistant: &Assistant) -> bool {
        !assistant.args.iter().any(|argument| argument == "--ephemeral")
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

/// Returns the program's settings: no updates, no analytics, one provider with the key's variable by name.
fn settings(spec: &LaunchSpec<'_>, key: Option<&str>) -> String {
    let mut provider = toml::Table::new();
    let mut set = |name: &str, value: &str| provider.insert(name.to_owned(), value.into());
    set("name", "fairtrial");
    set("base_url", spec.base_url().unwrap_or(VENDOR));
    set("wire_api", "responses");
    if let Some(key) = key {
        set("env_key", key);
    }
    let mut table = toml::Table::new();
    table.insert("model_provider".to_owned(), "fairtrial".into());
    table.insert("check_for_update_on_startup".to_owned(), false.into());
    if let Some(effort) = &spec.assistant.effort {
        table.insert("model_reasoning_effort".to_owned(), effort.as_str().into());
    }
    let nested = |name: &str, value: toml::Value| toml::Table::from_iter([(name.to_owned(), value)]);
    table.insert("analytics".to_owned(), nested("enabled", false.into()).into());
    table.insert("model_providers".to_owned(), nested("fairtrial", provider.into()).into());
    table.to_string()
}

/// Line types that carry nothing which another line does not.
const SILENT: [&str; 1] = ["turn.started"];

#[derive(Default)]
struct Stream {
    /// In a session that is resumed its counts are of the whole session: what of it is this round's is not known.
    resumed: bool,
    called: BTreeSet<String>,
    retries: u64,
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
        if SILENT.contains(&kind) {
            return Some(vec![]);
        }
        match kind {
            "thread.started" => Some(vec![EventKind::Started {
                session: owned(&line["thread_id"]),
                model: None,
                version: None,
            }]),
            "item.started" => self.call(&line["item"]).map(|call| vec![call]),
            "item.updated" => Some(vec![EventKind::Notice { text: plan(&line["item"])? }]),
            "item.completed" => self.completed(&line["item"]),
            "error" => Some(vec![self.error(line["message"].as_str()?)]),
            "turn.completed" => {
                let told =
                    (!self.resumed).then(|| EventKind::Usage { usage: usage(&line["usage"]), cost: None });
                let end = EventKind::Ended { end: StreamEnd::Completed };
                Some(told.into_iter().chain([end]).collect())
            }
            "turn.failed" => {
                let message = line["error"]["message"].as_str()?;
                let end = StreamEnd::Error {
                    fault: classify::by_words(message),
                    message: shorten(message, OUTPUT_LIMIT),
                };
                Some(vec![EventKind::Ended { end }])
            }
            _ => None,
        }
    }

    fn error(&mut self, message: &str) -> EventKind {
        let Some(rest) = message.strip_prefix("Reconnecting... ") else {
            return EventKind::Notice { text: message.to_owned() };
        };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // Without a number it waits for the network, and says so each time it looks.
        self.retries = digits.parse().unwrap_or(self.retries.saturating_add(1));
        EventKind::Retry {
            attempt: self.retries.saturating_add(1),
            fault: classify::by_words(rest),
            message: message.to_owned(),
        }
    }

    /// Returns the call that an item stands for, or the notice when it is a plan.
    fn call(&mut self, item: &Value) -> Option<EventKind> {
        let id = owned(&item["id"])?;
        let name = owned(&item["type"])?;
        let (kind, what) = match name.as_str() {
            "command_execution" => (ToolKind::Execute, owned(&item["command"])?),
            "file_change" => (ToolKind::Edit, changes(item)),
            "mcp_tool_call" => (ToolKind::Other, format!("{} {}", word(item, "server"), word(item, "tool"))),
            "web_search" => (ToolKind::Fetch, owned(&item["query"])?),
            "todo_list" => return Some(EventKind::Notice { text: plan(item)? }),
            _ => return None,
        };
        self.called.insert(id.clone());
        Some(EventKind::ToolCall { id, name, kind, title: title(&what, 200) })
    }

    fn completed(&mut self, item: &Value) -> Option<Vec<EventKind>> {
        let id = owned(&item["id"])?;
        let said = owned(&item["text"]);
        let result = match item["type"].as_str()? {
            "agent_message" => return Some(vec![EventKind::Text { text: said? }]),
            "reasoning" => return Some(vec![EventKind::Thinking { text: said? }]),
            "error" => return Some(vec![EventKind::Notice { text: owned(&item["message"])? }]),
            "todo_list" => return Some(vec![EventKind::Notice { text: plan(item)? }]),
            "command_execution" => EventKind::ToolResult {
                id: id.clone(),
                ok: item["exit_code"].as_i64().map(|code| code == 0),
                output: shorten(&word(item, "aggregated_output"), OUTPUT_LIMIT),
            },
            "file_change" => EventKind::ToolResult {
                id: id.clone(),
                ok: item["status"].as_str().map(|status| status == "completed"),
                output: shorten(&changes(item), OUTPUT_LIMIT),
            },
            "mcp_tool_call" | "web_search" => EventKind::ToolResult {
                id: id.clone(),
                ok: item["status"].as_str().map(|status| status == "completed"),
                output: shorten(&["result", "error"].map(|part| shown(&item[part])).concat(), OUTPUT_LIMIT),
            },
            _ => return None,
        };
        // Some items are only ever shown as completed.
        let call = if self.called.remove(&id) { None } else { self.call(item) };
        Some(call.into_iter().chain([result]).collect())
    }
}

fn usage(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64();
    let (cached, written) = (count("cached_input_tokens"), count("cache_write_input_tokens"));
    let reasoning = count("reasoning_output_tokens");
    Usage {
        input_uncached: rest(count("input_tokens"), &[cached, written]),
        cache_read: cached,
        cache_write: written,
        output: rest(count("output_tokens"), &[reasoning]),
        reasoning,
        requests: None,
        credits: None,
        source: UsageSource::Stream,
    }
}

fn changes(item: &Value) -> String {
    let each = item["changes"].as_array().into_iter().flatten();
    let each = each.map(|change| format!("{} {}", word(change, "kind"), word(change, "path")));
    each.collect::<Vec<_>>().join(", ")
}

fn plan(item: &Value) -> Option<String> {
    let items = item["items"].as_array()?.iter().map(|entry| {
        let mark = if entry["completed"].as_bool() == Some(true) { "x" } else { " " };
        format!("[{mark}] {}", word(entry, "text"))
    });
    Some(items.collect::<Vec<_>>().join("\n"))
}

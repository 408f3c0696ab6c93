//! Copilot CLI through `--output-format json`, and the file in which it says what it used.
//!
//! **Invariant:** tokens come from the file alone, which is written when the session ends; the stream has none. The file is
//! of the whole session, and so no count of a part that was resumed.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, owned, rest, result, shown, total};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv, classify,
    json_line, key, refuse, text, variables,
};

pub(crate) struct Copilot;

const KEYS: [&str; 4] = ["COPILOT_PROVIDER_API_KEY", "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];
const DEFAULTS: [(&str, &str); 2] = [("COPILOT_AUTO_UPDATE", "false"), ("NO_COLOR", "1")];
/// Where it says what it used.
const USAGE_FILE: &str = "fairtrial-copilot-usage.json";
/// Line types that carry nothing which another line does not.
const SILENT: [&str; 21] = [
    "session.skills_loaded",
    "session.mcp_servers_loaded",
    "session.background_tasks_changed",
    "user.message",
    "assistant.turn_start",
    "assistant.turn_end",
    "assistant.idle",
    "assistant.message_start",
    "assistant.message_delta",
    "assistant.reasoning_delta",
    "assistant.tool_call_delta",
    "model.call_start",
    "model.call_finished",
    "model.call_final_result",
    // The retry that follows it is told, or the session's error.
    "model.call_failure",
    "tool.shell_output",
    "tool.execution_partial_result",
    "tool.execution_progress",
    "session.usage_info",
    "assistant.usage",
    "session.info/model_retry",
];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[
        &[".github/copilot-instructions.md"],
        &[".github/instructions/**/*.instructions.md"],
        &["**/AGENTS.md"],
        &["CLAUDE.md"],
        &["GEMINI.md"],
        // Below, those of folders that it works in.
        &["[!.]*/**/CLAUDE.md"],
        &["[!.]*/**/GEMINI.md"],
        &[".claude/rules/**/*.md"],
    ],
    extensions: &[
        ".mcp.json",
        ".github/agents",
        ".github/hooks",
        ".github/mcp.json",
        ".github/skills",
        ".vscode/mcp.json",
        ".agents/skills",
        ".claude/skills",
    ],
    arguments: &["--additional-mcp-config", "--plugin-dir", "--agent"],
};

impl Backend for Copilot {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, &DEFAULTS);
        key(spec, &env, &KEYS)?;
        if let Some(url) = spec.base_url() {
            env.insert("COPILOT_PROVIDER_BASE_URL".to_owned(), url.to_owned());
            env.entry("COPILOT_PROVIDER_TYPE".to_owned()).or_insert_with(|| "openai".to_owned());
            // With a provider of one's own it needs no account.
            env.insert("COPILOT_OFFLINE".to_owned(), "true".to_owned());
        }
        let prompt = format!("--prompt={}", spec.instruction);
        let usage = text(&spec.home.join(USAGE_FILE))?;
        let fixed = [
            "--output-format",
            "json",
            "--allow-all",
            "--no-auto-update",
            "--usage-output-file",
            &usage,
            &prompt,
        ];
        let mut argv = argv(spec, &fixed)?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(spec.resume.iter().map(|session| format!("--resume={session}")));
        argv.extend(assistant.args.iter().cloned());
        Ok(Launch { collect: vec![USAGE_FILE.to_owned()], ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &KEYS[..1] })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream::default())
    }

    fn session(&self, spec: &LaunchSpec<'_>) -> Result<Box<dyn Reader>, LaunchError> {
        Ok(Box::new(Stream { resumed: spec.resume.is_some(), ..Stream::default() }))
    }

    fn steering(&self, assistant: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING.unless(assistant, &["--no-custom-instructions"]))
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("copilot")
    }

    fn can_resume(&self, _: &Assistant) -> bool {
        true
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

#[derive(Default)]
struct Stream {
    /// Its file is of the whole session: what of it is this round's is not known.
    resumed: bool,
    started: bool,
    /// The last request that failed: which try, whose fault, and its words.
    failure: Option<(u64, FaultKind, String)>,
    error: Option<StreamEnd>,
}

impl Reader for Stream {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        json_line(line, |value| self.read(value))
    }

    fn file(&mut self, path: &str, text: &str) -> Vec<EventKind> {
        match serde_json::from_str::<Value>(text).ok().as_ref().and_then(usage) {
            Some(_) if self.resumed => vec![],
            Some(usage) => vec![EventKind::Usage { usage, cost: None }],
            None => vec![EventKind::Unparsed { line: format!("{path}: {}", shorten(text, OUTPUT_LIMIT)) }],
        }
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

impl Stream {
    fn read(&mut self, line: &Value) -> Option<Vec<EventKind>> {
        let (kind, data) = (line["type"].as_str()?, &line["data"]);
        let id = || owned(&data["toolCallId"]);
        let event = match kind {
            "session.tools_updated" if !self.started => {
                self.started = true;
                EventKind::Started { session: None, model: owned(&data["model"]), version: None }
            }
            "assistant.message" => return message(data),
            "assistant.reasoning" => EventKind::Thinking { text: owned(&data["content"])? },
            "tool.execution_start" => call(id()?, owned(&data["toolName"])?, &data["arguments"]),
            "tool.execution_complete" => {
                let exit = data["shellExecution"]["exitCode"].as_i64().map(|code| code == 0);
                let said = if data["result"].is_null() {
                    &data["error"]["message"]
                } else {
                    &data["result"]["content"]
                };
                result(id()?, exit.or_else(|| data["success"].as_bool()), &shown(said))
            }
            "model.call_failure" => {
                self.failure = Some(failure(data));
                return Some(vec![]);
            }
            "assistant.turn_retry" => self.retry(data),
            "session.info" if data["infoType"] == "model_retry" => return Some(vec![]),
            "session.info" | "session.warning" => EventKind::Notice { text: owned(&data["message"])? },
            "session.tools_updated" => {
                EventKind::Notice { text: format!("model: {}", shown(&data["model"])) }
            }
            "session.error" => return self.error(data),
            // Only here it names its session.
            "result" => {
                let session = owned(&line["sessionId"]);
                let named = session.map(|name| EventKind::Started {
                    session: Some(name),
                    model: None,
                    version: None,
                });
                let end = EventKind::Ended { end: self.end(line)? };
                return Some(named.into_iter().chain([end]).collect());
            }
            _ if SILENT.contains(&kind) => return Some(vec![]),
            _ => return None,
        };
        Some(vec![event])
    }

    fn retry(&mut self, data: &Value) -> EventKind {
        let reason = data["reason"].as_str().unwrap_or("no reason given");
        let (attempt, fault, message) =
            self.failure.take().unwrap_or_else(|| (0, classify::by_words(reason), reason.to_owned()));
        EventKind::Retry { attempt: attempt.saturating_add(2), fault, message }
    }

    fn error(&mut self, data: &Value) -> Option<Vec<EventKind>> {
        let message = data["message"].as_str()?;
        let words = || match classify::by_words(message) {
            FaultKind::Assistant => {
                self.failure.as_ref().map_or(FaultKind::Assistant, |(_, fault, _)| *fault)
            }
            fault @ (FaultKind::Auth | FaultKind::RateLimit | FaultKind::Server | FaultKind::Network) => {
                fault
            }
        };
        let fault = data["statusCode"].as_u64().map_or_else(words, classify::by_status);
        self.error = Some(StreamEnd::Error { fault, message: shorten(message, OUTPUT_LIMIT) });
        Some(vec![EventKind::Notice { text: shorten(message, OUTPUT_LIMIT) }])
    }

    /// Returns how it ended: its exit code alone does not say that all went well.
    fn end(&mut self, line: &Value) -> Option<StreamEnd> {
        let code = line["exitCode"].as_i64()?;
        let other = || match code {
            0 => StreamEnd::Completed,
            code => StreamEnd::Error {
                fault: FaultKind::Assistant,
                message: format!("it ended with code {code}"),
            },
        };
        Some(self.error.take().unwrap_or_else(other))
    }
}

/// Reads what the model said; its thoughts and calls have lines of their own.
fn message(data: &Value) -> Option<Vec<EventKind>> {
    let text = owned(&data["content"])?;
    Some(if text.is_empty() { vec![] } else { vec![EventKind::Text { text }] })
}

fn failure(data: &Value) -> (u64, FaultKind, String) {
    let message = data["errorMessage"].as_str().unwrap_or("no reason given").to_owned();
    let fault = match data["statusCode"].as_u64() {
        Some(status) => classify::by_status(status),
        None if data["failureKind"] == "transport" => FaultKind::Network,
        None => classify::by_words(&message),
    };
    (data["retryAttempt"].as_u64().unwrap_or(0), fault, shorten(&message, OUTPUT_LIMIT))
}

/// Sums what each model used. Its input contains the cached tokens, and its output the reasoning.
fn usage(file: &Value) -> Option<Usage> {
    let models: Vec<&Value> = file["modelMetrics"].as_object()?.values().collect();
    let sum = |name: &str| total(models.iter().map(|model| model["usage"][name].as_u64()));
    let (read, written, reasoning) =
        (sum("cacheReadTokens"), sum("cacheWriteTokens"), sum("reasoningTokens"));
    Some(Usage {
        input_uncached: rest(sum("inputTokens"), &[read, written]),
        cache_read: read,
        cache_write: written,
        output: rest(sum("outputTokens"), &[reasoning]),
        reasoning,
        requests: total(models.iter().map(|model| model["requests"]["count"].as_u64())),
        // Its units of account are not confirmed to be what is billed.
        credits: None,
        source: UsageSource::Stream,
    })
}

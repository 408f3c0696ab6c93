//! pi through `--mode json`: one JSON object per line.
//!
//! **Invariant:** it leaves with code 0 whatever happened; an end with an error counts only when no retry follows it.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::{Value, json};

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, content, owned, reported, result};
use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv,
    classify, json_line, key, model, refuse, text, variables,
};

pub(crate) struct Pi;

const KEYS: [&str; 5] = [
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
];
const FOLDER: &str = ".pi/agent";
/// The name of the provider behind a base URL of the user's.
const PROVIDER: &str = "fairtrial";
const DEFAULTS: [(&str, &str); 3] = [("PI_OFFLINE", "1"), ("PI_TELEMETRY", "0"), ("NO_COLOR", "1")];
/// Line types that carry nothing which another line does not.
const SILENT: [&str; 9] = [
    // One with an error is told when no retry has followed.
    "agent_end",
    "agent_start",
    "turn_start",
    "turn_end",
    "message_start",
    "message_update",
    "message_end/user",
    "message_end/toolResult",
    "tool_execution_update",
];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&["AGENTS.md", "CLAUDE.md"], &[".pi/SYSTEM.md"], &[".pi/APPEND_SYSTEM.md"]],
    extensions: &[".pi/settings.json", ".pi/extensions", ".pi/skills", ".pi/prompts", ".agents/skills"],
    arguments: &["--extension", "-e", "--skill", "--prompt-template"],
};

impl Backend for Pi {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, &DEFAULTS);
        let key = key(spec, &env, &KEYS)?;
        env.insert("PI_CODING_AGENT_DIR".to_owned(), text(&spec.home.join(FOLDER))?);
        let mut argv = argv(spec, &["--print", "--mode", "json"])?;
        let mut files = vec![];
        if let Some(url) = spec.base_url() {
            let model = model(spec)?;
            argv.extend([
                "--provider".to_owned(),
                PROVIDER.to_owned(),
                "--model".to_owned(),
                model.to_owned(),
            ]);
            files.push((format!("{FOLDER}/models.json"), models(assistant, url, model, key).to_string()));
        } else if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(spec.resume.iter().flat_map(|session| ["--session".to_owned(), (*session).to_owned()]));
        argv.extend(assistant.args.iter().cloned());
        // On standard input no instruction is too long, and none is taken for an option or a file.
        let stdin = Input::Text(spec.instruction.to_owned());
        Ok(Launch { stdin, files, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream::default())
    }

    fn steering(&self, assistant: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING.unless(assistant, &["--no-context-files", "-nc"]))
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("pi")
    }

    fn can_resume(&self, assistant: &Assistant) -> bool {
        !assistant.args.iter().any(|argument| argument == "--no-session")
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

/// Returns its table of models: one, with the key's variable by name.
fn models(assistant: &Assistant, url: &str, model: &str, key: &str) -> Value {
    let cost = assistant.price.as_ref().map_or_else(
        || json!({ "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 }),
        |price| {
            json!({
                "input": price.input, "output": price.output,
                "cacheRead": price.cache_read, "cacheWrite": price.cache_write,
            })
        },
    );
    json!({ "providers": { PROVIDER: {
        "baseUrl": url,
        "apiKey": key,
        "api": "openai-completions",
        "models": [{
            "id": model, "name": model, "reasoning": false, "input": ["text"], "cost": cost,
            "contextWindow": 200_000, "maxTokens": 32_000,
        }],
    } } })
}

#[derive(Default)]
struct Stream {
    usage: Usage,
    usd: f64,
    /// The error that the last message ended with.
    failure: Option<String>,
    /// An end with an error that a retry may take back.
    pending: Option<StreamEnd>,
}

impl Reader for Stream {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        json_line(line, |value| self.read(value))
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        self.pending.take().map(|end| EventKind::Ended { end }).into_iter().collect()
    }
}

impl Stream {
    fn read(&mut self, line: &Value) -> Option<Vec<EventKind>> {
        let kind = line["type"].as_str()?;
        let id = || owned(&line["toolCallId"]);
        match kind {
            "session" => {
                let session = owned(&line["id"]);
                Some(vec![EventKind::Started { session, model: None, version: None }])
            }
            "message_end" => match line["message"]["role"].as_str()? {
                "user" | "toolResult" => Some(vec![]),
                "assistant" => Some(self.message(&line["message"])),
                _ => None,
            },
            "tool_execution_start" => Some(vec![call(id()?, owned(&line["toolName"])?, &line["args"])]),
            "tool_execution_end" => {
                let ok = line["isError"].as_bool().map(|failed| !failed);
                Some(vec![result(id()?, ok, &content(&line["result"]["content"]))])
            }
            "agent_end" => Some(self.end()),
            "auto_retry_start" => {
                self.pending = None;
                let message = owned(&line["errorMessage"])?;
                let attempt = line["attempt"].as_u64().unwrap_or(0).saturating_add(1);
                Some(vec![EventKind::Retry { attempt, fault: classify::by_words(&message), message }])
            }
            "auto_retry_end" => Some(match line["success"].as_bool()? {
                true => vec![EventKind::Notice { text: "the retry went well".to_owned() }],
                false => vec![EventKind::Ended { end: error(line["finalError"].as_str()?) }],
            }),
            _ if SILENT.contains(&kind) => Some(vec![]),
            _ => None,
        }
    }

    /// Reads a whole message of the model; what it calls is told by the tools themselves.
    fn message(&mut self, message: &Value) -> Vec<EventKind> {
        self.failure = (message["stopReason"] == "error")
            .then(|| message["errorMessage"].as_str().unwrap_or("it gives no reason").to_owned());
        let mut events: Vec<EventKind> =
            message["content"].as_array().into_iter().flatten().filter_map(block).collect();
        if let Some(text) = &self.failure {
            events.push(EventKind::Notice { text: text.clone() });
        } else {
            self.count(&message["usage"]);
            events.push(EventKind::Usage { usage: self.usage.clone(), cost: reported(self.usd) });
        }
        events
    }

    fn count(&mut self, counts: &Value) {
        let add = |sum: &mut Option<u64>, name: &str| {
            if let Some(more) = counts[name].as_u64() {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
        };
        add(&mut self.usage.input_uncached, "input");
        add(&mut self.usage.output, "output");
        add(&mut self.usage.cache_read, "cacheRead");
        add(&mut self.usage.cache_write, "cacheWrite");
        self.usage.requests = Some(self.usage.requests.unwrap_or(0) + 1);
        self.usage.source = UsageSource::Stream;
        self.usd += counts["cost"]["total"].as_f64().unwrap_or(0.0);
    }

    fn end(&mut self) -> Vec<EventKind> {
        match &self.failure {
            None => vec![EventKind::Ended { end: StreamEnd::Completed }],
            Some(message) => {
                self.pending = Some(error(message));
                vec![]
            }
        }
    }
}

fn block(block: &Value) -> Option<EventKind> {
    match block["type"].as_str() {
        Some("text") => owned(&block["text"]).map(|text| EventKind::Text { text }),
        Some("thinking") => owned(&block["thinking"]).map(|text| EventKind::Thinking { text }),
        Some("toolCall") => None,
        Some(_) | None => Some(EventKind::Unparsed { line: block.to_string() }),
    }
}

fn error(message: &str) -> StreamEnd {
    StreamEnd::Error { fault: classify::by_words(message), message: shorten(message, OUTPUT_LIMIT) }
}

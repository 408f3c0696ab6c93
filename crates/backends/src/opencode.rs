//! opencode and its fork Kilo through `run --format json`: one JSON object per line.
//!
//! **Invariant:** each step has its own tokens and cost, and they are summed; tools are shown only when they are done.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::{Value, json};

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, owned, reported, result, shown};
use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv,
    classify, json_line, key, model, refuse, text, variables,
};

/// One of the two programs.
pub(crate) struct Opencode {
    program: &'static str,
    /// Where it is told its configuration.
    config: &'static str,
    /// Lets tools run unasked.
    unasked: &'static [&'static str],
    defaults: &'static [(&'static str, &'static str)],
    steering: Steering,
}

const KEYS: [&str; 6] = [
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
    "OPENCODE_API_KEY",
];
const FILE: &str = "fairtrial-opencode.json";
/// The name of the provider behind a base URL of the user's.
const PROVIDER: &str = "fairtrial";

impl Opencode {
    pub(crate) const ORIGINAL: Opencode = Opencode {
        program: "opencode",
        config: "OPENCODE_CONFIG",
        unasked: &[],
        defaults: &[
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
            ("NO_COLOR", "1"),
        ],
        steering: STEERING,
    };
    pub(crate) const KILO: Opencode = Opencode {
        program: "kilo",
        config: "KILO_CONFIG",
        unasked: &["--auto"],
        defaults: &[
            ("KILO_DISABLE_AUTOUPDATE", "1"),
            ("KILO_DISABLE_MODELS_FETCH", "1"),
            ("KILO_DISABLE_LSP_DOWNLOAD", "1"),
            ("NO_COLOR", "1"),
        ],
        steering: KILO_STEERING,
    };
}

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    // Below, those of folders that it works in.
    instructions: &[&["AGENTS.md", "CLAUDE.md", "CONTEXT.md"], &["[!.]*/**/AGENTS.md"]],
    extensions: &["opencode.json", "opencode.jsonc", ".opencode", ".claude/skills", ".agents/skills"],
    arguments: &[],
};

/// Where its fork looks.
const KILO_STEERING: Steering = Steering {
    instructions: &[
        &["AGENTS.md", "CLAUDE.md", "CONTEXT.md"],
        &["[!.]*/**/AGENTS.md"],
        &[".kilo/rules", ".kilocode/rules"],
    ],
    extensions: &[
        "kilo.json",
        "kilo.jsonc",
        "opencode.json",
        "opencode.jsonc",
        ".kilo",
        ".opencode",
        ".agents/skills",
        ".claude/skills",
    ],
    arguments: &[],
};

impl Backend for Opencode {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, self.defaults);
        let key = key(spec, &env, &KEYS)?;
        let model = model(spec)?;
        let named = match spec.base_url() {
            Some(_) => format!("{PROVIDER}/{model}"),
            None => model.to_owned(),
        };
        env.insert(self.config.to_owned(), text(&spec.home.join(FILE))?);
        let mut argv = argv(spec, &["run", "--format", "json", "--model", &named])?;
        argv.extend(self.unasked.iter().map(|word| (*word).to_owned()));
        argv.extend(spec.resume.iter().flat_map(|session| ["--session".to_owned(), (*session).to_owned()]));
        argv.extend(assistant.args.iter().cloned());
        let files = vec![(FILE.to_owned(), settings(spec, model, key).to_string())];
        // On standard input no instruction is too long, and none is taken for an option.
        let stdin = Input::Text(spec.instruction.to_owned());
        Ok(Launch { stdin, files, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream::default())
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(self.steering)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some(self.program)
    }

    fn can_resume(&self, _: &Assistant) -> bool {
        true
    }

    fn shows_requests(&self) -> bool {
        false
    }

    fn silent(&self) -> &'static [&'static str] {
        // The first is told as the session's start.
        &["step_start"]
    }
}

/// Returns the program's settings: nothing is asked, fetched or shared, and the key is named, not written.
fn settings(spec: &LaunchSpec<'_>, model: &str, key: &str) -> Value {
    let mut settings = json!({ "permission": "allow", "autoupdate": false, "share": "disabled" });
    if let Some(url) = spec.base_url() {
        let mut about = json!({ "name": model });
        if let Some(price) = &spec.assistant.price {
            about["cost"] = json!({
                "input": price.input, "output": price.output,
                "cache_read": price.cache_read, "cache_write": price.cache_write,
            });
        }
        settings["provider"][PROVIDER] = json!({
            "npm": "@ai-sdk/openai-compatible",
            "name": "Fairtrial",
            "options": { "baseURL": url, "apiKey": format!("{{env:{key}}}") },
            "models": { model: about },
        });
    }
    settings
}

#[derive(Default)]
struct Stream {
    started: bool,
    usage: Usage,
    usd: f64,
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
    fn read(&mut self, line: &Value) -> Option<Vec<EventKind>> {
        let part = &line["part"];
        let events = match line["type"].as_str()? {
            "step_start" => vec![],
            "text" => vec![EventKind::Text { text: owned(&part["text"])? }],
            "reasoning" => vec![EventKind::Thinking { text: owned(&part["text"])? }],
            "tool_use" => tool(part)?,
            "step_finish" => self.step(part)?,
            "error" => vec![EventKind::Ended { end: failed(&line["error"])? }],
            _ => return None,
        };
        if self.started {
            return Some(events);
        }
        self.started = true;
        let start = EventKind::Started { session: owned(&line["sessionID"]), model: None, version: None };
        Some([start].into_iter().chain(events).collect())
    }

    fn step(&mut self, part: &Value) -> Option<Vec<EventKind>> {
        let tokens = &part["tokens"];
        let add = |sum: &mut Option<u64>, value: &Value| {
            if let Some(more) = value.as_u64() {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
        };
        add(&mut self.usage.input_uncached, &tokens["input"]);
        add(&mut self.usage.output, &tokens["output"]);
        add(&mut self.usage.reasoning, &tokens["reasoning"]);
        add(&mut self.usage.cache_read, &tokens["cache"]["read"]);
        add(&mut self.usage.cache_write, &tokens["cache"]["write"]);
        self.usage.requests = Some(self.usage.requests.unwrap_or(0) + 1);
        self.usage.source = UsageSource::Stream;
        self.usd += part["cost"].as_f64().unwrap_or(0.0);
        let usage = EventKind::Usage { usage: self.usage.clone(), cost: reported(self.usd) };
        let end = match part["reason"].as_str()? {
            "tool-calls" => None,
            "stop" => Some(StreamEnd::Completed),
            reason => Some(StreamEnd::Error {
                fault: FaultKind::Assistant,
                message: format!("its last step ended with `{reason}`"),
            }),
        };
        Some([usage].into_iter().chain(end.map(|end| EventKind::Ended { end })).collect())
    }
}

/// Reads a tool that is done.
fn tool(part: &Value) -> Option<Vec<EventKind>> {
    let (id, state) = (owned(&part["callID"])?, &part["state"]);
    let exit = state["metadata"]["exit"].as_i64().map(|code| code == 0);
    let ok = exit.or_else(|| state["status"].as_str().map(|status| status == "completed"));
    let output = if state["output"].is_null() { &state["error"] } else { &state["output"] };
    Some(vec![call(id.clone(), owned(&part["tool"])?, &state["input"]), result(id, ok, &shown(output))])
}

fn failed(error: &Value) -> Option<StreamEnd> {
    let data = &error["data"];
    let message =
        data["message"].as_str().or_else(|| error["message"].as_str()).or_else(|| error["name"].as_str())?;
    let fault = data["statusCode"].as_u64().map_or_else(|| classify::by_words(message), classify::by_status);
    Some(StreamEnd::Error { fault, message: shorten(message, OUTPUT_LIMIT) })
}

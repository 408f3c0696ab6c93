//! Factory's droid through `exec --output-format stream-json`: one JSON object per line.
//!
//! **Invariant:** a thought that is repeated word for word under the same id is told once.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::{Value, json};

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, owned, result, shown};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv, classify,
    json_line, key, model, refuse, variables,
};

pub(crate) struct Droid;

const KEYS: [&str; 1] = ["FACTORY_API_KEY"];
/// Where the key of a model of the user's own is looked for.
const MODEL_KEYS: [&str; 2] = ["OPENAI_API_KEY", "FACTORY_API_KEY"];
/// Line types that carry nothing which another line does not.
const SILENT: [&str; 1] = ["message/user"];

/// Where it looks in a repository.
const STEERING: Steering =
    Steering { instructions: &[&["**/AGENTS.md"]], extensions: &[".factory"], arguments: &["--mcp-config"] };

impl Backend for Droid {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        let env = variables(spec, &[("NO_COLOR", "1")]);
        key(spec, &env, &KEYS)?;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let fixed = ["exec", "--output-format", "stream-json", "--skip-permissions-unsafe"];
        let mut argv = argv(spec, &fixed)?;
        let mut files = vec![];
        if let Some(url) = spec.base_url() {
            let model = model(spec)?;
            let variable = key(spec, &env, &MODEL_KEYS)?;
            argv.extend(["--model".to_owned(), format!("custom:{model}")]);
            let settings = json!({ "customModels": [{
                "model": model, "displayName": model, "baseUrl": url, "apiKey": format!("${{{variable}}}"),
                "provider": "generic-chat-completion-api", "maxOutputTokens": 16_384,
            }] });
            files.push((".factory/settings.json".to_owned(), settings.to_string()));
        } else if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(assistant.args.iter().cloned());
        argv.extend(["--".to_owned(), spec.instruction.to_owned()]);
        Ok(Launch { files, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &MODEL_KEYS[..1] })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream::default())
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("droid")
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

#[derive(Default)]
struct Stream {
    thought: Option<(String, String)>,
    /// What its own loop said of a failure, before the program's last word.
    failure: Option<String>,
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
        let said = || owned(&line["text"]);
        let event = match line["type"].as_str()? {
            "system" if line["subtype"] == "init" => EventKind::Started {
                session: owned(&line["session_id"]),
                model: owned(&line["model"]),
                version: None,
            },
            "message" => match line["role"].as_str()? {
                "user" => return Some(vec![]),
                "assistant" => EventKind::Text { text: said()? },
                _ => return None,
            },
            "reasoning" => {
                let thought = Some((owned(&line["id"])?, said()?));
                if self.thought == thought {
                    return Some(vec![]);
                }
                self.thought = thought;
                EventKind::Thinking { text: said()? }
            }
            "tool_call" => call(owned(&line["id"])?, owned(&line["toolName"])?, &line["parameters"]),
            "tool_result" => {
                let ok = line["isError"].as_bool().map(|failed| !failed);
                let output = if line["value"].is_null() { &line["error"] } else { &line["value"] };
                result(owned(&line["id"])?, ok, &shown(output))
            }
            "error" => return self.error(line),
            "completion" => {
                return Some(vec![
                    EventKind::Usage { usage: usage(line.get("usage")?), cost: None },
                    EventKind::Ended { end: StreamEnd::Completed },
                ]);
            }
            _ => return None,
        };
        Some(vec![event])
    }

    fn error(&mut self, line: &Value) -> Option<Vec<EventKind>> {
        let message = line["message"].as_str()?;
        if line["source"] != "cli" {
            self.failure = Some(message.to_owned());
            return Some(vec![EventKind::Notice { text: message.to_owned() }]);
        }
        let why = self.failure.clone().unwrap_or_else(|| message.to_owned());
        let end = StreamEnd::Error { fault: classify::by_words(&why), message: shorten(&why, OUTPUT_LIMIT) };
        Some(vec![EventKind::Ended { end }])
    }
}

fn usage(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64();
    Usage {
        input_uncached: count("input_tokens"),
        cache_read: count("cache_read_input_tokens"),
        cache_write: count("cache_creation_input_tokens"),
        output: count("output_tokens"),
        reasoning: None,
        requests: None,
        credits: counts["factory_credits"].as_f64().filter(|credits| *credits > 0.0),
        source: UsageSource::Stream,
    }
}

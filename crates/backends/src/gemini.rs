//! Gemini CLI through `--output-format stream-json`: one JSON object per line.
//!
//! **Invariant:** a session without a `result` is no session that ended: it leaves with code 0 when it is killed.
//!
//! It is not told to resume a session, though 0.61.0 has `--resume`: it then sends each result of a tool twice, which an
//! API that pairs calls with results refuses (github.com/google-gemini/gemini-cli/issues/29365).

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::{Value, json};

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, owned, rest, result, shown};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv, classify,
    json_line, key, refuse, variables,
};

pub(crate) struct Gemini;

const VENDOR: &str = "https://generativelanguage.googleapis.com";
const KEYS: [&str; 2] = ["GEMINI_API_KEY", "GOOGLE_API_KEY"];
const DEFAULTS: [(&str, &str); 2] = [
    // Otherwise it starts itself a second time, and a signal to the first reaches nobody.
    ("GEMINI_CLI_NO_RELAUNCH", "true"),
    ("NO_COLOR", "1"),
];
/// Line types that carry nothing which another line does not.
const SILENT: [&str; 1] = ["message/user"];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&["**/GEMINI.md"]],
    extensions: &[".gemini", ".agents/skills"],
    arguments: &["--extensions", "-e"],
};

impl Backend for Gemini {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, &DEFAULTS);
        let own = assistant.own_login.is_some();
        if !own {
            key(spec, &env, &KEYS)?;
        }
        if let Some(url) = spec.base_url() {
            env.insert("GOOGLE_GEMINI_BASE_URL".to_owned(), url.to_owned());
        }
        let prompt = format!("--prompt={}", spec.instruction);
        let mut argv = argv(
            spec,
            &["--output-format", "stream-json", "--approval-mode", "yolo", "--skip-trust", &prompt],
        )?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(assistant.args.iter().cloned());
        let settings = json!({
            "security": { "auth": { "selectedType": "gemini-api-key" } },
            "privacy": { "usageStatisticsEnabled": false },
            "general": { "enableAutoUpdate": false },
        });
        // The settings of a login are its user's, and stay as they are.
        let files =
            if own { vec![] } else { vec![(".gemini/settings.json".to_owned(), settings.to_string())] };
        Ok(Launch { files, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        let upstream = assistant.base_url.clone().unwrap_or_else(|| VENDOR.to_owned());
        Some(MeterPoint { upstream, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream)
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("gemini")
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
    let event = match line["type"].as_str()? {
        "init" => EventKind::Started {
            session: owned(&line["session_id"]),
            model: owned(&line["model"]),
            version: None,
        },
        "message" => match line["role"].as_str()? {
            "user" => return Some(vec![]),
            "assistant" => EventKind::Text { text: owned(&line["content"])? },
            _ => return None,
        },
        "tool_use" => call(owned(&line["tool_id"])?, owned(&line["tool_name"])?, &line["parameters"]),
        "tool_result" => {
            let ok = line["status"].as_str().map(|status| status == "success");
            let output = if line["output"].is_null() { &line["error"]["message"] } else { &line["output"] };
            result(owned(&line["tool_id"])?, ok, &shown(output))
        }
        "error" => EventKind::Notice { text: owned(&line["message"])? },
        "result" => {
            return Some(vec![
                EventKind::Usage { usage: usage(&line["stats"]), cost: None },
                EventKind::Ended { end: end(line)? },
            ]);
        }
        _ => return None,
    };
    Some(vec![event])
}

/// Reads the tokens: `input` excludes the cached ones, and thoughts are only in the total.
fn usage(stats: &Value) -> Usage {
    let count = |name: &str| stats[name].as_u64();
    let (whole, output) = (count("input_tokens"), count("output_tokens"));
    let cached = count("cached");
    Usage {
        input_uncached: count("input").or_else(|| rest(whole, &[cached])),
        cache_read: cached,
        cache_write: None,
        output,
        reasoning: rest(count("total_tokens"), &[whole, output]),
        requests: None,
        credits: None,
        source: UsageSource::Stream,
    }
}

fn end(line: &Value) -> Option<StreamEnd> {
    if line["status"].as_str()? == "success" {
        return Some(StreamEnd::Completed);
    }
    let message = line["error"]["message"].as_str().unwrap_or("it gives no reason");
    if message.contains("max session turns") || line["error"]["type"] == "FatalTurnLimitedError" {
        return Some(StreamEnd::TurnLimit);
    }
    Some(StreamEnd::Error { fault: classify::by_words(message), message: shorten(message, OUTPUT_LIMIT) })
}

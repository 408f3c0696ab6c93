//! mini-swe-agent: text while it works, and a trajectory when it is done.
//!
//! **Invariant:** what counts comes from the trajectory; the text is for whoever watches.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::Value;

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{call, owned, reported, rest, result};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv, classify, key,
    model, refuse, text, variables,
};

pub(crate) struct MiniSweAgent;

const KEYS: [&str; 4] =
    ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"];
const DEFAULTS: [(&str, &str); 5] = [
    ("MSWEA_CONFIGURED", "true"),
    ("MSWEA_COST_TRACKING", "ignore_errors"),
    ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
    ("NO_COLOR", "1"),
    ("PYTHONUNBUFFERED", "1"),
];
const TRAJECTORY: &str = "fairtrial-trajectory.json";

impl Backend for MiniSweAgent {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, &DEFAULTS);
        key(spec, &env, &KEYS)?;
        env.insert("MSWEA_GLOBAL_CONFIG_DIR".to_owned(), text(&spec.home.join(".mini"))?);
        let model = model(spec)?;
        let named = match spec.base_url() {
            Some(url) => {
                env.insert("OPENAI_API_BASE".to_owned(), url.to_owned());
                format!("openai/{model}")
            }
            None => model.to_owned(),
        };
        let task = format!("--task={}", spec.instruction);
        let trajectory = text(&spec.home.join(TRAJECTORY))?;
        let mut argv = argv(spec, &["-y", "--exit-immediately", &task, "-m", &named, "-o", &trajectory])?;
        argv.extend(assistant.args.iter().cloned());
        Ok(Launch { collect: vec![TRAJECTORY.to_owned()], ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Lines::default())
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(Steering::NONE)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("mini")
    }

    fn shows_requests(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct Lines {
    /// The last line that names an error of a request.
    failure: Option<(FaultKind, String)>,
}

impl Reader for Lines {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        if line.trim().is_empty() {
            return vec![];
        }
        self.look(line);
        vec![EventKind::Notice { text: line.to_owned() }]
    }

    fn stderr(&mut self, line: &str) -> Vec<EventKind> {
        self.look(line);
        vec![EventKind::Stderr { line: line.to_owned() }]
    }

    fn file(&mut self, path: &str, text: &str) -> Vec<EventKind> {
        let read = serde_json::from_str::<Value>(text).ok();
        match read.as_ref().and_then(|file| self.trajectory(file)) {
            Some(events) => events,
            None => vec![EventKind::Unparsed { line: format!("{path}: {}", shorten(text, OUTPUT_LIMIT)) }],
        }
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        // Without a trajectory this is all there is.
        let end = |(fault, message)| EventKind::Ended { end: StreamEnd::Error { fault, message } };
        self.failure.take().map(end).into_iter().collect()
    }
}

impl Lines {
    fn look(&mut self, line: &str) {
        if line.contains("litellm.") && line.contains("Error") {
            self.failure = Some((classify::by_error_name(line), shorten(line, OUTPUT_LIMIT)));
        }
    }

    fn trajectory(&mut self, file: &Value) -> Option<Vec<EventKind>> {
        let info = &file["info"];
        let mut events = vec![EventKind::Started {
            session: None,
            model: owned(&info["config"]["model"]["model_name"]),
            version: owned(&info["mini_version"]),
        }];
        let mut usage = Usage { source: UsageSource::Stream, ..Usage::default() };
        for message in file["messages"].as_array()? {
            events.extend(said(message));
            add(&mut usage, &message["extra"]["response"]["usage"]);
        }
        usage.requests = info["model_stats"]["api_calls"].as_u64();
        let cost = info["model_stats"]["instance_cost"].as_f64().and_then(reported);
        events.push(EventKind::Usage { usage, cost });
        let end = self.end(info)?;
        self.failure = None;
        events.push(EventKind::Ended { end });
        Some(events)
    }

    fn end(&self, info: &Value) -> Option<StreamEnd> {
        Some(match info["exit_status"].as_str()? {
            "Submitted" => StreamEnd::Completed,
            "LimitsExceeded" => StreamEnd::BudgetLimit,
            status => {
                let (fault, message) = match &self.failure {
                    Some((FaultKind::Assistant, message)) => {
                        (classify::by_error_name(status), message.clone())
                    }
                    Some((fault, message)) => (*fault, message.clone()),
                    None => (classify::by_error_name(status), String::new()),
                };
                StreamEnd::Error { fault, message: format!("{status} {message}").trim_end().to_owned() }
            }
        })
    }
}

/// Reads one message: the model's words and commands, and what came of them.
fn said(message: &Value) -> Vec<EventKind> {
    let extra = &message["extra"];
    match message["role"].as_str() {
        Some("assistant") => {
            let text = owned(&message["content"]).filter(|text| !text.is_empty());
            let text = text.map(|text| EventKind::Text { text });
            let actions = extra["actions"].as_array().into_iter().flatten();
            let calls = actions
                .filter_map(|action| Some(call(owned(&action["tool_call_id"])?, "bash".to_owned(), action)));
            text.into_iter().chain(calls).collect()
        }
        Some("tool") => {
            let Some(id) = owned(&message["tool_call_id"]) else { return vec![] };
            let ok = extra["returncode"].as_i64().map(|code| code == 0);
            let output = ["raw_output", "exception_info"]
                .map(|name| extra[name].as_str().unwrap_or_default())
                .concat();
            vec![result(id, ok, &output)]
        }
        Some(_) | None => vec![],
    }
}

/// Adds one answer's tokens; its prompt contains the cached ones and its completion the reasoning.
fn add(usage: &mut Usage, counts: &Value) {
    let cached = counts["prompt_tokens_details"]["cached_tokens"].as_u64();
    let reasoning = counts["completion_tokens_details"]["reasoning_tokens"].as_u64();
    let more = [
        (&mut usage.input_uncached, rest(counts["prompt_tokens"].as_u64(), &[cached])),
        (&mut usage.cache_read, cached),
        (&mut usage.output, rest(counts["completion_tokens"].as_u64(), &[reasoning])),
        (&mut usage.reasoning, reasoning),
    ];
    for (sum, more) in more {
        if let Some(more) = more {
            *sum = Some(sum.unwrap_or(0).saturating_add(more));
        }
    }
}

//! Our own small assistant for raw model APIs. Its stream is one `EventKind` as JSON per line.
//!
//! Which API it speaks stands in the assistant's arguments, as `--api`.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::EventKind;
use fairtrial_domain::usage::{CostSource, UsageSource};

use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv, refuse,
    variables,
};

pub(crate) struct Direct;

/// Each API, where it answers, and the variables that hold its key as a plain word.
const APIS: [(&str, &str, &[&str]); 5] = [
    ("anthropic", "https://api.anthropic.com", &["ANTHROPIC_API_KEY"]),
    ("responses", "https://api.openai.com/v1", &["OPENAI_API_KEY"]),
    ("chat", "https://api.openai.com/v1", &["OPENAI_API_KEY"]),
    ("gemini", "https://generativelanguage.googleapis.com", &["GEMINI_API_KEY"]),
    ("converse", "https://bedrock-runtime.REGION.amazonaws.com", &["AWS_BEARER_TOKEN_BEDROCK"]),
];

/// Returns the value after an argument.
fn after<'a>(assistant: &'a Assistant, name: &str) -> Option<&'a str> {
    let mut arguments = assistant.args.iter().skip_while(|argument| *argument != name);
    arguments.nth(1).map(String::as_str)
}

impl Backend for Direct {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut argv = argv(spec, &[])?;
        let own = [("--model", assistant.model.as_deref()), ("--base-url", spec.base_url())];
        for (name, value) in own {
            argv.extend(value.iter().flat_map(|value| [name.to_owned(), (*value).to_owned()]));
        }
        argv.extend(assistant.args.iter().cloned());
        argv.extend(spec.resume.iter().flat_map(|session| ["--resume".to_owned(), (*session).to_owned()]));
        let stdin = Input::Text(spec.instruction.to_owned());
        Ok(Launch { stdin, ..Launch::new(argv, variables(spec, &[])) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        // A signature is over the address, so that nobody can stand between.
        if assistant.secrets.contains_key("AWS_SECRET_ACCESS_KEY") {
            return None;
        }
        let api = after(assistant, "--api")?;
        let (_, vendor, keys) = APIS.iter().find(|(name, ..)| *name == api)?;
        let region = after(assistant, "--region").or(assistant.env.get("AWS_REGION").map(String::as_str));
        let vendor = vendor.replace("REGION", region.unwrap_or("us-east-1"));
        Some(MeterPoint { upstream: assistant.base_url.clone().unwrap_or(vendor), keys })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream)
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(Steering::NONE)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("fairtrial-direct")
    }

    fn can_resume(&self, _: &Assistant) -> bool {
        true
    }

    fn cost_known(&self, assistant: &Assistant) -> bool {
        assistant.price.is_some()
    }

    fn shows_requests(&self) -> bool {
        true
    }
}

struct Stream;

impl Reader for Stream {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        if line.trim().is_empty() {
            return vec![];
        }
        let mut event =
            serde_json::from_str(line).unwrap_or_else(|_| EventKind::Unparsed { line: line.to_owned() });
        if let EventKind::Usage { usage, cost } = &mut event {
            usage.source = UsageSource::Stream;
            if let Some(cost) = cost {
                cost.source = CostSource::Reported;
            }
        }
        vec![event]
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

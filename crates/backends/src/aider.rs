//! aider, which writes text for people.
//!
//! **Invariant:** its figures are rounded and are marked so; of the tokens sent it does not say which a cache served, so
//! they are no uncached input.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};

use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::reported;
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, ProcessExit, Reader, Steering, argv, classify, key,
    model, refuse, text, variables,
};

pub(crate) struct Aider;

const KEYS: [&str; 4] = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY"];
const DEFAULTS: [(&str, &str); 4] = [
    ("NO_COLOR", "1"),
    ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
    ("AIDER_ANALYTICS", "false"),
    ("PYTHONUNBUFFERED", "1"),
];
/// Where the instruction lies, in the home.
const PROMPT_FILE: &str = "fairtrial-instruction.txt";

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[],
    extensions: &[".aider.conf.yml", ".aider.model.settings.yml"],
    arguments: &[],
};

impl Backend for Aider {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, &DEFAULTS);
        key(spec, &env, &KEYS)?;
        let model = model(spec)?;
        let named = match spec.base_url() {
            Some(url) => {
                env.insert("AIDER_OPENAI_API_BASE".to_owned(), url.to_owned());
                format!("openai/{model}")
            }
            None => model.to_owned(),
        };
        let prompt = text(&spec.home.join(PROMPT_FILE))?;
        let fixed = [
            "--model",
            &named,
            "--message-file",
            &prompt,
            "--yes-always",
            "--no-check-update",
            "--no-analytics",
            "--no-show-model-warnings",
            "--no-show-release-notes",
            "--no-pretty",
            "--no-stream",
            // By itself it commits and edits .gitignore, which is not what was asked.
            "--no-auto-commits",
            "--no-gitignore",
            "--no-detect-urls",
        ];
        let mut argv = argv(spec, &fixed)?;
        argv.extend(assistant.args.iter().cloned());
        let files = vec![(PROMPT_FILE.to_owned(), spec.instruction.to_owned())];
        Ok(Launch { files, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Lines::default())
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("aider")
    }

    fn cost_known(&self, _: &Assistant) -> bool {
        false
    }

    fn expects_terminal_event(&self) -> bool {
        false
    }

    fn shows_requests(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct Lines {
    output: u64,
    requests: u64,
    /// The last failure of a request, until one goes well.
    failure: Option<(FaultKind, String)>,
    retries: u64,
}

impl Reader for Lines {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        let text = EventKind::Text { text: line.to_owned() };
        if let Some((received, cost)) = tokens(line) {
            self.failure = None;
            self.output = self.output.saturating_add(received);
            self.requests += 1;
            let usage = Usage {
                output: Some(self.output),
                requests: Some(self.requests),
                source: UsageSource::Rounded,
                ..Usage::default()
            };
            return vec![text, EventKind::Usage { usage, cost: cost.and_then(reported) }];
        }
        if line.starts_with("litellm.") && line.contains("Error") {
            self.failure = Some((classify::by_error_name(line), shorten(line, OUTPUT_LIMIT)));
        }
        if let Some((fault, message)) = self.failure.clone().filter(|_| line.starts_with("Retrying in ")) {
            self.retries += 1;
            return vec![text, EventKind::Retry { attempt: self.retries + 1, fault, message }];
        }
        vec![text]
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        let end = |(fault, message)| EventKind::Ended { end: StreamEnd::Error { fault, message } };
        self.failure.take().map(end).into_iter().collect()
    }
}

/// Reads `Tokens: 1.2k sent, 40 received. Cost: $0.01 message, $0.02 session.`: what was received, and the session's cost.
fn tokens(line: &str) -> Option<(u64, Option<f64>)> {
    let rest = line.strip_prefix("Tokens: ")?;
    let (counts, after) = rest.split_once(" received.")?;
    let received = rounded(counts.rsplit(' ').next()?)?;
    let cost = after.split_once("message, $").and_then(|(_, session)| session.strip_suffix(" session."));
    Some((received, cost.and_then(|cost| cost.trim().parse().ok())))
}

fn rounded(figure: &str) -> Option<u64> {
    let (digits, unit) = match figure.strip_suffix(['k', 'M']) {
        Some(digits) if figure.ends_with('k') => (digits, 1e3),
        Some(digits) => (digits, 1e6),
        None => (figure, 1.0),
    };
    let value = digits.replace(',', "").parse::<f64>().ok()? * unit;
    (0.0..1e15).contains(&value).then_some(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_are_written() {
        assert_eq!(tokens("Tokens: 1.2k sent, 40 received."), Some((40, None)));
        let priced = "Tokens: 12k sent, 3.4k received. Cost: $0.0012 message, $0.03 session.";
        assert_eq!(tokens(priced), Some((3400, Some(0.03))));
        assert_eq!(tokens("Tokens: some sent, none received."), None);
        assert_eq!(tokens("Tokens: 1e99k sent, 1e99k received."), None);
    }
}

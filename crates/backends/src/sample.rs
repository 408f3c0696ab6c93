//! The bundled sample assistants, and their stream: one `EventKind` as JSON per line.
//!
//! **Invariant:** whatever a sample writes, its tokens and cost are marked as simulated.

use fairtrial_domain::assistant::{Assistant, BackendKind, PromptBy};
use fairtrial_domain::event::EventKind;
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::usage::{CostSource, UsageSource};

use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, ProcessExit, Reader, Steering, argv, variables,
};

pub(crate) struct Sample;

/// The samples: id and name for people. What each does is told by its name in the documents, not here.
const SAMPLES: [(&str, &str); 6] = [
    ("aster", "Aster"),
    ("birch", "Birch"),
    ("cedar", "Cedar"),
    ("dogwood", "Dogwood"),
    ("elder", "Elder"),
    ("fir", "Fir"),
];

/// Returns the six bundled sample assistants; the only argument of each is its id.
pub fn samples() -> Vec<Assistant> {
    let sample = |(id, title): (&str, &str)| {
        Some(Assistant {
            args: vec![id.to_owned()],
            prompt: PromptBy::Stdin,
            sample: true,
            ..Assistant::new(AssistantId::parse(id).ok()?, title, BackendKind::Sample)
        })
    };
    SAMPLES.into_iter().filter_map(sample).collect()
}

impl Backend for Sample {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let mut words = argv(spec, &[])?;
        words.extend(spec.assistant.args.iter().cloned());
        words.extend(spec.resume.iter().flat_map(|session| ["--resume".to_owned(), (*session).to_owned()]));
        let stdin = Input::Text(spec.instruction.to_owned());
        Ok(Launch { stdin, ..Launch::new(words, variables(spec, &[])) })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream)
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(Steering::NONE)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("fairtrial-sample")
    }

    fn can_resume(&self, _: &Assistant) -> bool {
        true
    }

    fn cost_known(&self, _: &Assistant) -> bool {
        true
    }

    fn shows_requests(&self) -> bool {
        false
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
            usage.source = UsageSource::Simulated;
            if let Some(cost) = cost {
                cost.source = CostSource::Simulated;
            }
        }
        vec![event]
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

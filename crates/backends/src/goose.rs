//! goose, which writes text for people. Never driven here: no registry has it.

use fairtrial_domain::assistant::Assistant;

use crate::command::Lines;
use crate::{Backend, Input, Launch, LaunchError, LaunchSpec, Reader, Steering, argv, refuse, variables};

pub(crate) struct Goose;

const DEFAULTS: [(&str, &str); 2] = [("GOOSE_MODE", "auto"), ("NO_COLOR", "1")];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&[".goosehints"], &["AGENTS.md"]],
    extensions: &[".goose", ".agents/skills"],
    arguments: &[
        "--recipe",
        "--with-builtin",
        "--with-extension",
        "--with-remote-extension",
        "--with-streamable-http-extension",
    ],
};

impl Backend for Goose {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        refuse(spec, "base_url", assistant.base_url.is_some())?;
        let mut argv = argv(spec, &["run", "--instructions", "-", "--no-session"])?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(assistant.args.iter().cloned());
        let stdin = Input::Text(spec.instruction.to_owned());
        Ok(Launch { stdin, ..Launch::new(argv, variables(spec, &DEFAULTS)) })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Lines)
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("goose")
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

//! Auggie, which prints its answer when it is done. Never driven here: it needs its vendor, and the form of what it prints
//! is not documented, so that all of it is kept as text.

use fairtrial_domain::assistant::Assistant;

use crate::command::Lines;
use crate::{Backend, Launch, LaunchError, LaunchSpec, Reader, Steering, argv, key, refuse, variables};

pub(crate) struct Auggie;

const KEYS: [&str; 1] = ["AUGMENT_SESSION_AUTH"];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[
        &["CLAUDE.md"],
        &["AGENTS.md"],
        &[".augment-guidelines"],
        &[".augment/guidelines.md"],
        &[".augment/rules"],
    ],
    extensions: &[".augment/agents", ".augment/commands", ".augment/settings.json", ".augment/skills"],
    arguments: &["--mcp-config"],
};

impl Backend for Auggie {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        refuse(spec, "base_url", assistant.base_url.is_some())?;
        let env = variables(spec, &[("NO_COLOR", "1")]);
        key(spec, &env, &KEYS)?;
        let mut argv = argv(spec, &["--print", "--output-format", "json", "--show-cost"])?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(assistant.args.iter().cloned());
        argv.extend(["--".to_owned(), spec.instruction.to_owned()]);
        Ok(Launch::new(argv, env))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Lines)
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("auggie")
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

//! Auggie, which prints its answer when it is done. Never driven here: it needs its vendor, and the form of what it prints
//! is not documented, so that all of it is kept as text.

use fairtrial_domain::assistant::Assistant;

use crate::command::Lines;
use crate::{Backend, Launch, LaunchError, LaunchSpec, Reader, argv, key, refuse, variables};

pub(crate) struct Auggie;

const KEYS: [&str; 1] = ["AUGMENT_SESSION_AUTH"];

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

//! Any program: its output is kept as text, and nothing is known of tokens or cost.

use fairtrial_domain::assistant::{Assistant, PromptBy};
use fairtrial_domain::event::EventKind;

use crate::{Backend, Input, Launch, LaunchError, LaunchSpec, ProcessExit, Reader, argv, text, variables};

pub(crate) struct Command;

/// Where the instruction lies, in the home, when it is handed over as a file.
const PROMPT_FILE: &str = "instruction.txt";

impl Backend for Command {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        for (field, set) in [
            ("model", assistant.model.is_some()),
            ("effort", assistant.effort.is_some()),
            ("base_url", assistant.base_url.is_some()),
        ] {
            if set {
                return Err(LaunchError::Setting { assistant: assistant.id.to_string(), field });
            }
        }
        let mut launch = Launch::new(argv(spec, &[])?, variables(spec, &[]));
        let instruction = spec.instruction.to_owned();
        let args = match assistant.prompt {
            PromptBy::Argument => filled(&assistant.args, "{prompt}", &instruction),
            PromptBy::Stdin => {
                launch.stdin = Input::Text(instruction);
                assistant.args.clone()
            }
            PromptBy::File => {
                launch.files.push((PROMPT_FILE.to_owned(), instruction));
                filled(&assistant.args, "{prompt_file}", &text(&spec.home.join(PROMPT_FILE))?)
            }
        };
        launch.argv.extend(args);
        Ok(launch)
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Lines)
    }

    fn default_program(&self) -> Option<&'static str> {
        None
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

/// Returns `args` with `place` replaced, or `value` last when no argument has the place.
fn filled(args: &[String], place: &str, value: &str) -> Vec<String> {
    let mut filled: Vec<String> = args.iter().map(|arg| arg.replace(place, value)).collect();
    if !args.iter().any(|arg| arg.contains(place)) {
        filled.push(value.to_owned());
    }
    filled
}

/// Keeps every line as text.
pub(crate) struct Lines;

impl Reader for Lines {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        vec![EventKind::Text { text: line.to_owned() }]
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

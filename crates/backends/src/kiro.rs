//! Kiro through the Agent Client Protocol (`kiro-cli acp`): what its documents and others' adapters say. The real program
//! was never driven here; a stand-in of ours was.
//!
//! **Invariant:** it counts in credits, which are never turned into money without a rate of the user's.

use fairtrial_domain::assistant::Assistant;

use crate::acp::{Client, SILENT, Wish};
use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, Reader, Steering, argv, key, refuse, text, variables,
};

pub(crate) struct Kiro;

const KEYS: [&str; 1] = ["KIRO_API_KEY"];
const FOLDER: &str = ".kiro";

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&[".kiro/steering", ".amazonq/rules"], &["**/AGENTS.md"]],
    extensions: &[".kiro/agents", ".kiro/hooks", ".kiro/settings", ".kiro/skills"],
    arguments: &["--agent"],
};

impl Backend for Kiro {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "base_url", assistant.base_url.is_some())?;
        let mut env = variables(spec, &[("NO_COLOR", "1")]);
        if assistant.own_login.is_none() {
            key(spec, &env, &KEYS)?;
            env.insert("KIRO_HOME".to_owned(), text(&spec.home.join(FOLDER))?);
        }
        let mut argv = argv(spec, &["acp"])?;
        if let Some(effort) = &assistant.effort {
            argv.extend(["--effort".to_owned(), effort.clone()]);
        }
        // Where something is denied, it has to ask.
        if assistant.deny.is_empty() {
            argv.push("--trust-all-tools".to_owned());
        }
        argv.extend(assistant.args.iter().cloned());
        Ok(Launch { stdin: Input::Talk, ..Launch::new(argv, env) })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Client::new(Wish::default()))
    }

    fn session(&self, spec: &LaunchSpec<'_>) -> Result<Box<dyn Reader>, LaunchError> {
        // The effort is an argument of the program.
        Ok(Box::new(Client::new(Wish { effort: None, ..Wish::of(spec)? })))
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("kiro-cli")
    }

    fn cost_known(&self, _: &Assistant) -> bool {
        false
    }

    fn asks_permission(&self) -> bool {
        true
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

//! Amp through `--stream-json`, documented as shaped like Claude Code's stream. Never driven here: it needs its vendor.

use fairtrial_domain::assistant::Assistant;

use crate::{
    Backend, Launch, LaunchError, LaunchSpec, Reader, Steering, argv, claude_shaped, key, refuse, variables,
};

pub(crate) struct Amp;

const KEYS: [&str; 1] = ["AMP_API_KEY"];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&["**/AGENTS.md", "**/AGENT.md", "**/CLAUDE.md"]],
    extensions: &[".amp", ".agents/skills", ".claude/skills"],
    arguments: &["--mcp-config"],
};

impl Backend for Amp {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "model", assistant.model.is_some())?;
        refuse(spec, "effort", assistant.effort.is_some())?;
        refuse(spec, "base_url", assistant.base_url.is_some())?;
        let env = variables(spec, &[("NO_COLOR", "1")]);
        key(spec, &env, &KEYS)?;
        let mut argv = argv(spec, &["-x", spec.instruction, "--stream-json", "--dangerously-allow-all"])?;
        argv.extend(assistant.args.iter().cloned());
        Ok(Launch::new(argv, env))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(claude_shaped::Stream::new(claude_shaped::AMP))
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("amp")
    }

    fn silent(&self) -> &'static [&'static str] {
        &claude_shaped::SILENT
    }
}

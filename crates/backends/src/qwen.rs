//! Qwen Code, whose stream is shaped like Claude Code's.
//!
//! **Invariant:** a `result` that says success and holds an error of the API is an error.

use fairtrial_domain::assistant::Assistant;

use crate::{
    Backend, Launch, LaunchError, LaunchSpec, MeterPoint, Reader, Steering, argv, claude_shaped, key, refuse,
    variables,
};

pub(crate) struct Qwen;

const KEYS: [&str; 1] = ["OPENAI_API_KEY"];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&["QWEN.md"], &["AGENTS.md"]],
    extensions: &[".qwen"],
    arguments: &["--extensions", "-e", "--mcp-config"],
};

impl Backend for Qwen {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        let mut env = variables(spec, &[("NO_COLOR", "1")]);
        key(spec, &env, &KEYS)?;
        if let Some(url) = spec.base_url() {
            env.insert("OPENAI_BASE_URL".to_owned(), url.to_owned());
        }
        let prompt = format!("--prompt={}", spec.instruction);
        let fixed =
            ["--output-format", "stream-json", "--approval-mode", "yolo", "--auth-type", "openai", &prompt];
        let mut argv = argv(spec, &fixed)?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(spec.resume.iter().flat_map(|session| ["--resume".to_owned(), (*session).to_owned()]));
        argv.extend(assistant.args.iter().cloned());
        Ok(Launch::new(argv, env))
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        Some(MeterPoint { upstream: assistant.base_url.clone()?, keys: &KEYS })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(claude_shaped::Stream::new(claude_shaped::QWEN))
    }

    fn session(&self, spec: &LaunchSpec<'_>) -> Result<Box<dyn Reader>, LaunchError> {
        let stream = claude_shaped::Stream::new(claude_shaped::QWEN);
        // It replays what it recorded of the session, and counts that too.
        Ok(Box::new(if spec.resume.is_some() { stream.counting_the_whole_session() } else { stream }))
    }

    fn steering(&self, assistant: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING.unless(assistant, &["--bare"]))
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("qwen")
    }

    fn can_resume(&self, assistant: &Assistant) -> bool {
        !forgets(&assistant.args)
    }

    fn silent(&self) -> &'static [&'static str] {
        &claude_shaped::SILENT
    }
}

/// Returns whether these arguments make it keep nothing of its session.
fn forgets(arguments: &[String]) -> bool {
    let apart = arguments.windows(2).any(|pair| pair[0] == "--chat-recording" && pair[1] == "false");
    apart || arguments.iter().any(|one| one == "--no-chat-recording" || one == "--chat-recording=false")
}

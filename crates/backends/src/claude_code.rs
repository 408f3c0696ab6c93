//! Claude Code through `--output-format stream-json`, with Anthropic's own API or with Amazon Bedrock.

use fairtrial_domain::assistant::Assistant;

use crate::steering::{Steering, is_at_least};
use crate::{
    Backend, Input, Launch, LaunchError, LaunchSpec, MeterPoint, Reader, argv, claude_shaped, text, variables,
};

pub(crate) struct ClaudeCode;

const VENDOR: &str = "https://api.anthropic.com";
/// Any of these lets it sign in.
const KEYS: [&str; 6] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    BEDROCK,
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
];

/// Makes it ask Amazon Bedrock.
const BEDROCK: &str = "CLAUDE_CODE_USE_BEDROCK";
/// Any of these signs its requests to Bedrock.
const BEDROCK_KEYS: [&str; 3] = ["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"];

const DEFAULTS: [(&str, &str); 6] = [
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    // It refuses to skip permissions as root otherwise; a cell may map the user to root.
    ("IS_SANDBOX", "1"),
    ("NO_COLOR", "1"),
];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&["**/CLAUDE.md"], &["**/CLAUDE.local.md"], &["**/.claude/rules/**/*.md"]],
    extensions: &[
        ".mcp.json",
        ".claude/agents",
        ".claude/commands",
        ".claude/hooks",
        ".claude/output-styles",
        ".claude/plugins",
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".claude/skills",
    ],
    arguments: &["--agents", "--mcp-config", "--plugin-dir", "--settings"],
};
/// From this version on it reads what other programs read, where it finds nothing of its own.
const READS_AGENTS: [u64; 3] = [2, 1, 277];
const WITH_AGENTS: Steering = Steering {
    instructions: &[
        &["**/CLAUDE.md", "AGENTS.md", ".claude/AGENTS.md"],
        &["**/CLAUDE.local.md"],
        &["**/.claude/rules/**/*.md"],
    ],
    ..STEERING
};
/// Either makes it take nothing from a repository.
const BARE: [&str; 2] = ["--bare", "--safe-mode"];

impl Backend for ClaudeCode {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        let mut env = variables(spec, &DEFAULTS);
        let own = assistant.own_login.is_some();
        if !own && !KEYS.iter().any(|key| env.contains_key(*key)) {
            return Err(LaunchError::NoKey {
                assistant: assistant.id.to_string(),
                variable: "ANTHROPIC_API_KEY",
            });
        }
        // Its own places, as they are when its user starts it, are where it looks without this.
        if !own {
            env.insert("CLAUDE_CONFIG_DIR".to_owned(), text(&spec.home.join(".claude"))?);
        }
        if let Some(url) = spec.base_url() {
            let bedrock = env.contains_key(BEDROCK);
            let variable = if bedrock { "ANTHROPIC_BEDROCK_BASE_URL" } else { "ANTHROPIC_BASE_URL" };
            env.insert(variable.to_owned(), url.to_owned());
            // Without a key of Amazon's the other side signs, and the program must not look for one.
            if bedrock && !BEDROCK_KEYS.iter().any(|key| env.contains_key(*key)) {
                env.insert("CLAUDE_CODE_SKIP_BEDROCK_AUTH".to_owned(), "1".to_owned());
            }
        }
        let mut argv = argv(
            spec,
            &[
                "--print",
                "--output-format",
                "stream-json",
                "--verbose",
                "--permission-mode",
                "bypassPermissions",
            ],
        )?;
        for (flag, value) in [("--model", &assistant.model), ("--effort", &assistant.effort)] {
            argv.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        argv.extend(spec.resume.iter().flat_map(|session| ["--resume".to_owned(), (*session).to_owned()]));
        argv.extend(assistant.args.iter().cloned());
        // On standard input no instruction is too long, and none is taken for an option.
        Ok(Launch { stdin: Input::Text(spec.instruction.to_owned()), ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        let has = |name: &str| assistant.secrets.contains_key(name) || assistant.env.contains_key(name);
        // A subscription's token, and other clouds' signatures, are left alone.
        if KEYS[2..].iter().any(|name| has(name)) {
            return None;
        }
        let upstream = assistant.base_url.clone().unwrap_or_else(|| VENDOR.to_owned());
        Some(MeterPoint { upstream, keys: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"] })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(claude_shaped::Stream::new(claude_shaped::CLAUDE_CODE))
    }

    fn steering(&self, assistant: &Assistant, version: Option<&str>) -> Option<Steering> {
        if assistant.args.iter().any(|argument| BARE.contains(&argument.as_str())) {
            return Some(Steering { arguments: STEERING.arguments, ..Steering::NONE });
        }
        let newer = version.is_some_and(|version| is_at_least(version, &READS_AGENTS));
        Some(if newer { WITH_AGENTS } else { STEERING })
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("claude")
    }

    fn can_resume(&self, assistant: &Assistant) -> bool {
        !assistant.args.iter().any(|argument| argument == "--no-session-persistence")
    }

    fn cost_known(&self, _: &Assistant) -> bool {
        true
    }

    fn silent(&self) -> &'static [&'static str] {
        &claude_shaped::SILENT
    }
}

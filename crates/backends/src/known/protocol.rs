//! Programs of the Agent Client Protocol and how each is made to speak it. Where they come from is the user's choice:
//! nothing is installed by a name.

use super::{AcpProgram, Driven};

/// Takes settings in JSON, an address among them.
pub(crate) const CODEX_CONFIG: &str = "CODEX_CONFIG";

const PLAIN: AcpProgram = AcpProgram {
    title: "",
    program: "",
    args: &["acp"],
    mode: None,
    base_url: None,
    keys: &[],
    env: &[],
    cost: false,
    driven: Driven::Never,
};

/// Returns every program of the protocol that is known by name.
pub fn acp_programs() -> &'static [AcpProgram] {
    &PROGRAMS
}

static PROGRAMS: [AcpProgram; 15] = [
    AcpProgram {
        title: "Claude Code (adapter)",
        program: "claude-agent-acp",
        args: &[],
        base_url: Some("ANTHROPIC_BASE_URL"),
        keys: &["ANTHROPIC_API_KEY"],
        env: &[
            ("DISABLE_AUTOUPDATER", "1"),
            ("DISABLE_TELEMETRY", "1"),
            ("DISABLE_ERROR_REPORTING", "1"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("IS_SANDBOX", "1"),
        ],
        cost: true,
        driven: Driven::Recorded("0.49.0"),
        ..PLAIN
    },
    AcpProgram {
        title: "Codex (adapter)",
        program: "codex-acp",
        args: &[],
        mode: Some("agent-full-access"),
        base_url: Some(CODEX_CONFIG),
        keys: &["OPENAI_API_KEY", "CODEX_API_KEY"],
        driven: Driven::Recorded("2.6.0"),
        ..PLAIN
    },
    AcpProgram {
        title: "Gemini CLI",
        program: "gemini",
        args: &["--acp"],
        base_url: Some("GOOGLE_GEMINI_BASE_URL"),
        keys: &["GEMINI_API_KEY"],
        env: &[("GEMINI_CLI_NO_RELAUNCH", "true")],
        driven: Driven::Recorded("0.61.0"),
        ..PLAIN
    },
    AcpProgram {
        title: "Qwen Code",
        program: "qwen",
        args: &["--acp"],
        base_url: Some("OPENAI_BASE_URL"),
        keys: &["OPENAI_API_KEY"],
        driven: Driven::Recorded("0.15.10"),
        ..PLAIN
    },
    AcpProgram {
        title: "opencode",
        program: "opencode",
        cost: true,
        driven: Driven::Recorded("1.18.33"),
        ..PLAIN
    },
    AcpProgram { title: "Kilo", program: "kilo", cost: true, driven: Driven::Recorded("7.7.9"), ..PLAIN },
    AcpProgram {
        title: "Copilot CLI",
        program: "copilot",
        args: &["--acp"],
        base_url: Some("COPILOT_PROVIDER_BASE_URL"),
        keys: &["COPILOT_PROVIDER_API_KEY"],
        driven: Driven::Recorded("1.0.102"),
        ..PLAIN
    },
    AcpProgram {
        title: "Factory droid",
        program: "droid",
        args: &["exec", "--output-format", "acp"],
        driven: Driven::Recorded("0.215.0"),
        ..PLAIN
    },
    AcpProgram {
        title: "Cline",
        program: "cline",
        args: &["--acp"],
        driven: Driven::Recorded("3.0.65"),
        ..PLAIN
    },
    AcpProgram { title: "Kiro", program: "kiro-cli", ..PLAIN },
    AcpProgram { title: "Cursor", program: "cursor-agent", ..PLAIN },
    AcpProgram { title: "goose", program: "goose", ..PLAIN },
    AcpProgram { title: "Auggie", program: "auggie", args: &["--acp"], ..PLAIN },
    AcpProgram { title: "Amp (adapter)", program: "amp-acp", args: &[], ..PLAIN },
    AcpProgram { title: "pi (adapter)", program: "pi-acp", args: &[], ..PLAIN },
];

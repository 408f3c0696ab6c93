//! The real programs that `make assistants` installs, and how each is configured for the scripted model.

use std::fs;
use std::path::PathBuf;

use fairtrial_testkit::CODEX_MODEL;
use fairtrial_tests::root;

use super::stage::KEY;

/// Which API a program speaks, and so what its base URL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// Without a path.
    Plain,
    /// With `/v1`.
    V1,
}

/// One program.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    backend: &'static str,
    program: &'static str,
    /// Its package, as npm or pip names it.
    package: &'static str,
    model: Option<&'static str>,
    address: Address,
    key: &'static str,
    /// Further lines of its table.
    more: &'static str,
    /// Whether it can run a command.
    pub(super) runs: bool,
}

const PLAIN: Who = Who {
    id: "",
    title: "",
    backend: "",
    program: "",
    package: "",
    model: Some("scripted-model"),
    address: Address::V1,
    key: "OPENAI_API_KEY",
    more: "",
    runs: true,
};

/// Returns all of them, the lightest first.
pub(super) fn all() -> Vec<Who> {
    vec![
        Who {
            id: "claude",
            title: "Claude Code",
            backend: "claude_code",
            program: "node_modules/.bin/claude",
            package: "@anthropic-ai/claude-code",
            model: Some("claude-sonnet-4-5"),
            address: Address::Plain,
            key: "ANTHROPIC_API_KEY",
            more: "env = { CLAUDE_CODE_MAX_RETRIES = \"1\" }",
            ..PLAIN
        },
        Who {
            id: "codex",
            title: "Codex",
            backend: "codex",
            program: "node_modules/.bin/codex",
            package: "@openai/codex",
            model: Some(CODEX_MODEL),
            ..PLAIN
        },
        Who {
            id: "pi",
            title: "pi",
            backend: "pi",
            program: "node_modules/.bin/pi",
            package: "@mariozechner/pi-coding-agent",
            ..PLAIN
        },
        Who {
            id: "gemini",
            title: "Gemini CLI",
            backend: "gemini",
            program: "node_modules/.bin/gemini",
            package: "@google/gemini-cli",
            model: Some("gemini-2.5-pro"),
            address: Address::Plain,
            key: "GEMINI_API_KEY",
            ..PLAIN
        },
        Who {
            id: "copilot",
            title: "Copilot CLI",
            backend: "copilot",
            program: "node_modules/.bin/copilot",
            package: "@github/copilot",
            key: "COPILOT_PROVIDER_API_KEY",
            ..PLAIN
        },
        Who {
            id: "opencode",
            title: "opencode",
            backend: "opencode",
            program: "node_modules/.bin/opencode",
            package: "opencode-ai",
            ..PLAIN
        },
        Who {
            id: "qwen",
            title: "Qwen Code",
            backend: "qwen",
            program: "qwen/node_modules/.bin/qwen",
            package: "@qwen-code/qwen-code",
            ..PLAIN
        },
        Who {
            id: "kilo",
            title: "Kilo",
            backend: "kilo",
            program: "kilo/node_modules/.bin/kilo",
            package: "@kilocode/cli-linux-x64",
            ..PLAIN
        },
        Who {
            id: "aider",
            title: "aider",
            backend: "aider",
            program: "aider/bin/aider",
            package: "aider_chat",
            more: "args = [\"--edit-format\", \"diff\", \"calc.py\"]",
            runs: false,
            ..PLAIN
        },
        Who {
            id: "mini",
            title: "mini-swe-agent",
            backend: "mini_swe_agent",
            program: "mini/bin/mini",
            package: "mini_swe_agent",
            ..PLAIN
        },
        Who {
            id: "claude-acp",
            title: "Claude Code (ACP adapter)",
            backend: "acp",
            program: "node_modules/.bin/claude-agent-acp",
            package: "@agentclientprotocol/claude-agent-acp",
            model: None,
            address: Address::Plain,
            key: "ANTHROPIC_API_KEY",
            more: "env = { CLAUDE_CODE_MAX_RETRIES = \"1\" }",
            ..PLAIN
        },
        Who {
            id: "codex-acp",
            title: "Codex (ACP adapter)",
            backend: "acp",
            program: "node_modules/.bin/codex-acp",
            package: "@agentclientprotocol/codex-acp",
            model: Some(CODEX_MODEL),
            ..PLAIN
        },
    ]
}

/// The APIs that our own small assistant speaks, and the variable that holds the key of each.
pub(super) const APIS: [(&str, &str); 5] = [
    ("anthropic", "ANTHROPIC_API_KEY"),
    ("responses", "OPENAI_API_KEY"),
    ("chat", "OPENAI_API_KEY"),
    ("gemini", "GEMINI_API_KEY"),
    ("converse", "AWS_BEARER_TOKEN_BEDROCK"),
];

/// Returns our own small assistant over an API.
pub(super) fn direct(api: &'static str, key: &'static str) -> Who {
    let address = if matches!(api, "responses" | "chat") { Address::V1 } else { Address::Plain };
    Who { id: api, title: api, backend: "direct", address, key, ..PLAIN }
}

impl Who {
    /// Returns the program's path below the folder that `make assistants` fills.
    pub(super) fn path(&self) -> PathBuf {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        target.join("real-clis").join(self.program)
    }

    /// Returns the version that is installed.
    pub(super) fn version(&self) -> Option<String> {
        let below = |part: &str| {
            let path = self.path();
            path.ancestors().find(|folder| folder.join(part).is_dir()).map(|folder| folder.join(part))
        };
        if self.program.contains("node_modules/") {
            let packages = below("node_modules")?;
            let text = fs::read_to_string(packages.join(self.package).join("package.json")).ok()?;
            let about: serde_json::Value = serde_json::from_str(&text).ok()?;
            return about["version"].as_str().map(str::to_owned);
        }
        let python = fs::read_dir(below("lib")?).ok()?.flatten().next()?.path().join("site-packages");
        let names = fs::read_dir(python)
            .ok()?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let prefix = format!("{}-", self.package);
        let mut versions =
            names.filter_map(|name| Some(name.strip_prefix(&prefix)?.strip_suffix(".dist-info")?.to_owned()));
        versions.next()
    }

    pub(super) fn is_here(&self) -> bool {
        self.path().is_file()
    }

    /// Returns its table for `assistants.toml`.
    pub(super) fn table(&self, port: u16) -> String {
        let path = match self.address {
            Address::Plain => "",
            Address::V1 => "/v1",
        };
        let program = match self.backend {
            // It comes with the product.
            "direct" => format!("args = [\"--api\", {:?}]", self.id),
            _ => format!("program = {:?}", self.path()),
        };
        let model = self.model.map(|model| format!("model = \"{model}\"\n")).unwrap_or_default();
        format!(
            "[assistants.{}]\nbackend = \"{}\"\n{program}\n{model}base_url = \"http://127.0.0.1:{port}{path}\"\n\
             network = \"host\"\nsecrets = {{ {} = {{ env = \"{}\" }} }}\n{}\n",
            self.id, self.backend, self.key, KEY.0, self.more
        )
    }
}

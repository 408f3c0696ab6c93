//! An assistant: what is compared. A back end with its version, model, settings and account.

use std::collections::BTreeMap;

use crate::event::ToolKind;
use crate::id::AssistantId;
use crate::task::Network;

values! {
    /// One configuration of one back end, as written in `assistants.toml` or built in as a sample.
    pub struct Assistant {
        /// Its name; unique in a plan.
        pub id: AssistantId,
        /// Its name for people.
        pub title: String,
        /// How it is driven.
        pub backend: BackendKind,
        /// The program to start: a name looked up on the PATH, or a path. `None`: the back end's own name.
        pub program: Option<String>,
        /// Extra arguments; for `command`, all arguments, where `{prompt}` and `{prompt_file}` are replaced.
        pub args: Vec<String>,
        /// For `command`: how the instruction reaches it.
        pub prompt: PromptBy,
        /// The model asked for, where the back end takes one.
        pub model: Option<String>,
        /// The effort asked for, where the back end takes one.
        pub effort: Option<String>,
        /// Overrides the vendor's address, where the back end takes one.
        pub base_url: Option<String>,
        /// Variables of the app's environment that the cell may pass on.
        pub env_allow: Vec<String>,
        /// Variables set for it, verbatim; never a secret.
        pub env: BTreeMap<String, String>,
        /// Variables whose values are secrets, by reference.
        pub secrets: BTreeMap<String, SecretRef>,
        /// The version that must be found; another one refuses to start.
        pub version: Option<String>,
        /// Which network its cell has.
        pub network: Network,
        /// Files of the machine it needs to read, beside its program (toolchain prefixes).
        pub readable: Vec<String>,
        /// True for the bundled samples: shown as such wherever they appear.
        pub sample: bool,
        /// Who pays and where: free words on tier and region, printed on reports.
        pub account: Option<String>,
        /// Prices the user entered, for cost where the stream gives none.
        pub price: Option<Price>,
        /// True to let it talk to its vendor without our meter, which then injects no key and counts nothing.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub unmetered: bool,
        /// What its tools may not do, where its back end asks before a tool runs. Each answer is logged.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub deny: Vec<ToolKind>,
        /// Set when it works with the user's own login instead of a key: less isolated, one trial at a time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub own_login: Option<OwnLogin>,
    }

    /// What a program keeps of its user's login: places in the user's home, from `~/` on. Trials see these themselves and
    /// no copy, since a copied login logs its owner out when it is renewed.
    #[derive(Eq)]
    pub struct OwnLogin {
        /// The program's own folders and files, which it may write. Who shares the first shares the login.
        pub places: Vec<String>,
        /// What lies in them and may only be read: a program would obey it later, outside of any cell.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub sealed: Vec<String>,
        /// Files that hold the login: what is in them is kept out of everything that is written.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub credentials: Vec<String>,
    }

    /// How a program is driven.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum BackendKind {
        /// Claude Code through its native stream.
        ClaudeCode,
        /// Codex through its native stream.
        Codex,
        /// Gemini CLI through its native stream.
        Gemini,
        /// Qwen Code through its native stream.
        Qwen,
        /// opencode through its native stream.
        Opencode,
        /// Kilo, which is a fork of opencode.
        Kilo,
        /// Copilot CLI through its native stream and its usage file.
        Copilot,
        /// Factory's droid through its native stream.
        Droid,
        /// pi through its native stream.
        Pi,
        /// Cline through its native stream.
        Cline,
        /// aider, which writes text.
        Aider,
        /// mini-swe-agent, which writes a trajectory when it is done.
        MiniSweAgent,
        /// Cursor's command line through its native stream.
        Cursor,
        /// Amp through its native stream.
        Amp,
        /// Auggie, which writes one object when it is done.
        Auggie,
        /// goose, which writes text.
        Goose,
        /// Kiro through the Agent Client Protocol.
        Kiro,
        /// Any program that speaks the Agent Client Protocol.
        Acp,
        /// Our own small assistant for a raw model API.
        Direct,
        /// Any program; its output is kept as text.
        Command,
        /// A bundled sample assistant.
        Sample,
    }

    /// How an instruction reaches a `command`.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum PromptBy {
        /// As an argument, where `{prompt}` stands, else last.
        #[default]
        Argument,
        /// On standard input.
        Stdin,
        /// In a file outside the workspace, where `{prompt_file}` stands, else last.
        File,
    }

    /// Where a secret is kept; the value is read when a trial starts and is never stored.
    #[derive(Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum SecretRef {
        /// A variable of the app's environment.
        Env(String),
        /// An entry of the operating system's keychain, by name.
        Keychain(String),
    }

    /// User-entered dollars per million tokens.
    pub struct Price {
        /// Uncached input.
        pub input: f64,
        /// Input read from a cache.
        pub cache_read: f64,
        /// Input written to a cache.
        pub cache_write: f64,
        /// Output, reasoning included.
        pub output: f64,
    }
}

impl Assistant {
    /// Returns an assistant of a back end with nothing else set: no network, no key, not a sample.
    pub fn new(id: AssistantId, title: impl Into<String>, backend: BackendKind) -> Self {
        Self {
            id,
            title: title.into(),
            backend,
            program: None,
            args: vec![],
            prompt: PromptBy::default(),
            model: None,
            effort: None,
            base_url: None,
            env_allow: vec![],
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            version: None,
            network: Network::None,
            readable: vec![],
            sample: false,
            account: None,
            price: None,
            unmetered: false,
            deny: vec![],
            own_login: None,
        }
    }

    /// Returns what it shares with others that use the same login; `None` where it has a key of its own.
    pub fn login(&self) -> Option<&str> {
        self.own_login.as_ref()?.places.first().map(String::as_str)
    }
}

impl BackendKind {
    /// Every kind.
    pub const ALL: [BackendKind; 21] = [
        BackendKind::ClaudeCode,
        BackendKind::Codex,
        BackendKind::Gemini,
        BackendKind::Qwen,
        BackendKind::Opencode,
        BackendKind::Kilo,
        BackendKind::Copilot,
        BackendKind::Droid,
        BackendKind::Pi,
        BackendKind::Cline,
        BackendKind::Aider,
        BackendKind::MiniSweAgent,
        BackendKind::Cursor,
        BackendKind::Amp,
        BackendKind::Auggie,
        BackendKind::Goose,
        BackendKind::Kiro,
        BackendKind::Acp,
        BackendKind::Direct,
        BackendKind::Command,
        BackendKind::Sample,
    ];

    /// Returns its name for people.
    pub fn title(self) -> &'static str {
        match self {
            BackendKind::ClaudeCode => "Claude Code",
            BackendKind::Codex => "Codex",
            BackendKind::Gemini => "Gemini CLI",
            BackendKind::Qwen => "Qwen Code",
            BackendKind::Opencode => "opencode",
            BackendKind::Kilo => "Kilo",
            BackendKind::Copilot => "Copilot CLI",
            BackendKind::Droid => "Factory droid",
            BackendKind::Pi => "pi",
            BackendKind::Cline => "Cline",
            BackendKind::Aider => "aider",
            BackendKind::MiniSweAgent => "mini-swe-agent",
            BackendKind::Cursor => "Cursor",
            BackendKind::Amp => "Amp",
            BackendKind::Auggie => "Auggie",
            BackendKind::Goose => "goose",
            BackendKind::Kiro => "Kiro",
            BackendKind::Acp => "a program of the Agent Client Protocol",
            BackendKind::Direct => "a model without a program",
            BackendKind::Command => "a command",
            BackendKind::Sample => "a sample",
        }
    }
}

//! Our own settings, the table `[metadata.fairtrial]`.

use std::collections::BTreeSet;
use std::path::Path;

use fairtrial_domain::id::CheckId;
use fairtrial_domain::network::Allowed;
use fairtrial_domain::task::{Check, CheckKind, Command, Limits, Network, ResultFormat, TaskKind};

use crate::node::{At, Node};
use crate::tree::escape;

/// Seconds for a check or a set-up command that says nothing about time.
pub(crate) const DEFAULT_CHECK_SEC: f64 = 300.0;

/// What the table says; fields that could not be read have been reported.
pub(crate) struct Settings<'a> {
    pub(crate) title: Option<String>,
    pub(crate) kind: TaskKind,
    pub(crate) language: Option<String>,
    pub(crate) repository: Option<Node<'a>>,
    pub(crate) setup: Vec<Command>,
    pub(crate) checks: Vec<Check>,
    pub(crate) protected: Vec<String>,
    pub(crate) allowed: Vec<String>,
    pub(crate) forbidden: Vec<String>,
    /// `None` where it says nothing.
    pub(crate) dependencies: Option<Vec<String>>,
    pub(crate) requires: Vec<String>,
    pub(crate) limits: Limits,
    /// `None` where it says nothing.
    pub(crate) network: Option<Network>,
    pub(crate) readable: Vec<String>,
    pub(crate) tests_may_change: bool,
}

pub(crate) fn read<'a>(ours: &Node<'a>) -> Settings<'a> {
    let kind = ours.string("kind").and_then(|text| word(ours, text, KINDS)).unwrap_or(TaskKind::Other);
    let repository = ours.child("repository");
    if repository.is_none() && !ours.table.contains_key("repository") {
        ours.problem("`metadata.fairtrial.repository` is missing", REPOSITORY);
    }
    let checks = checks(ours);
    let ungraded = ours.boolean("ungraded").unwrap_or(false);
    let decides = checks.iter().any(|check| check.kind == CheckKind::FailToPass);
    if !decides && !ungraded {
        ours.problem(
            "no check is of kind `fail_to_pass`",
            "add one that fails on the base and passes on a solution, or say `ungraded = true`",
        );
    }
    if decides && ungraded {
        ours.problem("`ungraded` is true although a check decides", "remove `ungraded`");
    }
    let settings = Settings {
        title: ours.string("title").map(|t| t.value),
        kind,
        language: ours.string("language").map(|t| t.value),
        repository,
        setup: setup(ours),
        checks,
        protected: globs(ours, "protected"),
        allowed: globs(ours, "allowed"),
        forbidden: globs(ours, "forbidden"),
        dependencies: dependencies(ours),
        requires: requires(ours),
        limits: limits(ours),
        network: network(ours),
        readable: readable(ours),
        tests_may_change: ours.boolean("tests_may_change").unwrap_or(false),
    };
    ours.done();
    settings
}

/// How to say where the base comes from.
pub(crate) const REPOSITORY: &str =
    "give `repository = { folder = \"…\" }` or `repository = { git = \"…\", commit = \"…\" }`";

const KINDS: &[(&str, TaskKind)] = &[
    ("bug_fix", TaskKind::BugFix),
    ("feature", TaskKind::Feature),
    ("refactoring", TaskKind::Refactoring),
    ("performance", TaskKind::Performance),
    ("tests", TaskKind::Tests),
    ("canary", TaskKind::Canary),
    ("other", TaskKind::Other),
];

const CHECK_KINDS: &[(&str, CheckKind)] = &[
    ("fail_to_pass", CheckKind::FailToPass),
    ("pass_to_pass", CheckKind::PassToPass),
    ("build", CheckKind::Build),
    ("lint", CheckKind::Lint),
    ("custom", CheckKind::Custom),
];

const FORMATS: &[(&str, ResultFormat)] = &[
    ("junit", ResultFormat::Junit),
    ("tap", ResultFormat::Tap),
    ("pytest", ResultFormat::Pytest),
    ("cargo", ResultFormat::Cargo),
    ("node", ResultFormat::Node),
    ("go", ResultFormat::Go),
    ("exit", ResultFormat::Exit),
    ("sarif", ResultFormat::Sarif),
    ("ruff", ResultFormat::Ruff),
    ("eslint", ResultFormat::Eslint),
    ("clippy", ResultFormat::Clippy),
    ("tsc", ResultFormat::Tsc),
];

/// Returns the name of a kind of task as written in `task.toml`.
pub(crate) fn kind_word(kind: TaskKind) -> &'static str {
    name_of(kind, KINDS)
}

/// Returns the name of a kind of check as written in `task.toml`.
pub(crate) fn check_word(kind: CheckKind) -> &'static str {
    name_of(kind, CHECK_KINDS)
}

/// Returns the name of a result format as written in `task.toml`.
pub(crate) fn format_word(format: ResultFormat) -> &'static str {
    name_of(format, FORMATS)
}

fn name_of<T: PartialEq>(value: T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, v)| *v == value).map_or("", |(word, _)| word)
}

fn word<T: Copy>(node: &Node<'_>, text: At<String>, words: &[(&str, T)]) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        node.source.problem(
            text.span,
            format!("`{}` is not known here", text.value.escape_debug()),
            format!("use one of: {}", known.join(", ")),
        );
    }
    found
}

fn setup(ours: &Node<'_>) -> Vec<Command> {
    let plain = ours
        .table
        .get("setup")
        .and_then(|v| v.get_ref().as_array())
        .is_some_and(|list| list.iter().all(|item| item.get_ref().is_str()));
    if plain {
        return ours
            .strings("setup")
            .into_iter()
            .map(|run| Command { run: run.value, timeout_sec: DEFAULT_CHECK_SEC })
            .collect();
    }
    let mut commands = Vec::new();
    for node in ours.children("setup") {
        let run = node.required("run", "give the command");
        let timeout_sec = node.positive("timeout_sec").unwrap_or(DEFAULT_CHECK_SEC);
        node.done();
        commands.extend(run.map(|run| Command { run: run.value, timeout_sec }));
    }
    commands
}

fn checks(ours: &Node<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut seen = BTreeSet::new();
    for node in ours.children("checks") {
        if let Some(check) = check(&node) {
            if !seen.insert(check.id.clone()) {
                node.problem(format!("check id `{}` is used twice", check.id), "give each check its own id");
            }
            checks.push(check);
        }
        node.done();
    }
    checks
}

fn check(node: &Node<'_>) -> Option<Check> {
    let id = node.required("id", "give each check a short name").and_then(|id| {
        CheckId::parse(&id.value)
            .map_err(|bad| node.source.problem(id.span, bad.to_string(), "rename the check"))
            .ok()
    });
    let run = node.required("run", "give the command that runs the check");
    let kind = node
        .required("kind", "say what the check proves, such as \"fail_to_pass\"")
        .and_then(|text| word(node, text, CHECK_KINDS));
    let format = match node.string("format") {
        Some(text) => word(node, text, FORMATS),
        None => Some(ResultFormat::Exit),
    };
    let report = node.string("report");
    if let Some(path) = &report
        && let Some(why) = escape(&path.value)
    {
        node.source.problem(
            path.span.clone(),
            format!("`{}` {why}", path.value.escape_debug()),
            "give a path inside of the workspace",
        );
    }
    let tests: Vec<String> = node.strings("tests").into_iter().map(|t| t.value).collect();
    let timeout_sec = node.positive("timeout_sec").unwrap_or(DEFAULT_CHECK_SEC);
    let hidden = node.boolean("hidden");
    let (id, run, kind, format) = (id?, run?, kind?, format?);
    if format.has_findings() {
        if kind != CheckKind::Lint {
            let message = format!("the format `{}` holds findings, no tests", format_word(format));
            node.problem(message, "say `kind = \"lint\"`, or give the format of a test runner");
        }
        if !tests.is_empty() {
            node.problem("a linter has no tests", "remove `tests`");
        }
    }
    let hidden = hidden.unwrap_or(kind == CheckKind::FailToPass);
    let report = report.map(|r| r.value);
    Some(Check { id, kind, run: run.value, format, report, tests, timeout_sec, hidden })
}

/// The only direct dependencies that a patch may add; `None` where nothing is said.
fn dependencies(ours: &Node<'_>) -> Option<Vec<String>> {
    let told = ours.table.contains_key("dependencies");
    let names = ours.strings("dependencies").into_iter().map(|name| name.value).collect();
    told.then_some(names)
}

fn globs(ours: &Node<'_>, key: &'static str) -> Vec<String> {
    let mut good = Vec::new();
    for glob in ours.strings(key) {
        if let Some(why) = escape(&glob.value) {
            ours.source.problem(
                glob.span,
                format!("`{}` {why}", glob.value.escape_debug()),
                "give a pattern relative to the workspace's root",
            );
        } else if let Err(error) = globset::Glob::new(&glob.value) {
            ours.source.problem(
                glob.span,
                format!("bad pattern `{}` ({})", glob.value.escape_debug(), error.kind()),
                "use `*`, `**`, `?`, `[…]` and `{a,b}` with matching brackets",
            );
        } else {
            good.push(glob.value);
        }
    }
    good
}

fn requires(ours: &Node<'_>) -> Vec<String> {
    let mut good = Vec::new();
    for program in ours.strings("requires") {
        if program.value.is_empty() || Path::new(&program.value).components().count() != 1 {
            ours.source.problem(
                program.span,
                format!("`{}` is not a program's name", program.value.escape_debug()),
                "name a program as it is called, such as \"python3\"",
            );
        } else {
            good.push(program.value);
        }
    }
    good
}

const NETWORK: &str =
    "write \"none\", \"host\", or a list of hosts such as [\"registry.example.org\", \"*.example.org:8443\"]";

/// Reads the network of set-up commands: a word, or the hosts that they may reach.
fn network(ours: &Node<'_>) -> Option<Network> {
    let value = ours.get("network")?;
    if value.get_ref().as_array().is_some() {
        return Some(Network::Allow(hosts(ours, "network")));
    }
    match value.get_ref().as_str() {
        Some("none") => Some(Network::None),
        Some("host") => Some(Network::Host),
        Some(_) | None => {
            ours.source.problem(value.span(), "`network` is no network of set-up commands", NETWORK);
            None
        }
    }
}

/// Reads an allow list; what is no host is reported.
pub(crate) fn hosts(node: &Node<'_>, key: &'static str) -> Vec<Allowed> {
    let mut good = Vec::new();
    for host in node.strings(key) {
        match Allowed::parse(&host.value) {
            Ok(entry) => good.push(entry),
            Err(bad) => node.source.problem(host.span, bad.to_string(), NETWORK),
        }
    }
    good
}

/// Reads paths of the machine that set-up and checks may read.
fn readable(ours: &Node<'_>) -> Vec<String> {
    let mut good = Vec::new();
    for path in ours.strings("readable") {
        if path.value.starts_with('/') || path.value.strip_prefix("~/").is_some_and(|rest| !rest.is_empty()) {
            good.push(path.value);
        } else {
            let message = format!("`{}` is not an absolute path", path.value.escape_debug());
            ours.source.problem(
                path.span,
                message,
                "write it from the root on, or from the home on with `~/`",
            );
        }
    }
    good
}

fn limits(ours: &Node<'_>) -> Limits {
    let standard = Limits::default();
    let Some(node) = ours.child("limits") else { return standard };
    let limits = Limits {
        agent_timeout_sec: standard.agent_timeout_sec,
        grace_sec: node.positive("grace_sec").unwrap_or(standard.grace_sec),
        stall_sec: node.positive("stall_sec"),
        first_token_sec: node.positive("first_token_sec"),
        output_bytes: node.count("output_bytes").unwrap_or(standard.output_bytes),
        disk_bytes: node.count("disk_bytes").unwrap_or(standard.disk_bytes),
        processes: node.count("processes").unwrap_or(standard.processes),
        memory_bytes: node.count("memory_bytes"),
        requests: node.count("requests"),
    };
    node.done();
    limits
}

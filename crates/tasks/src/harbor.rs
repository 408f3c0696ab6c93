//! The tables and fields of a Harbor `task.toml`, schema version 1.4, checked by name.
//!
//! Fields are those of Harbor 0.25.0. Values that Fairtrial does not use are left to Harbor.

use fairtrial_domain::task::Network;
use toml::de::DeValue;

use crate::node::{Node, Source, unknown};
use crate::settings;

const ENVIRONMENT: &[&str] = &[
    "network_mode",
    "allowed_hosts",
    "build_timeout_sec",
    "docker_image",
    "os",
    "cpus",
    "memory_mb",
    "storage_mb",
    "gpus",
    "gpu_types",
    "tpu",
    "mcp_servers",
    "env",
    "skills_dir",
    "healthcheck",
    "workdir",
    "allow_internet",
];
const AGENT: &[&str] = &["timeout_sec", "user", "network_mode", "allowed_hosts"];
const VERIFIER: &[&str] = &[
    "timeout_sec",
    "env",
    "user",
    "network_mode",
    "allowed_hosts",
    "environment_mode",
    "environment",
    "collect",
];
const HEALTH: &[&str] =
    &["command", "interval_sec", "timeout_sec", "start_period_sec", "start_interval_sec", "retries"];
const ARTIFACT: &[&str] = &["source", "destination", "exclude", "service"];

/// Returns the fields of a table; `None` for tables whose keys are free (`env`, `metadata` …).
fn fields(table: &str) -> Option<&'static [&'static str]> {
    Some(match table {
        "" => &[
            "schema_version",
            "version",
            "source",
            "multi_step_reward_strategy",
            "artifacts",
            "metadata",
            "task",
            "agent",
            "verifier",
            "environment",
            "solution",
            "steps",
        ],
        "artifacts" | "steps.artifacts" => ARTIFACT,
        "task" => &["name", "version", "description", "authors", "keywords"],
        "task.authors" => &["name", "email"],
        "agent" | "steps.agent" => AGENT,
        "verifier" | "steps.verifier" => VERIFIER,
        "verifier.collect" | "steps.verifier.collect" => &["command", "service", "timeout_sec", "user"],
        "environment" | "verifier.environment" | "steps.verifier.environment" => ENVIRONMENT,
        "environment.tpu" => &["type", "topology"],
        "environment.mcp_servers" => &["name", "transport", "url", "command", "args", "headers"],
        "environment.healthcheck" | "steps.healthcheck" => HEALTH,
        "solution" => &["env"],
        "steps" => &["name", "agent", "verifier", "min_reward", "healthcheck", "artifacts"],
        _free => return None,
    })
}

/// Reports unknown fields of the standard tables, and settings that Fairtrial cannot honour.
pub(crate) fn check(root: &Node<'_>) {
    names(root.source, root.table, "");
    if let Some(version) = root.string("schema_version")
        && version.value != "1.4"
    {
        root.source.problem(
            version.span,
            format!("`schema_version` is \"{}\"", version.value.escape_debug()),
            "Fairtrial reads \"1.4\"",
        );
    }
    if let Some(steps) = root.get("steps") {
        root.source.problem(
            steps.span(),
            "the task has several steps",
            "Fairtrial runs tasks of one step: split it into one task per step",
        );
    }
}

/// Returns the network that `[environment]` asks for, where it says so.
pub(crate) fn network(root: &Node<'_>) -> Option<Network> {
    let environment = root.child("environment")?;
    let mode = environment.string("network_mode")?;
    match mode.value.as_str() {
        "public" => Some(Network::Host),
        "no-network" => Some(Network::None),
        "allowlist" => Some(Network::Allow(settings::hosts(&environment, "allowed_hosts"))),
        _unknown => {
            root.source.problem(
                mode.span,
                "`environment.network_mode` is none that is known",
                "use \"public\", \"no-network\" or \"allowlist\"",
            );
            None
        }
    }
}

fn names(source: Source<'_>, table: &toml::de::DeTable<'_>, name: &str) {
    let Some(known) = fields(name) else { return };
    for (key, value) in table {
        let field = key.get_ref().as_ref();
        let full = if name.is_empty() { field.to_owned() } else { format!("{name}.{field}") };
        if !known.contains(&field) {
            unknown(source, key.span(), &full, known);
            continue;
        }
        for inner in tables(value.get_ref()) {
            names(source, inner, &full);
        }
    }
}

fn tables<'a, 'i>(value: &'a DeValue<'i>) -> Vec<&'a toml::de::DeTable<'i>> {
    match (value.as_table(), value.as_array()) {
        (Some(table), _) => vec![table],
        (None, Some(list)) => list.iter().filter_map(|item| item.get_ref().as_table()).collect(),
        (None, None) => Vec::new(),
    }
}

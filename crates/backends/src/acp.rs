//! Any program that speaks the Agent Client Protocol: JSON-RPC, one object per line, both ways.
//!
//! The types are our own and read leniently: the published schema crate would bring ninety others for a dozen fields, and
//! programs differ from it. **Invariant:** no file or terminal of ours is offered, so that a program acts as it does by
//! itself; every permission it asks for is answered by the assistant's settings, and told.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::event::ToolKind;
use serde_json::json;

use crate::known::CODEX_CONFIG;
use crate::{
    AcpProgram, Backend, Input, Launch, LaunchError, LaunchSpec, MeterPoint, Reader, Steering, acp_programs,
    argv, backend, text, variables,
};

mod calls;
mod client;
mod plain;
mod rpc;
mod setup;
mod usage;

pub(crate) use client::Client;

pub(crate) struct Acp;

/// Line types that are read and yield no event at once: what a program offers, and words that are told when the next
/// thing begins.
pub(crate) const SILENT: [&str; 12] = [
    "reply",
    "_kiro.dev/metadata",
    "session/update/agent_message_chunk",
    "session/update/agent_thought_chunk",
    "session/update/user_message_chunk",
    "session/update/available_commands_update",
    "session/update/current_mode_update",
    "session/update/config_option_update",
    "session/update/session_info_update",
    "session/update/usage_update",
    "session/update/tool_call",
    "session/update/tool_call_update",
];

/// What a session is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub(crate) instruction: String,
    pub(crate) workspace: String,
    pub(crate) model: Option<String>,
    pub(crate) effort: Option<String>,
    /// The mode it should work in, where its own would ask or forbid too much.
    pub(crate) mode: Option<String>,
    /// What its tools may not do.
    pub(crate) deny: Vec<ToolKind>,
}

impl Wish {
    pub(crate) fn of(spec: &LaunchSpec<'_>) -> Result<Self, LaunchError> {
        Ok(Self {
            instruction: spec.instruction.to_owned(),
            workspace: text(spec.workspace)?,
            model: spec.assistant.model.clone(),
            effort: spec.assistant.effort.clone(),
            mode: None,
            deny: spec.assistant.deny.clone(),
        })
    }
}

impl Backend for Acp {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        let mut env = variables(spec, &[("NO_COLOR", "1")]);
        let known = known(spec);
        if let Some(url) = spec.base_url() {
            let Some(variable) = known.and_then(|known| known.base_url) else {
                return Err(LaunchError::Setting { assistant: assistant.id.to_string(), field: "base_url" });
            };
            let value =
                if variable == CODEX_CONFIG { codex(assistant, url, &env, known) } else { url.to_owned() };
            env.insert(variable.to_owned(), value);
        }
        let defaults: &[&str] =
            if assistant.args.is_empty() { known.map_or(&[], |known| known.args) } else { &[] };
        let mut argv = argv(spec, defaults)?;
        argv.extend(assistant.args.iter().cloned());
        for (name, value) in known.map_or(&[][..], |known| known.env) {
            env.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
        }
        Ok(Launch { stdin: Input::Talk, ..Launch::new(argv, env) })
    }

    fn meter_point(&self, assistant: &Assistant) -> Option<MeterPoint> {
        let known = named(Path::new(assistant.program.as_deref()?))?;
        let upstream = assistant.base_url.clone().filter(|_| known.base_url.is_some())?;
        Some(MeterPoint { upstream, keys: known.keys })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Client::new(Wish::default()))
    }

    fn session(&self, spec: &LaunchSpec<'_>) -> Result<Box<dyn Reader>, LaunchError> {
        let mode = known(spec)
            .and_then(|known| known.mode)
            .map(str::to_owned)
            .filter(|_| spec.assistant.deny.is_empty());
        Ok(Box::new(Client::new(Wish { mode, ..Wish::of(spec)? })))
    }

    /// What a program reads does not depend on how it is talked to; of adapters it is not known.
    fn steering(&self, assistant: &Assistant, version: Option<&str>) -> Option<Steering> {
        let program = Path::new(assistant.program.as_deref()?);
        let same =
            |kind: &BackendKind| backend(*kind).default_program().is_some_and(|name| program.ends_with(name));
        backend(BackendKind::ALL.into_iter().find(same)?).steering(assistant, version)
    }

    fn default_program(&self) -> Option<&'static str> {
        None
    }

    fn cost_known(&self, assistant: &Assistant) -> bool {
        let program = assistant.program.as_deref().map(Path::new);
        let known = program.and_then(named);
        assistant.price.is_some() || known.is_some_and(|known| known.cost)
    }

    fn asks_permission(&self) -> bool {
        true
    }

    fn silent(&self) -> &'static [&'static str] {
        &SILENT
    }
}

fn named(program: &Path) -> Option<&'static AcpProgram> {
    acp_programs().iter().find(|known| program.ends_with(known.program))
}

/// Returns what is known of a program: by its name as configured, since a package's link leads to another one.
fn known(spec: &LaunchSpec<'_>) -> Option<&'static AcpProgram> {
    let configured = spec.assistant.program.as_deref().map(Path::new);
    configured.and_then(named).or_else(|| named(spec.program))
}

/// Returns the settings that send Codex's requests to an address: no analytics, no updates, the key named, not written.
fn codex(
    assistant: &Assistant,
    url: &str,
    env: &BTreeMap<String, String>,
    known: Option<&AcpProgram>,
) -> String {
    let mut keys = known.map_or(&[][..], |known| known.keys).iter();
    let key = keys.find(|key| env.contains_key(**key));
    let provider = json!({ "name": "fairtrial", "base_url": url, "wire_api": "responses", "env_key": key });
    let mut settings = json!({
        "model_provider": "fairtrial",
        "model_providers": { "fairtrial": provider },
        "analytics": { "enabled": false },
        "check_for_update_on_startup": false,
    });
    if let Some(model) = &assistant.model {
        settings["model"] = model.as_str().into();
    }
    settings.to_string()
}

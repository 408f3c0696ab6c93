//! Cursor's command line through `--output-format stream-json`, as its documents say. Never driven here.
//!
//! **Invariant:** tools have lines of their own; all else is shaped like Claude Code's stream.

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::event::EventKind;
use serde_json::Value;

use crate::value::{call, owned, result, shown};
use crate::{
    Backend, Launch, LaunchError, LaunchSpec, ProcessExit, Reader, Steering, argv, claude_shaped, json_line,
    key, refuse, variables,
};

pub(crate) struct Cursor;

const KEYS: [&str; 1] = ["CURSOR_API_KEY"];

/// Where it looks in a repository.
const STEERING: Steering = Steering {
    instructions: &[&[".cursor/rules"], &["**/AGENTS.md"], &["CLAUDE.md"], &[".cursorrules"]],
    extensions: &[
        ".cursor/agents",
        ".cursor/cli.json",
        ".cursor/commands",
        ".cursor/hooks.json",
        ".cursor/mcp.json",
        ".cursor/skills",
    ],
    arguments: &["--plugin-dir"],
};

impl Backend for Cursor {
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
        let assistant = spec.assistant;
        refuse(spec, "effort", assistant.effort.is_some())?;
        refuse(spec, "base_url", assistant.base_url.is_some())?;
        let env = variables(spec, &[("NO_COLOR", "1")]);
        key(spec, &env, &KEYS)?;
        // The cell is the sandbox.
        let fixed = ["-p", "--output-format", "stream-json", "--force", "--trust", "--sandbox", "disabled"];
        let mut argv = argv(spec, &fixed)?;
        if let Some(model) = &assistant.model {
            argv.extend(["--model".to_owned(), model.clone()]);
        }
        argv.extend(assistant.args.iter().cloned());
        argv.extend(["--".to_owned(), spec.instruction.to_owned()]);
        Ok(Launch::new(argv, env))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Stream(claude_shaped::Stream::new(claude_shaped::CURSOR)))
    }

    fn steering(&self, _: &Assistant, _: Option<&str>) -> Option<Steering> {
        Some(STEERING)
    }

    fn default_program(&self) -> Option<&'static str> {
        Some("cursor-agent")
    }

    fn silent(&self) -> &'static [&'static str] {
        &claude_shaped::SILENT
    }
}

struct Stream(claude_shaped::Stream);

impl Reader for Stream {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        json_line(line, |value| match value["type"].as_str()? {
            "tool_call" => tool(value).map(|event| vec![event]),
            _ => self.0.read(value),
        })
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        vec![]
    }
}

/// Reads `tool_call: { readToolCall: { args, result } }`.
fn tool(line: &Value) -> Option<EventKind> {
    let id = owned(&line["call_id"])?;
    let (name, body) = line["tool_call"].as_object()?.iter().next()?;
    let name = name.strip_suffix("ToolCall").unwrap_or(name).to_owned();
    match line["subtype"].as_str()? {
        "started" => Some(call(id, name, &body["args"])),
        "completed" => {
            let ok = body["result"].as_object().map(|result| result.contains_key("success"));
            Some(result(id, ok, &shown(&body["result"])))
        }
        _ => None,
    }
}

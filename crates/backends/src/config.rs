//! Reads `assistants.toml`: one `[assistants.NAME]` table per assistant.
//!
//! **Invariant:** nothing is ignored. A field, value or shape that is not understood is refused with its line and a
//! remedy, and so is a secret written in the open.
//!
//! ```toml
//! [assistants.claude]
//! backend = "claude_code"      # one of the kinds of `BackendKind`
//! model = "claude-sonnet-4-5"
//! secrets = { ANTHROPIC_API_KEY = { env = "ANTHROPIC_API_KEY" } }
//! ```

use fairtrial_domain::assistant::{Assistant, BackendKind, OwnLogin, PromptBy};
use fairtrial_domain::event::ToolKind;
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::task::Network;
use toml::de::{DeTable, DeValue};

mod value;

use crate::known;
use value::Node;

/// The name of the file, in the data folder.
pub const FILE: &str = "assistants.toml";

/// Why the file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}: {remedy}")]
pub struct ConfigError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// What is wrong with a place in the file, and what to do.
struct Fault {
    at: usize,
    problem: String,
    remedy: String,
}

impl Fault {
    fn new(at: usize, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), remedy: remedy.into() }
    }
}

/// Reads the assistants of `text`, in the order in which they are written.
///
/// # Errors
/// The first thing that is wrong, with its line and what to do.
pub fn parse(text: &str) -> Result<Vec<Assistant>, ConfigError> {
    assistants(text).map_err(|fault| ConfigError {
        file: FILE.to_owned(),
        line: text.as_bytes()[..fault.at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1,
        problem: fault.problem,
        remedy: fault.remedy,
    })
}

fn assistants(text: &str) -> Result<Vec<Assistant>, Fault> {
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let problem = error.message().trim().replace('\n', ", ");
        Fault::new(at, problem, "correct the TOML here; a name can be used once only")
    })?;
    let mut read = vec![];
    for top in Node::sorted(document.get_ref()) {
        if top.name != "assistants" {
            let problem = format!("`{}` does not belong here", top.name);
            return Err(Fault::new(top.at, problem, "put each assistant in a table `[assistants.NAME]`"));
        }
        for entry in top.table()? {
            read.push(assistant(&entry)?);
        }
    }
    Ok(read)
}

const BACKENDS: &str = "claude_code, codex, gemini, qwen, opencode, kilo, copilot, droid, pi, cline, aider, \
                        mini_swe_agent, cursor, amp, auggie, goose, kiro, acp, direct, command";
const FIELDS: &str = "title, backend, program, args, prompt, model, effort, base_url, env_allow, env, secrets, \
                      version, network, readable, account, price, meter, deny, own_login";

fn assistant(entry: &Node<'_>) -> Result<Assistant, Fault> {
    let fields = entry.table()?;
    let mut assistant = empty(entry, &fields)?;
    for field in &fields {
        match field.name {
            "backend" => {}
            "title" => assistant.title = field.text()?,
            "program" => assistant.program = Some(field.text()?),
            "args" => assistant.args = field.open_texts()?,
            "prompt" => assistant.prompt = prompt(field, assistant.backend)?,
            "model" => assistant.model = Some(vendor_only(field, assistant.backend)?),
            "effort" => assistant.effort = Some(vendor_only(field, assistant.backend)?),
            "base_url" => {
                vendor_only(field, assistant.backend)?;
                assistant.base_url = Some(field.url()?);
            }
            "env_allow" => assistant.env_allow = field.allowed()?,
            "env" => assistant.env = field.open_variables()?,
            "secrets" => assistant.secrets = field.secrets()?,
            "version" => assistant.version = Some(field.text()?),
            "network" => assistant.network = network(field)?,
            "readable" => assistant.readable = field.paths()?,
            "account" => assistant.account = Some(field.text()?),
            "deny" => assistant.deny = denied(field, assistant.backend)?,
            "price" => assistant.price = Some(field.price()?),
            "meter" => assistant.unmetered = !field.truth()?,
            "own_login" => assistant.own_login = own_login(field, assistant.backend)?,
            unknown => {
                let problem = format!("`{unknown}` is not a field of an assistant");
                return Err(Fault::new(field.at, problem, format!("use one of {FIELDS}")));
            }
        }
    }
    if let Some(field) = fields.iter().find(|field| field.name == "own_login")
        && assistant.own_login.is_some()
    {
        let metered = fields.iter().find(|field| field.name == "meter" && !assistant.unmetered);
        signed_in(field, metered, &mut assistant)?;
    }
    if assistant.program.is_none() && crate::backend(assistant.backend).default_program().is_none() {
        let problem = format!("`{}` has no program", entry.name);
        let kind = if assistant.backend == BackendKind::Acp { "an `acp`" } else { "a `command`" };
        return Err(Fault::new(entry.at, problem, format!("{kind} needs `program = \"NAME or PATH\"`")));
    }
    Ok(assistant)
}

/// Returns the assistant with its id and back end, and nothing else set.
fn empty(entry: &Node<'_>, fields: &[Node<'_>]) -> Result<Assistant, Fault> {
    let id = AssistantId::parse(entry.name)
        .map_err(|error| Fault::new(entry.at, error.to_string(), "rename the table"))?;
    if crate::samples().iter().any(|sample| sample.id == id) {
        let problem = format!("`{id}` is the name of a bundled sample");
        return Err(Fault::new(entry.at, problem, "choose another name"));
    }
    let Some(field) = fields.iter().find(|field| field.name == "backend") else {
        let remedy = format!("add `backend = \"…\"` with one of {BACKENDS}");
        return Err(Fault::new(entry.at, format!("`{id}` has no backend"), remedy));
    };
    let named = field.text()?;
    let backend = match serde_json::from_value(named.clone().into()) {
        Ok(BackendKind::Sample) => {
            let remedy = "remove the table: aster, birch, cedar, dogwood, elder and fir are always there";
            return Err(Fault::new(field.at, "samples are built in", remedy));
        }
        Ok(kind) => kind,
        Err(_) => {
            let problem = format!("`{named}` is not a back end");
            return Err(Fault::new(field.at, problem, format!("use one of {BACKENDS}")));
        }
    };
    let title = known().iter().find(|known| known.backend == backend);
    // A vendor's program is of no use without its vendor; any other command gets no network until it is asked for.
    let network = if backend != BackendKind::Command { Network::Host } else { Network::None };
    let title = title.map_or_else(|| id.to_string(), |known| format!("{} ({id})", known.title));
    Ok(Assistant { network, ..Assistant::new(id, title, backend) })
}

fn vendor_only(field: &Node<'_>, backend: BackendKind) -> Result<String, Fault> {
    if backend == BackendKind::Command {
        let problem = format!("a `command` takes no `{}`", field.name);
        return Err(Fault::new(field.at, problem, "remove it, or write it into `args`"));
    }
    field.text()
}

fn prompt(field: &Node<'_>, backend: BackendKind) -> Result<PromptBy, Fault> {
    if backend != BackendKind::Command {
        return Err(Fault::new(field.at, "only a `command` takes `prompt`", "remove it"));
    }
    match field.text()?.as_str() {
        "argument" => Ok(PromptBy::Argument),
        "stdin" => Ok(PromptBy::Stdin),
        "file" => Ok(PromptBy::File),
        other => {
            let problem = format!("`{other}` is no way to hand over an instruction");
            Err(Fault::new(field.value_at, problem, "use argument, stdin or file"))
        }
    }
}

/// Reads where its user's login is: `true` for what is known of the program, else a list.
fn own_login(field: &Node<'_>, backend: BackendKind) -> Result<Option<OwnLogin>, Fault> {
    let known = known().iter().find(|known| known.backend == backend);
    if !field.is_list() {
        if !field.truth()? {
            return Ok(None);
        }
        let login = known.and_then(|known| known.login).ok_or_else(|| {
            let remedy =
                "use a key in `secrets`; an `acp` or a `command` may list its own folders: `[\"~/.tool\"]`";
            Fault::new(field.at, "where this back end's program keeps a login is not known here", remedy)
        })?;
        return Ok(Some(login.own()));
    }
    if !matches!(backend, BackendKind::Acp | BackendKind::Command) {
        let problem = "only an `acp` or a `command` lists the folders of its login";
        let has_one = known.is_some_and(|known| known.login.is_some());
        let remedy =
            if has_one { "write `own_login = true`" } else { "remove it, and use a key in `secrets`" };
        return Err(Fault::new(field.at, problem, remedy));
    }
    let places = field.own_places()?;
    Ok((!places.is_empty()).then_some(OwnLogin { places, sealed: vec![], credentials: vec![] }))
}

/// Checks what goes with a login, and sets what follows from it.
fn signed_in(field: &Node<'_>, metered: Option<&Node<'_>>, assistant: &mut Assistant) -> Result<(), Fault> {
    if let Some(metered) = metered {
        let problem = "a login is not metered: nothing of ours stands between it and its vendor";
        return Err(Fault::new(metered.at, problem, "remove `meter = true`, or use a key"));
    }
    if assistant.account.is_none() {
        let problem = "with `own_login` nobody else can tell which account it is";
        return Err(Fault::new(field.at, problem, "add `account = \"TIER, REGION\"`"));
    }
    if assistant.base_url.is_some() {
        let problem = "a login goes to its vendor, and `base_url` leads elsewhere";
        return Err(Fault::new(field.at, problem, "remove `base_url`, or use a key"));
    }
    // A login is for the vendor's own program at the vendor's own address: nothing of ours stands between.
    assistant.unmetered = true;
    Ok(())
}

/// Reads what tools may not do, where the back end asks.
fn denied(field: &Node<'_>, backend: BackendKind) -> Result<Vec<ToolKind>, Fault> {
    if !crate::backend(backend).asks_permission() {
        let problem = "this back end does not ask before a tool runs, so that nothing can be denied";
        return Err(Fault::new(field.at, problem, "remove `deny`, or use `kiro` or `acp`"));
    }
    let kind = |word: String| {
        serde_json::from_value(word.clone().into()).map_err(|_| {
            let remedy = "use read, edit, search, execute, fetch, other";
            Fault::new(field.value_at, format!("`{word}` is nothing that a tool does"), remedy)
        })
    };
    field.open_texts()?.into_iter().map(kind).collect()
}

fn network(field: &Node<'_>) -> Result<Network, Fault> {
    if field.is_list() {
        return Ok(Network::Allow(field.hosts()?));
    }
    match field.text()?.as_str() {
        "none" => Ok(Network::None),
        "host" => Ok(Network::Host),
        other => {
            let problem = format!("`{other}` is not a network");
            Err(Fault::new(field.value_at, problem, "use \"none\", \"host\" or a list of hosts"))
        }
    }
}

/// A word for a value's type, in messages.
fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests;

//! A tool call in the words of whoever asks: the tool is chosen among those that a request offers, and its input is
//! filled by the names of its properties.

use serde_json::{Map, Value, json};

use crate::script::{Step, Tool};

/// What mini-swe-agent's shell prints when it is done: it has no other way to end.
const SUBMIT: &str = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT";
/// What aider asks for in place of tools.
const BLOCKS: &str = "SEARCH/REPLACE";
/// What Qwen Code says before the folder that it works in. It takes no path that is relative.
const WORKS_IN: &str = "I'm currently working in the directory: ";

const READ: [&str; 4] = ["Read", "read", "read_file", "view"];
const EDIT: [&str; 4] = ["Edit", "edit", "replace", "str_replace"];
const WRITE: [&str; 4] = ["Write", "write", "write_file", "create"];
const RUN: [&str; 5] = ["Bash", "bash", "run", "run_shell_command", "shell"];

/// Tools that a request offers: names, and the schemas of their inputs.
#[derive(Debug)]
pub(super) struct Offered<'a> {
    named: Vec<(&'a str, &'a Value)>,
    /// Whether there are any, named or not.
    some: bool,
}

impl<'a> Offered<'a> {
    /// Reads the offer of a request of any API.
    pub(super) fn of(body: &'a Value) -> Offered<'a> {
        let tools = body["tools"].as_array().or_else(|| body["toolConfig"]["tools"].as_array());
        let mut found = vec![];
        for tool in tools.into_iter().flatten() {
            let nested = tool["functionDeclarations"].as_array();
            for one in nested.map_or(std::slice::from_ref(tool), Vec::as_slice) {
                let inner = ["function", "toolSpec"].iter().find_map(|name| one.get(*name)).unwrap_or(one);
                let forms = ["input_schema", "parametersJsonSchema", "parameters"];
                let schema = forms.iter().find_map(|form| inner.get(*form)).unwrap_or(&Value::Null);
                found.extend(inner["name"].as_str().map(|name| (name, schema)));
            }
        }
        Offered { named: found, some: tools.is_some_and(|tools| !tools.is_empty()) }
    }

    fn first(&self, names: &[&str]) -> Option<(&'a str, &'a Value)> {
        names.iter().find_map(|name| self.named.iter().find(|(known, _)| known == name)).copied()
    }

    /// Whether they are those of our own assistant, or not told apart.
    fn ours(&self) -> bool {
        self.first(&["search"]).is_some() && self.first(&["run"]).is_some()
    }
}

/// Returns the name and the input of a call.
pub(super) fn call(tool: &Tool, body: &Value) -> (String, Value) {
    let offered = Offered::of(body);
    if offered.ours() {
        let (name, input) = super::plain_call(tool);
        return (name.to_owned(), input);
    }
    let names = match tool {
        Tool::Read { .. } => READ,
        Tool::Edit { .. } => EDIT,
        Tool::Write { .. } => WRITE,
        Tool::Run { .. } => [RUN[0], RUN[1], RUN[3], RUN[4]],
    };
    match offered
        .first(&names)
        .or_else(|| matches!(tool, Tool::Run { .. }).then(|| offered.first(&RUN)).flatten())
    {
        Some((name, schema)) => (name.to_owned(), input(&placed(tool, body), schema)),
        None => {
            let run = Tool::Run { command: shell(tool) };
            let (name, schema) = offered.first(&RUN).unwrap_or((RUN[0], &Value::Null));
            (name.to_owned(), input(&run, schema))
        }
    }
}

/// Returns the tool with a path from the root, where its program says that it takes no other.
fn placed(tool: &Tool, body: &Value) -> Tool {
    let messages = body["messages"].as_array().into_iter().flatten();
    let parts = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let said = parts.filter_map(|part| part["text"].as_str()).find_map(|text| text.split_once(WORKS_IN));
    let mut tool = tool.clone();
    if let (Some(folder), Tool::Read { path } | Tool::Edit { path, .. } | Tool::Write { path, .. }) =
        (said.and_then(|(_, rest)| rest.lines().next()), &mut tool)
    {
        *path = format!("{folder}/{path}");
    }
    tool
}

/// Fills the properties that a schema names; without one, the usual names.
fn input(tool: &Tool, schema: &Value) -> Value {
    let usual = json!({ "file_path": {}, "old_string": {}, "new_string": {}, "content": {}, "command": {} });
    let properties = schema["properties"].as_object().or(usual.as_object());
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut filled = Map::new();
    for (name, about) in properties.into_iter().flatten() {
        let value = match meaning(tool, name) {
            Some(text) => Value::from(text),
            None if name == "edits" => match tool {
                Tool::Edit { .. } => json!([input(tool, &about["items"])]),
                Tool::Read { .. } | Tool::Write { .. } | Tool::Run { .. } => continue,
            },
            None if required(name) => filler(about),
            None => continue,
        };
        filled.insert(name.clone(), value);
    }
    Value::Object(filled)
}

/// Returns what a property of this name means for the tool.
fn meaning<'a>(tool: &'a Tool, name: &str) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    match tool {
        Tool::Read { path } | Tool::Edit { path, .. } | Tool::Write { path, .. } if name.contains("path") => {
            Some(path)
        }
        Tool::Edit { old, .. } if name.starts_with("old") => Some(old),
        Tool::Edit { new, .. } if name.starts_with("new") => Some(new),
        Tool::Write { contents, .. } if name.contains("content") || name == "file_text" => Some(contents),
        Tool::Run { command } if name == "command" || name == "cmd" => Some(command),
        Tool::Read { .. } | Tool::Edit { .. } | Tool::Write { .. } | Tool::Run { .. } => None,
    }
}

fn filler(about: &Value) -> Value {
    match about["type"].as_str() {
        Some("boolean") => false.into(),
        Some("integer" | "number") => 60.into(),
        Some(_) | None => "a scripted step".into(),
    }
}

/// Returns a tool call as a command.
fn shell(tool: &Tool) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    match tool {
        Tool::Read { path } => format!("cat {}", quoted(path)),
        Tool::Run { command } => command.clone(),
        Tool::Write { path, contents } => format!("printf %s {} > {}", quoted(contents), quoted(path)),
        Tool::Edit { path, old, new } => format!(
            "python3 -c 'import sys; p, a, b = sys.argv[1:]; t = open(p).read(); open(p, \"w\").write(t.replace(a, b))' \
             {} {} {}",
            quoted(path),
            quoted(old),
            quoted(new)
        ),
    }
}

/// Returns a step as it must be said to a program that has no tools, or none but a shell.
pub(super) fn translated(step: Step, steps: &[Step], body: &Value) -> Option<Step> {
    let offered = Offered::of(body);
    let said = |word: &str| body["messages"].to_string().contains(word);
    if !offered.some {
        return said(BLOCKS).then(|| at_once(steps));
    }
    if step.tool.is_none() && offered.named.len() == 1 && offered.first(&["bash"]).is_some() && said(SUBMIT) {
        return Some(Step { tool: Some(Tool::Run { command: format!("echo {SUBMIT}") }), ..step });
    }
    Some(step)
}

/// Returns a whole conversation as one answer in aider's form, with all that it consumed.
fn at_once(steps: &[Step]) -> Step {
    let mut say: Vec<String> = vec![];
    for step in steps {
        say.push(step.say.clone());
        match &step.tool {
            Some(Tool::Edit { path, old, new }) => {
                say.push(format!("{path}\n```\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```"));
            }
            Some(Tool::Write { path, contents }) => {
                say.push(format!("{path}\n```\n<<<<<<< SEARCH\n=======\n{contents}>>>>>>> REPLACE\n```"));
            }
            Some(Tool::Run { command }) => say.push(format!("```bash\n{command}\n```")),
            Some(Tool::Read { .. }) | None => {}
        }
    }
    let tokens = steps.iter().fold(crate::script::Tokens::default(), |sum, step| sum + step.tokens);
    Step { say: say.join("\n\n"), tool: None, tokens }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit() -> Tool {
        Tool::Edit { path: "a.py".into(), old: "x".into(), new: "y".into() }
    }

    #[test]
    fn a_call_is_filled_by_the_names_of_the_properties() {
        let schema = |names: &[&str]| {
            let all = names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" })));
            json!({ "properties": all.collect::<Map<_, _>>(), "required": names })
        };
        let flat = schema(&["filePath", "oldString", "newString", "instruction"]);
        let body =
            json!({ "tools": [{ "type": "function", "function": { "name": "edit", "parameters": flat } }] });
        let wanted = json!({
            "filePath": "a.py", "oldString": "x", "newString": "y", "instruction": "a scripted step",
        });
        assert_eq!(call(&edit(), &body), ("edit".to_owned(), wanted));
        let mut nested = schema(&["path"]);
        nested["properties"]["edits"] = json!({ "type": "array", "items": schema(&["oldText", "newText"]) });
        let body =
            json!({ "tools": [{ "functionDeclarations": [{ "name": "edit", "parameters": nested }] }] });
        let wanted = json!({ "path": "a.py", "edits": [{ "oldText": "x", "newText": "y" }] });
        assert_eq!(call(&edit(), &body), ("edit".to_owned(), wanted));
    }

    #[test]
    fn who_takes_no_relative_path_is_given_one_from_the_root() {
        let told = |text: &str| {
            let schema = json!({ "properties": { "file_path": {} } });
            let body = json!({
                "messages": [{ "role": "user", "content": [{ "type": "text", "text": text }] }],
                "tools": [{ "type": "function", "function": { "name": "read_file", "parameters": schema } }],
            });
            call(&Tool::Read { path: "a.py".into() }, &body).1["file_path"].clone()
        };
        assert_eq!(told("Hello."), "a.py");
        assert_eq!(told("Hi.\nI'm currently working in the directory: /a/b\nIt holds:"), "/a/b/a.py");
    }

    #[test]
    fn who_has_a_shell_alone_edits_and_ends_by_it() {
        let body = json!({
            "tools": [{ "type": "function", "function": { "name": "bash", "parameters": {
                "properties": { "command": { "type": "string" } } } } }],
            "messages": [{ "role": "user", "content": SUBMIT }],
        });
        let (name, input) = call(&edit(), &body);
        assert!(name == "bash" && input["command"].as_str().unwrap().ends_with("'a.py' 'x' 'y'"), "{input}");
        let last = translated(Step::say("done"), &[], &body).unwrap();
        assert_eq!(last.tool, Some(Tool::Run { command: format!("echo {SUBMIT}") }));
    }

    #[test]
    fn who_has_no_tools_is_told_all_at_once() {
        let steps = [Step::call("fix", edit()), Step::say("done")];
        let body = json!({ "messages": [{ "content": "Use SEARCH/REPLACE blocks." }] });
        let said = translated(steps[0].clone(), &steps, &body).unwrap().say;
        assert_eq!(said, "fix\n\na.py\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n\ndone");
        assert_eq!(translated(steps[0].clone(), &steps, &json!({ "messages": [] })), None);
    }
}

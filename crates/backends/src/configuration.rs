//! What an assistant is started with, apart from its instruction, its keys and where it runs: one value for all its trials,
//! until somebody changes its settings, its environment or the way this product drives it.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_domain::assistant::{Assistant, OwnLogin, PromptBy};
use fairtrial_domain::event::ToolKind;
use fairtrial_domain::task::Network;
use serde::Serialize;

use crate::{Input, Launch, LaunchError, LaunchSpec, backend};

/// Stands where a trial has the address of its meter.
const METER: &str = "http://127.0.0.1:1/meter";

/// All that an assistant is started with. What its user's own login brings with it is not seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Configuration {
    /// Its program's arguments.
    arguments: Vec<String>,
    /// Variables by name.
    variables: BTreeMap<String, String>,
    /// Files of its home, by path.
    files: BTreeMap<String, String>,
    /// What it reads on standard input, where that is not its reader's to say.
    input: Option<String>,
    /// What its reader asks for where it talks.
    asked: (Option<String>, Option<String>),
    prompt: PromptBy,
    network: Network,
    readable: Vec<String>,
    deny: Vec<ToolKind>,
    own_login: Option<OwnLogin>,
    is_metered: bool,
    /// Where its model answers, behind the meter or without one; `None` where that is the vendor's own address.
    upstream: Option<String>,
}

/// Returns what `assistant` is started with, when `passed` are the variables that the app's environment has for it. Words
/// stand in for what differs from trial to trial, so that nothing else can make two trials' values differ.
///
/// # Errors
/// As `Backend::launch`.
pub fn configuration(
    assistant: &Assistant,
    passed: &BTreeMap<String, String>,
    is_metered: bool,
) -> Result<Configuration, LaunchError> {
    let secrets = assistant.secrets.keys().map(|name| (name.clone(), format!("{{{name}}}"))).collect();
    let spec = LaunchSpec {
        assistant,
        instruction: "{prompt}",
        program: Path::new("/program"),
        workspace: Path::new("/workspace"),
        home: Path::new("/home"),
        secrets: &secrets,
        env: passed,
        meter: is_metered.then_some(METER),
        resume: None,
    };
    let Launch { argv, env, stdin, files, collect: _ } = backend(assistant.backend).launch(&spec)?;
    Ok(Configuration {
        arguments: argv,
        variables: env,
        files: files.into_iter().collect(),
        input: match stdin {
            Input::Text(text) => Some(text),
            Input::Nothing | Input::Talk => None,
        },
        asked: (assistant.model.clone(), assistant.effort.clone()),
        prompt: assistant.prompt,
        network: assistant.network.clone(),
        readable: assistant.readable.clone(),
        deny: assistant.deny.clone(),
        own_login: assistant.own_login.clone(),
        is_metered,
        upstream: assistant.base_url.clone(),
    })
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::assistant::{BackendKind, SecretRef};
    use fairtrial_domain::id::AssistantId;

    use super::*;

    fn codex() -> Assistant {
        let key = SecretRef::Env("OPENAI_API_KEY".to_owned());
        Assistant {
            model: Some("m".to_owned()),
            secrets: BTreeMap::from([("OPENAI_API_KEY".to_owned(), key)]),
            ..Assistant::new(AssistantId::parse("one").unwrap(), "One", BackendKind::Codex)
        }
    }

    #[test]
    fn whatever_changes_how_it_works_changes_it_and_its_names_do_not() {
        let of = |one: &Assistant, passed: &[(&str, &str)], metered| {
            let passed =
                passed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            configuration(one, &passed, metered).unwrap()
        };
        let one = of(&codex(), &[], true);
        let named = Assistant {
            title: "Another".to_owned(),
            account: Some("team".to_owned()),
            program: Some("/elsewhere/codex".to_owned()),
            ..codex()
        };
        assert_eq!(of(&named, &[], true), one);
        let others = [
            of(&codex(), &[("HTTPS_PROXY", "http://proxy.example")], true),
            of(&codex(), &[], false),
            of(&Assistant { model: Some("n".to_owned()), ..codex() }, &[], true),
            of(&Assistant { effort: Some("high".to_owned()), ..codex() }, &[], true),
            of(&Assistant { args: vec!["--search".to_owned()], ..codex() }, &[], true),
            of(&Assistant { env: BTreeMap::from([("A".to_owned(), "1".to_owned())]), ..codex() }, &[], true),
            of(&Assistant { readable: vec!["/opt".to_owned()], ..codex() }, &[], true),
            of(&Assistant { network: Network::Host, ..codex() }, &[], true),
            of(&Assistant { base_url: Some("http://gateway.example".to_owned()), ..codex() }, &[], true),
        ];
        for (at, other) in others.iter().enumerate() {
            assert!(*other != one, "change {at}");
            assert!(others[..at].iter().all(|earlier| earlier != other), "change {at}");
        }
    }

    #[test]
    fn it_holds_names_of_secrets_and_no_more_of_them() {
        let text = serde_json::to_string(&configuration(&codex(), &BTreeMap::new(), true).unwrap()).unwrap();
        assert!(text.contains("{OPENAI_API_KEY}"), "{text}");
    }

    #[test]
    fn what_cannot_start_has_none() {
        let keyless = Assistant { secrets: BTreeMap::new(), ..codex() };
        let made = configuration(&keyless, &BTreeMap::new(), false);
        assert!(matches!(made, Err(LaunchError::NoKey { .. })), "{made:?}");
    }
}

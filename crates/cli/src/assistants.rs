//! `fairtrial assistants`: who is here, what each can do, and a try of one.

use std::process::ExitCode;
use std::sync::Arc;

use fairtrial_api::view::AssistantStatus;
use fairtrial_api::{Api, ApiError};

use crate::commands::{aside, say, say_json};
use crate::progress;

/// Lists them.
pub(crate) fn list(api: &Api, json: bool) -> Result<(), ApiError> {
    let statuses = api.assistants()?;
    if json {
        return say_json(&statuses);
    }
    for one in &statuses {
        let version = one.version.as_deref().unwrap_or("version unknown");
        let sample = if one.sample { " (sample)" } else { "" };
        match &one.hurdle {
            None => say(&format!("{:<16} ready    {}{sample}, {version}", one.id, one.title)),
            Some(hurdle) => say(&format!("{:<16} not yet  {}: {hurdle}", one.id, one.title)),
        }
        if !one.sample {
            about(one);
        }
    }
    Ok(())
}

/// Says what is known of one, indented below its line.
fn about(one: &AssistantStatus) {
    let below = |name: &str, text: &str| say(&format!("{:<17}{name:<9}{text}", ""));
    if let Some(program) = &one.program {
        below("program", program);
    }
    sign_in(one, &below);
    if !one.features.is_empty() {
        below("gives", &one.features.join(", "));
    }
    match (&one.driven, &one.version) {
        (None, _) => {}
        (Some(driven), _) if one.recorded => {
            below("driven", &format!("{driven} once and alone, and its stream recorded"))
        }
        (Some(driven), None) => {
            below("driven", &format!("{driven} in our tests; its version here is not known"))
        }
        (Some(driven), Some(version)) if driven == version => {
            below("driven", &format!("{driven}, in our tests"))
        }
        (Some(driven), Some(_)) => below("driven", &format!("{driven} in our tests, and not this version")),
    }
    for hurdle in &one.hurdles {
        below("needs", hurdle);
    }
    for defect in &one.defects {
        below("known", defect);
    }
}

/// Says how one signs in, as far as that can be told without asking its vendor.
fn sign_in(one: &AssistantStatus, below: &dyn Fn(&str, &str)) {
    let login = one.sign_in.as_ref();
    let found = login.and_then(|login| login.found.as_deref());
    if let Some(login) = login.filter(|login| login.own_login) {
        below("login", &format!("its user's own, in {}; one trial at a time", login.places.join(", ")));
        below("", "less isolated: it may change what is there, and there is no verdict");
        below(
            "signed in",
            found.map_or("not known here", |_| "a login is there; whether it still holds is not known"),
        );
        below("account", one.account.as_deref().unwrap_or("not said"));
    } else {
        match (&one.key, found) {
            (Some(key), _) => below("key", key),
            (None, Some(file)) => below(
                "key",
                &format!("none found; {file} is there: a login, which is used with `own_login = true` alone"),
            ),
            (None, None) => below("key", "none found; whether it is signed in otherwise is not known"),
        }
    }
    if let Some((terms, source)) =
        login.and_then(|login| Some((login.terms.as_ref()?, login.source.as_ref()?)))
        && (found.is_some() || login.is_some_and(|login| login.own_login))
    {
        below("terms", &format!("{terms} ({source})"));
    }
}

/// Lets one repair a small file, and says what was seen.
pub(crate) async fn test(api: &Arc<Api>, name: &str, json: bool) -> Result<ExitCode, ApiError> {
    let run = api.start_assistant_test(name).await?;
    aside(&format!("Run {run}"));
    progress::follow(api, &run).await?;
    api.wait(&run).await?;
    let test = api.assistant_test(&run)?;
    if json {
        say_json(&test)?;
    } else {
        let repaired = if test.repaired { "repaired the file" } else { "did not repair the file" };
        say(&format!("{} {repaired}", test.assistant));
        for one in &test.seen {
            let told = match (&one.seen, one.promised) {
                (Some(seen), true) => format!("yes      {seen}"),
                (Some(seen), false) => format!("yes      {seen}, though not promised"),
                (None, true) if !one.tried => "promised not tried".to_owned(),
                (None, true) => "MISSING  promised, and not seen".to_owned(),
                (None, false) => "no       not promised".to_owned(),
            };
            say(&format!("  {:<12} {told}", one.feature));
        }
        say(&format!("  {:<12} {}", "unread lines", test.unparsed));
        if !test.leftovers.is_empty() {
            say(&format!("  {:<12} {}", "left behind", test.leftovers.join(", ")));
        }
    }
    Ok(if test.repaired { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

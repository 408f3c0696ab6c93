//! What is set in a new session before it is prompted: model, effort, mode; in the protocol's words or in older ones.

use serde_json::{Value, json};

use super::Wish;

/// A request that sets something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    /// What is set, for messages.
    pub(super) what: &'static str,
    pub(super) method: &'static str,
    pub(super) params: Value,
}

/// Something that was asked for and is not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the program does not let a client choose {what}, and `{wanted}` was asked for")]
pub(super) struct NotOffered {
    what: &'static str,
    wanted: String,
}

/// Returns what to ask for in a session that offers `offer`, or what it does not offer.
pub(super) fn settings(wish: &Wish, session: &str, offer: &Value) -> Result<Vec<Setting>, NotOffered> {
    let mut settings = vec![];
    if let Some(model) = &wish.model {
        let found = choice(offer, session, "model", model).or_else(|| older(offer, session, model));
        settings.extend(found.ok_or_else(|| NotOffered { what: "the model", wanted: model.clone() })?);
    }
    if let Some(effort) = &wish.effort {
        let found = choice(offer, session, "thought_level", effort);
        settings.extend(found.ok_or_else(|| NotOffered { what: "the effort", wanted: effort.clone() })?);
    }
    if let Some(mode) = wish.mode.as_deref().filter(|mode| offer["modes"]["currentModeId"] != **mode) {
        let params = json!({ "sessionId": session, "modeId": mode });
        settings.push(Setting { what: "the mode", method: "session/set_mode", params });
    }
    Ok(settings)
}

/// Returns the request for a configuration option of this category; none when it has that value already.
fn choice(offer: &Value, session: &str, category: &'static str, value: &str) -> Option<Option<Setting>> {
    let option = offer["configOptions"].as_array()?.iter().find(|option| option["category"] == category)?;
    let what = if category == "model" { "the model" } else { "the effort" };
    let params = json!({ "sessionId": session, "configId": option["id"], "value": value });
    let setting = Setting { what, method: "session/set_config_option", params };
    Some((option["currentValue"] != value).then_some(setting))
}

/// Returns the request of the older dialect, in which models have a block of their own.
fn older(offer: &Value, session: &str, model: &str) -> Option<Option<Setting>> {
    let current = offer.get("models")?;
    let params = json!({ "sessionId": session, "modelId": model });
    let setting = Setting { what: "the model", method: "session/set_model", params };
    Some((current["currentModelId"] != model).then_some(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(offer: Value, model: &str) -> Result<Vec<(&'static str, Value)>, NotOffered> {
        let wish = Wish { model: Some(model.into()), ..Wish::default() };
        let settings = settings(&wish, "s", &offer)?;
        Ok(settings.into_iter().map(|setting| (setting.method, setting.params)).collect())
    }

    #[test]
    fn a_model_is_asked_for_in_the_dialect_that_is_offered() {
        let newer = json!({ "configOptions": [{ "id": "m", "category": "model", "currentValue": "a" }],
                            "models": { "currentModelId": "a" } });
        let set = json!({ "sessionId": "s", "configId": "m", "value": "b" });
        assert_eq!(asked(newer.clone(), "b"), Ok(vec![("session/set_config_option", set)]));
        assert_eq!(asked(newer, "a"), Ok(vec![]));
        let older = json!({ "models": { "currentModelId": "a" } });
        let set = json!({ "sessionId": "s", "modelId": "b" });
        assert_eq!(asked(older.clone(), "b"), Ok(vec![("session/set_model", set)]));
        assert_eq!(asked(older, "a"), Ok(vec![]));
        let none = asked(json!({}), "b").unwrap_err().to_string();
        assert_eq!(none, "the program does not let a client choose the model, and `b` was asked for");
    }
}

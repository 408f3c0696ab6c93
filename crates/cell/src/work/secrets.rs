//! Keeps secrets out of everything that is written.

use std::collections::BTreeMap;

/// A variable of this process with this prefix holds a secret.
const PREFIX: &str = "FAIRTRIAL_SECRET_";
/// Shorter values would be found in innocent text.
const SHORTEST: usize = 8;

/// Picks the secrets out of an environment, by the name that the assistant's program reads.
pub(super) fn of(env: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    env.filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value))).collect()
}

/// Replaces secrets in text by their names.
#[derive(Clone)]
pub(super) struct Veil(Vec<(String, String)>);

impl Veil {
    pub(super) fn new(secrets: &BTreeMap<String, String>) -> Veil {
        let mut pairs = Vec::new();
        for (name, value) in secrets.iter().filter(|(_, value)| value.len() >= SHORTEST) {
            let shown = format!("[secret {name}]");
            pairs.push((value.clone(), shown.clone()));
            // As it looks inside a line of JSON.
            let quoted = serde_json::Value::from(value.as_str()).to_string();
            let inner = quoted[1..quoted.len() - 1].to_owned();
            if inner != *value {
                pairs.push((inner, shown));
            }
        }
        // A secret that holds another goes first.
        pairs.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Veil(pairs)
    }

    pub(super) fn over(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (value, shown)| {
            if text.contains(value.as_str()) { text.replace(value.as_str(), shown) } else { text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_variables_are_secrets() {
        let env = [("FAIRTRIAL_SECRET_API_KEY", "k"), ("API_KEY", "x"), ("PATH", "y")];
        let got = of(env.map(|(n, v)| (n.to_owned(), v.to_owned())).into_iter());
        assert_eq!(got, BTreeMap::from([("API_KEY".to_owned(), "k".to_owned())]));
    }

    #[test]
    fn a_secret_is_named_and_not_shown_raw_or_quoted() {
        let secrets = [("A", "key-\"12345"), ("B", "key-\"12345678"), ("SHORT", "abc")];
        let veil = Veil::new(&secrets.map(|(n, v)| (n.to_owned(), v.to_owned())).into());
        let text = r#"{"env":"key-\"12345"} key-"12345678 abc"#;
        assert_eq!(veil.over(text.to_owned()), r#"{"env":"[secret A]"} [secret B] abc"#);
    }
}

//! Keeps secrets out of everything that is written.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fairtrial_domain::patch::{Content, Patch};

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

/// Replaces secrets in what a patch adds; what was there before stays, for it must fit its base.
pub(super) fn veil_patch(patch: &mut Patch, secrets: &BTreeMap<String, String>) {
    let long = secrets.iter().filter(|(_, value)| value.len() >= SHORTEST);
    let veil = fairtrial_wire::keys::Veil::new(long.map(|(name, value)| (name.as_str(), value.as_str())));
    let contents = patch.files.iter_mut().filter_map(|change| change.after.as_mut());
    for content in contents.map(|side| &mut side.content) {
        match content {
            Content::Text(text) => {
                let veiled =
                    veil.over(text.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                *text = veiled.unwrap_or_else(|| std::mem::take(text));
            }
            Content::Binary(text) => {
                let veiled = BASE64.decode(text.as_bytes()).ok().and_then(|bytes| veil.over(&bytes));
                *text = veiled.map_or_else(|| std::mem::take(text), |bytes| BASE64.encode(bytes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::patch::{FileChange, FileMode, Side};

    use super::*;

    #[test]
    fn only_marked_variables_are_secrets() {
        let env = [("FAIRTRIAL_SECRET_API_KEY", "k"), ("API_KEY", "x"), ("PATH", "y")];
        let got = of(env.map(|(n, v)| (n.to_owned(), v.to_owned())).into_iter());
        assert_eq!(got, BTreeMap::from([("API_KEY".to_owned(), "k".to_owned())]));
    }

    #[test]
    fn a_patch_adds_no_secret_and_what_was_there_before_stays() {
        let secrets = BTreeMap::from([("KEY".to_owned(), "planted-key-1".to_owned())]);
        let side = |content| Some(Side { mode: FileMode::Regular, content });
        let text = |text: &str| side(Content::Text(text.to_owned()));
        let binary = |bytes: &[u8]| side(Content::Binary(BASE64.encode(bytes)));
        let change = |before, after| FileChange { path: "a".to_owned(), before, after };
        let mut patch = Patch {
            files: vec![
                change(text("old planted-key-1"), text("k = planted-key-1\n")),
                change(None, binary(b"\0planted-key-1\xff")),
                change(None, text("nothing")),
            ],
            flags: vec![],
        };
        veil_patch(&mut patch, &secrets);
        let wanted = vec![
            change(text("old planted-key-1"), text("k = [secret KEY]\n")),
            change(None, binary(b"\0[secret KEY]\xff")),
            change(None, text("nothing")),
        ];
        assert_eq!(patch.files, wanted);
    }

    #[test]
    fn a_secret_is_named_and_not_shown_raw_or_quoted() {
        let secrets = [("A", "key-\"12345"), ("B", "key-\"12345678"), ("SHORT", "abc")];
        let veil = Veil::new(&secrets.map(|(n, v)| (n.to_owned(), v.to_owned())).into());
        let text = r#"{"env":"key-\"12345"} key-"12345678 abc"#;
        assert_eq!(veil.over(text.to_owned()), r#"{"env":"[secret A]"} [secret B] abc"#);
    }
}

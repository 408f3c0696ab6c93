//! Keeps secrets out of everything that is written.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fairtrial_domain::patch::{Content, Patch};
use fairtrial_wire::keys::Veil;

/// A variable of this process with this prefix holds a secret.
const PREFIX: &str = "FAIRTRIAL_SECRET_";
/// Shorter values would be found in innocent text.
const SHORTEST: usize = 8;

/// Picks the secrets out of an environment, by the name that the assistant's program reads.
pub(super) fn of(env: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    env.filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value))).collect()
}

/// Returns a veil over secrets.
pub(super) fn veil(secrets: &BTreeMap<String, String>) -> Veil {
    Veil::new(secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())), SHORTEST)
}

/// Replaces secrets in what a patch adds; what was there before stays, for it must fit its base.
pub(super) fn veil_patch(patch: &mut Patch, secrets: &BTreeMap<String, String>) {
    let veil = veil(secrets);
    let contents = patch.files.iter_mut().filter_map(|change| change.after.as_mut());
    for content in contents.map(|side| &mut side.content) {
        match content {
            Content::Text(text) => {
                *text = veil.over_text(std::mem::take(text));
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
    fn a_secret_is_named_and_a_short_one_is_left_in_innocent_text() {
        let secrets = [("A", "key-12345"), ("SHORT", "abc")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(veil(&secrets.into()).over_text("key-12345 abc".to_owned()), "[secret A] abc");
    }
}

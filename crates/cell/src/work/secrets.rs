//! Keeps secrets out of everything that is written.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fairtrial_domain::patch::{CaptureFlag, Content, FlagReason, Patch, Side};
use fairtrial_wire::keys::Veil;

use crate::login::{self, Credentials};

/// A variable of this process with this prefix holds a secret.
const PREFIX: &str = "FAIRTRIAL_SECRET_";
/// Shorter values would be found in innocent text.
const SHORTEST: usize = 8;

/// Picks the secrets out of an environment, by the name that the assistant's program reads.
pub(super) fn of(env: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    env.filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value))).collect()
}

/// All that is to be written nowhere.
pub(super) struct Unwritten {
    secrets: BTreeMap<String, String>,
    login: Option<Credentials>,
}

impl Unwritten {
    /// Secrets that the assistant is given, and the user's own login that it works with.
    pub(super) fn new(secrets: &BTreeMap<String, String>, login: Option<Credentials>) -> Unwritten {
        Unwritten { secrets: secrets.clone(), login }
    }

    /// Looks whether a login was renewed; returns whether there is more to be kept out.
    pub(super) fn again(&mut self) -> bool {
        self.login.as_mut().is_some_and(Credentials::again)
    }

    /// Reads a login's files, whatever their times say.
    pub(super) fn afresh(&mut self) {
        let _more = self.login.as_mut().is_some_and(Credentials::afresh);
    }

    /// Returns a veil over all of it.
    pub(super) fn veil(&self) -> Veil {
        veil(&self.but(|_| true))
    }

    /// Returns what a patch is not to add: it is graded, and what stands in a login's files beside credentials may be a
    /// part of it.
    pub(super) fn in_patches(&self) -> BTreeMap<String, String> {
        self.but(login::could_be_one)
    }

    fn but(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
        let login = self.login.iter().flat_map(Credentials::named).filter(|(_, value)| wanted(value));
        let login = login.map(|(name, value)| (name, value.to_owned()));
        self.secrets.clone().into_iter().chain(login).collect()
    }
}

/// Returns a veil over secrets.
pub(super) fn veil(secrets: &BTreeMap<String, String>) -> Veil {
    Veil::new(secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())), SHORTEST)
}

/// Replaces secrets in what a patch adds and flags the file. What was there before stays, for it must fit its base; and
/// what is graded must be what the assistant left, so that a value stays where the patch adds none of it, and so does a
/// line that the base has too.
pub(super) fn veil_patch(patch: &mut Patch, secrets: &BTreeMap<String, String>) {
    let befores = || patch.files.iter().filter_map(|change| change.before.as_ref());
    let afters = || patch.files.iter().filter_map(|change| change.after.as_ref());
    let veil = veil(secrets).only(|value| times(afters(), value) > times(befores(), value));
    let known: HashSet<String> = befores().flat_map(|side| lines(side, &veil)).collect();
    // A secret of several lines is in none of them.
    let long = veil.clone().only(|value| value.contains(&b'\n'));
    for change in &mut patch.files {
        let Some(after) = change.after.as_mut() else { continue };
        let veiled = match &after.content {
            Content::Text(text) if veil.over(text.as_bytes()).is_some() => {
                let line = |line: &str| {
                    if known.contains(line) { line.to_owned() } else { veil.over_text(line.to_owned()) }
                };
                let whole = long.over_text(text.clone());
                Some(Content::Text(whole.split_inclusive('\n').map(line).collect()))
            }
            Content::Text(_) => None,
            Content::Binary(text) => {
                let veiled = BASE64.decode(text.as_bytes()).ok().and_then(|bytes| veil.over(&bytes));
                veiled.map(|bytes| Content::Binary(BASE64.encode(bytes)))
            }
        };
        if let Some(veiled) = veiled.filter(|veiled| *veiled != after.content) {
            after.content = veiled;
            let reason = FlagReason::VeiledSecret;
            patch.flags.push(CaptureFlag { path: change.path.clone(), reason });
        }
    }
}

/// Returns the lines of a side that hold a secret.
fn lines(side: &Side, veil: &Veil) -> Vec<String> {
    match &side.content {
        Content::Text(text) if veil.over(text.as_bytes()).is_some() => {
            let told = |line: &&str| veil.over(line.as_bytes()).is_some();
            text.split_inclusive('\n').filter(told).map(str::to_owned).collect()
        }
        Content::Text(_) | Content::Binary(_) => Vec::new(),
    }
}

/// Returns how often `value` stands in these sides.
fn times<'a>(sides: impl Iterator<Item = &'a Side>, value: &[u8]) -> usize {
    sides.map(|side| count(&bytes(&side.content), value)).sum()
}

fn bytes(content: &Content) -> Cow<'_, [u8]> {
    match content {
        Content::Text(text) => Cow::Borrowed(text.as_bytes()),
        Content::Binary(text) => Cow::Owned(BASE64.decode(text.as_bytes()).unwrap_or_default()),
    }
}

/// Returns how often `value` begins in `bytes`.
fn count(bytes: &[u8], value: &[u8]) -> usize {
    let Some(first) = value.first() else { return 0 };
    let begins = |(at, byte): &(usize, &u8)| *byte == first && bytes[*at..].starts_with(value);
    bytes.iter().enumerate().filter(begins).count()
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::patch::{FileChange, FileMode};

    use super::*;

    #[test]
    fn only_marked_variables_are_secrets() {
        let env = [("FAIRTRIAL_SECRET_API_KEY", "k"), ("API_KEY", "x"), ("PATH", "y")];
        let got = of(env.map(|(n, v)| (n.to_owned(), v.to_owned())).into_iter());
        assert_eq!(got, BTreeMap::from([("API_KEY".to_owned(), "k".to_owned())]));
    }

    fn side(content: Content) -> Option<Side> {
        Some(Side { mode: FileMode::Regular, content })
    }

    fn text(text: &str) -> Option<Side> {
        side(Content::Text(text.to_owned()))
    }

    fn named(path: &str, before: Option<Side>, after: Option<Side>) -> FileChange {
        FileChange { path: path.to_owned(), before, after }
    }

    fn change(before: Option<Side>, after: Option<Side>) -> FileChange {
        named("a", before, after)
    }

    fn veiled(value: &str, files: Vec<FileChange>) -> Vec<FileChange> {
        let mut patch = Patch { files, flags: vec![] };
        veil_patch(&mut patch, &BTreeMap::from([("KEY".to_owned(), value.to_owned())]));
        patch.files
    }

    #[test]
    fn a_patch_adds_no_secret_and_what_was_there_before_stays() {
        let binary = |bytes: &[u8]| side(Content::Binary(BASE64.encode(bytes)));
        let mut patch = Patch {
            files: vec![
                named("a", text("old planted-key-1"), text("k = planted-key-1\n")),
                named("b", None, binary(b"\0planted-key-1\xff")),
                named("c", None, text("[secret KEY]")),
            ],
            flags: vec![],
        };
        veil_patch(&mut patch, &BTreeMap::from([("KEY".to_owned(), "planted-key-1".to_owned())]));
        let wanted = vec![
            named("a", text("old planted-key-1"), text("k = [secret KEY]\n")),
            named("b", None, binary(b"\0[secret KEY]\xff")),
            named("c", None, text("[secret KEY]")),
        ];
        assert_eq!(patch.files, wanted);
        let flag = |path: &str| CaptureFlag { path: path.to_owned(), reason: FlagReason::VeiledSecret };
        assert_eq!(patch.flags, [flag("a"), flag("b")], "what only looks like the mark is not flagged");
        let long = veiled("begin\nmiddle", vec![change(None, text("a begin\nmiddle z"))]);
        assert_eq!(long, [change(None, text("a [secret KEY] z"))]);
    }

    #[test]
    fn what_the_base_holds_in_the_open_stays_as_the_assistant_left_it() {
        let region = "use us-east-1;\nlet a = 1;\n";
        let edited = "use us-east-1;\nlet a = 2;\n";
        let moved = || vec![change(text(region), None), change(None, text(edited))];
        assert_eq!(veiled("us-east-1", moved()), moved());
        let once = || vec![change(text(region), text("go(us-east-1, 2);\n"))];
        assert_eq!(veiled("us-east-1", once()), once());
        let more = vec![change(text(region), text("use us-east-1;\nlet a = \"us-east-1\";\n"))];
        let named = "use us-east-1;\nlet a = \"[secret KEY]\";\n";
        assert_eq!(veiled("us-east-1", more), [change(text(region), text(named))]);
    }

    #[test]
    fn a_secret_is_named_and_a_short_one_is_left_in_innocent_text() {
        let secrets = [("A", "key-12345"), ("SHORT", "abc")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(veil(&secrets.into()).over_text("key-12345 abc".to_owned()), "[secret A] abc");
    }
}

//! Keys that only the meter holds: the job gets a stand-in for each, and the meter puts the key in its place.
//!
//! **Invariant:** nothing here shows a key, not even in debugging output.

use std::fmt;

/// Stands where a key was while a recording answers, which takes none.
pub const NO_KEY: &str = "metered-without-a-key";

/// One key with its stand-in.
#[derive(Clone)]
pub struct Key {
    /// The variable that the program reads it from.
    pub name: String,
    /// What the program is given.
    pub stand_in: String,
    value: String,
}

impl Key {
    /// Returns a key with a new stand-in, which nobody can guess.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub fn new(name: &str, value: &str) -> Result<Key, getrandom::Error> {
        let stand_in = format!("metered-{}", random()?);
        Ok(Key { name: name.to_owned(), stand_in, value: value.to_owned() })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name)
    }
}

/// Returns 32 hexadecimal digits from the machine's randomness.
///
/// # Errors
/// When it has none.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Puts keys in the place of their stand-ins.
pub(crate) fn put_in(text: &str, keys: &[Key]) -> String {
    keys.iter().fold(text.to_owned(), |text, key| {
        if text.contains(&key.stand_in) { text.replace(&key.stand_in, &key.value) } else { text }
    })
}

/// Values that must not be written, with the names that are written in their place.
#[derive(Clone, Default)]
pub struct Veil(Vec<(Vec<u8>, Vec<u8>)>);

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Veil({})", self.0.len())
    }
}

impl Veil {
    /// Returns a veil over secrets, given as name and value, also as they look inside JSON. Values shorter than `shortest`
    /// bytes are left in the open: they would be found in innocent text.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>, shortest: usize) -> Veil {
        let mut pairs = vec![];
        for (name, value) in secrets.into_iter().filter(|(_, value)| value.len() >= shortest.max(1)) {
            let shown = format!("[secret {name}]").into_bytes();
            let quoted = serde_json::Value::from(value).to_string();
            let inner = quoted[1..quoted.len() - 1].to_owned();
            if inner != value {
                pairs.push((inner.into_bytes(), shown.clone()));
            }
            pairs.push((value.as_bytes().to_vec(), shown));
        }
        // A secret that holds another goes first.
        pairs.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Veil(pairs)
    }

    /// Returns the veil over those values alone that `wanted` takes.
    #[must_use]
    pub fn only(self, wanted: impl Fn(&[u8]) -> bool) -> Veil {
        Veil(self.0.into_iter().filter(|(value, _)| wanted(value)).collect())
    }

    /// Returns the text without secrets.
    pub fn over_text(&self, text: String) -> String {
        match self.over(text.as_bytes()) {
            Some(veiled) => String::from_utf8_lossy(&veiled).into_owned(),
            None => text,
        }
    }

    /// Returns the bytes without secrets, or `None` when there was none in them.
    pub fn over(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut veiled: Option<Vec<u8>> = None;
        for (value, shown) in &self.0 {
            if let Some(done) = replaced(veiled.as_deref().unwrap_or(bytes), value, shown) {
                veiled = Some(done);
            }
        }
        veiled
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let first = from.first()?;
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(step) = bytes[at..].iter().position(|byte| byte == first) {
        at += step;
        if bytes[at..].starts_with(from) {
            let out = out.get_or_insert_default();
            out.extend_from_slice(&bytes[copied..at]);
            out.extend_from_slice(to);
            at += from.len();
            copied = at;
        } else {
            at += 1;
        }
    }
    let mut out = out?;
    out.extend_from_slice(&bytes[copied..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_takes_the_place_of_its_stand_in_and_is_never_shown() {
        let key = Key::new("API_KEY", "planted-key-1").unwrap();
        let header = format!("Bearer {}", key.stand_in);
        assert_eq!(put_in(&header, std::slice::from_ref(&key)), "Bearer planted-key-1");
        assert!(!format!("{key:?}").contains("planted"));
        assert_ne!(key.stand_in, Key::new("API_KEY", "planted-key-1").unwrap().stand_in);
    }

    #[test]
    fn secrets_are_named_raw_and_quoted() {
        let veil = Veil::new([("A", "key-\"12345"), ("B", "key-\"12345678"), ("NONE", "")], 1);
        let text = br#"{"env":"key-\"12345"} key-"12345678 k"#;
        assert_eq!(veil.over(text).unwrap(), br#"{"env":"[secret A]"} [secret B] k"#);
        assert_eq!(veil.over(b"nothing"), None);
        assert_eq!(
            veil.only(|value| value.ends_with(b"8")).over_text("key-\"12345678".to_owned()),
            "[secret B]"
        );
        assert_eq!(Veil::new([("SHORT", "abc")], 4).over(b"abc"), None);
    }
}

//! One named value of the file, read as what a field needs.
//!
//! **Invariant:** a text that looks like a secret is refused wherever texts are stored in the open.

use std::collections::BTreeMap;

use fairtrial_domain::assistant::{Price, SecretRef};
use fairtrial_domain::network::Allowed;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Fault, type_of};

/// A value with its name and places.
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    /// Where the name is, in bytes.
    pub(super) at: usize,
    /// Where the value is, in bytes.
    pub(super) value_at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Node<'a> {
    /// Returns the values of a table in the order in which they are written.
    pub(super) fn sorted(table: &'a DeTable<'a>) -> Vec<Self> {
        let mut nodes: Vec<Self> = table
            .iter()
            .map(|(name, value)| Node {
                name: name.get_ref(),
                at: name.span().start,
                value_at: value.span().start,
                value: value.get_ref(),
            })
            .collect();
        nodes.sort_by_key(|node| node.at);
        nodes
    }

    fn wrong(&self, wanted: &str) -> Fault {
        let problem = format!("`{}` is {}", self.name, type_of(self.value));
        Fault::new(self.at, problem, format!("write {wanted}"))
    }

    pub(super) fn table(&self) -> Result<Vec<Node<'a>>, Fault> {
        self.value.as_table().map(Node::sorted).ok_or_else(|| self.wrong("a table"))
    }

    pub(super) fn text(&self) -> Result<String, Fault> {
        let text = self.value.as_str().ok_or_else(|| self.wrong("a text in quotes"))?;
        let problem = if text.is_empty() {
            "is empty"
        } else if text.contains('\0') {
            "contains a zero byte"
        } else {
            return Ok(text.to_owned());
        };
        Err(Fault::new(self.at, format!("`{}` {problem}", self.name), "write a value, or remove the field"))
    }

    pub(super) fn truth(&self) -> Result<bool, Fault> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    fn texts(&self) -> Result<Vec<Node<'a>>, Fault> {
        let wrong = || self.wrong("a list of texts: [\"a\", \"b\"]");
        let node = |item: &'a Spanned<DeValue<'a>>| {
            item.get_ref().as_str().ok_or_else(wrong)?;
            let at = item.span().start;
            Ok(Node { name: self.name, at, value_at: at, value: item.get_ref() })
        };
        self.value.as_array().ok_or_else(wrong)?.iter().map(node).collect()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.as_array().is_some()
    }

    /// Reads the hosts of an allow list.
    pub(super) fn hosts(&self) -> Result<Vec<Allowed>, Fault> {
        let read = |node: &Node<'a>| {
            let bad = |bad: fairtrial_domain::network::BadAllowed| {
                Fault::new(node.at, bad.to_string(), "correct it, or take it out")
            };
            Allowed::parse(node.value.as_str().unwrap_or_default()).map_err(bad)
        };
        self.texts()?.iter().map(read).collect()
    }

    /// Reads texts that are stored in the open.
    pub(super) fn open_texts(&self) -> Result<Vec<String>, Fault> {
        let each = self.texts()?;
        each.iter().map(|node| node.not_secret().map(str::to_owned)).collect()
    }

    fn not_secret(&self) -> Result<&'a str, Fault> {
        let text = self.value.as_str().ok_or_else(|| self.wrong("a text in quotes"))?;
        if ["sk-", "ghp_", "github_pat_", "AKIA", "xoxb-"].iter().any(|start| text.starts_with(start)) {
            let problem = format!("a text in `{}` looks like a secret", self.name);
            return Err(Fault::new(self.at, problem, "refer to it in `secrets` instead"));
        }
        Ok(text)
    }

    /// Reads names of variables that are passed on in the open.
    pub(super) fn allowed(&self) -> Result<Vec<String>, Fault> {
        let read = |node: &Node<'a>| {
            let name = node.value.as_str().unwrap_or_default();
            variable(name, node.at)?;
            if secret_name(name) {
                let problem = format!("`{name}` in `env_allow` looks like a secret");
                return Err(Fault::new(node.at, problem, reference(name)));
            }
            Ok(name.to_owned())
        };
        self.texts()?.iter().map(read).collect()
    }

    /// Reads variables that are stored in the open.
    pub(super) fn open_variables(&self) -> Result<BTreeMap<String, String>, Fault> {
        let read = |node: Node<'a>| {
            variable(node.name, node.at)?;
            let value = node.not_secret()?;
            // `MAX_OUTPUT_TOKENS = "4000"` names no secret.
            let number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            if secret_name(node.name) && !number {
                let problem = format!("`{}` in `env` looks like a secret", node.name);
                return Err(Fault::new(node.at, problem, reference(node.name)));
            }
            Ok((node.name.to_owned(), value.to_owned()))
        };
        self.table()?.into_iter().map(read).collect()
    }

    pub(super) fn secrets(&self) -> Result<BTreeMap<String, SecretRef>, Fault> {
        let read = |node: Node<'a>| {
            variable(node.name, node.at)?;
            let shape =
                || Fault::new(node.at, format!("`{}` is no reference", node.name), reference(node.name));
            let parts = node.value.as_table().map(Node::sorted).ok_or_else(shape)?;
            let [part] = parts.as_slice() else { return Err(shape()) };
            let to = match part.name {
                "env" => {
                    let name = part.text()?;
                    variable(&name, part.at)?;
                    SecretRef::Env(name)
                }
                "keychain" => SecretRef::Keychain(part.text()?),
                _ => return Err(shape()),
            };
            Ok((node.name.to_owned(), to))
        };
        self.table()?.into_iter().map(read).collect()
    }

    pub(super) fn url(&self) -> Result<String, Fault> {
        let url = self.text()?;
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        match host {
            Some(host) if host.contains('@') => {
                Err(Fault::new(self.at, "the address holds a user or password", "put the key into `secrets`"))
            }
            Some(host) if !host.is_empty() && !url.contains(char::is_whitespace) => Ok(url),
            Some(_) | None => {
                let problem = format!("`{}` is not an address", url.escape_debug());
                Err(Fault::new(self.at, problem, "write http://HOST or https://HOST"))
            }
        }
    }

    pub(super) fn paths(&self) -> Result<Vec<String>, Fault> {
        let read = |node: &Node<'a>| {
            let path = node.text()?;
            let of_home = path.strip_prefix("~/").is_some_and(|rest| !rest.is_empty());
            if !of_home && !path.starts_with('/') && path.get(1..3).is_none_or(|s| s != ":\\") {
                let problem = format!("`{}` is not an absolute path", path.escape_debug());
                return Err(Fault::new(
                    node.at,
                    problem,
                    "write it from the root on, or from the home on with `~/`",
                ));
            }
            Ok(path)
        };
        self.texts()?.iter().map(read).collect()
    }

    /// Reads a program's own places in the user's home: none that many programs share.
    pub(super) fn own_places(&self) -> Result<Vec<String>, Fault> {
        const SHARED: [&str; 8] = [
            ".cache",
            ".config",
            ".local",
            ".local/share",
            ".local/state",
            ".local/bin",
            "Library",
            "AppData",
        ];
        let read = |node: &Node<'a>| {
            let path = node.text()?;
            let inner = path.strip_prefix("~/").unwrap_or_default().trim_end_matches('/');
            let plain = !inner.is_empty() && inner.split('/').all(|part| !matches!(part, "" | "." | ".."));
            if !plain || SHARED.contains(&inner) {
                let problem = format!("`{}` is no folder of one program's own", path.escape_debug());
                return Err(Fault::new(node.at, problem, "write one in the home, as `~/.tool`"));
            }
            Ok(format!("~/{inner}"))
        };
        self.texts()?.iter().map(read).collect()
    }

    pub(super) fn price(&self) -> Result<Price, Fault> {
        let parts = self.table()?;
        let names = ["input", "cache_read", "cache_write", "output"];
        let remedy = "write { input = 3.0, cache_read = 0.3, cache_write = 3.75, output = 15.0 }, in dollars per \
                      million tokens";
        if let Some(part) = parts.iter().find(|part| !names.contains(&part.name)) {
            return Err(Fault::new(part.at, format!("`{}` is not a part of a price", part.name), remedy));
        }
        let read = |name: &str| {
            let missing = || Fault::new(self.at, format!("the price has no `{name}`"), remedy);
            let part = parts.iter().find(|part| part.name == name).ok_or_else(missing)?;
            let wrong = || Fault::new(part.at, format!("`{name}` is not a price"), remedy);
            part.number().filter(|dollars| dollars.is_finite() && *dollars >= 0.0).ok_or_else(wrong)
        };
        Ok(Price {
            input: read("input")?,
            cache_read: read("cache_read")?,
            cache_write: read("cache_write")?,
            output: read("output")?,
        })
    }

    fn number(&self) -> Option<f64> {
        match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        }
    }
}

fn secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

fn reference(name: &str) -> String {
    format!("write `secrets = {{ {name} = {{ env = \"{name}\" }} }}` or `{{ keychain = \"ENTRY\" }}`")
}

fn variable(name: &str, at: usize) -> Result<(), Fault> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !first || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        let problem = format!("`{}` is not the name of a variable", name.escape_debug());
        return Err(Fault::new(at, problem, "use letters, digits and `_`"));
    }
    if name.starts_with("FAIRTRIAL_") || ["HOME", "PATH"].contains(&name) {
        return Err(Fault::new(at, format!("`{name}` is set by the cell"), "remove it"));
    }
    Ok(())
}

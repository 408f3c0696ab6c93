//! Direct dependencies as manifests name them: Cargo, npm, Python, Go, Maven and Gradle.
//!
//! **Invariant:** what cannot be read names nothing and is said to be unread; nothing is resolved or fetched.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A manifest that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be read: {why}")]
pub struct ManifestError {
    /// Which.
    pub path: String,
    /// Why, in the reader's words.
    pub why: String,
}

/// Returns the direct dependencies that a manifest names; `None` when the path is none.
///
/// # Errors
/// When the manifest cannot be read, as a sentence fragment.
pub fn direct(path: &str, text: &str) -> Option<Result<BTreeSet<String>, ManifestError>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let unread = |error: &dyn std::fmt::Display| {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        ManifestError { path: path.to_owned(), why: first }
    };
    if text.trim().is_empty() {
        return is_manifest(name).then(|| Ok(BTreeSet::new()));
    }
    Some(match name {
        "Cargo.toml" => toml::from_str::<toml::Table>(text).map(|t| cargo(&t)).map_err(|e| unread(&e)),
        "pyproject.toml" => {
            toml::from_str::<toml::Table>(text).map(|t| pyproject(&t)).map_err(|e| unread(&e))
        }
        "package.json" => serde_json::from_str::<Value>(text).map(|v| npm(&v)).map_err(|e| unread(&e)),
        "go.mod" => Ok(go(text)),
        "pom.xml" => Ok(maven(text)),
        "build.gradle" | "build.gradle.kts" => Ok(gradle(text)),
        _ if is_manifest(name) => Ok(requirements(text)),
        _ => return None,
    })
}

/// Returns the direct dependencies that files of (path, text before, text after) name anew, each with its path.
///
/// # Errors
/// When one of these manifests cannot be read.
pub fn added<'a>(
    files: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) -> Result<BTreeMap<String, String>, ManifestError> {
    let mut found = BTreeMap::new();
    for (path, before, after) in files {
        let Some(after) = direct(path, after) else { continue };
        let before = direct(path, before).unwrap_or_else(|| Ok(BTreeSet::new()))?;
        let new = after?.into_iter().filter(|name| !before.contains(name));
        found.extend(new.map(|name| (name, path.to_owned())));
    }
    Ok(found)
}

/// Returns whether a list of names has a dependency, as the manifest at `path` spells it.
pub fn lists(names: &[String], path: &str, name: &str) -> bool {
    let python = path.ends_with("pyproject.toml") || path.ends_with(".txt") || path.ends_with(".in");
    names.iter().any(|listed| listed == name || python && python_name(listed).as_deref() == Some(name))
}

fn is_manifest(name: &str) -> bool {
    ["Cargo.toml", "pyproject.toml", "package.json", "go.mod", "pom.xml", "build.gradle", "build.gradle.kts"]
        .contains(&name)
        || name.starts_with("requirements") && (name.ends_with(".txt") || name.ends_with(".in"))
}

fn cargo(table: &toml::Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        match key.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                found.extend(inner.iter().map(|(name, how)| {
                    how.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()
                }));
            }
            "workspace" => found.extend(cargo(inner)),
            "target" => found.extend(inner.values().filter_map(toml::Value::as_table).flat_map(cargo)),
            _ => {}
        }
    }
    found
}

fn pyproject(table: &toml::Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |list: Option<&toml::Value>| {
        let items = list.and_then(toml::Value::as_array).into_iter().flatten();
        found.extend(items.filter_map(toml::Value::as_str).filter_map(python_name));
    };
    let project = table.get("project");
    add(project.and_then(|p| p.get("dependencies")));
    for group in [project.and_then(|p| p.get("optional-dependencies")), table.get("dependency-groups")] {
        group.and_then(toml::Value::as_table).into_iter().flatten().for_each(|(_, list)| add(Some(list)));
    }
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry"));
    let groups = poetry.and_then(|p| p.get("group")).and_then(toml::Value::as_table).into_iter().flatten();
    let tables = [poetry.and_then(|p| p.get("dependencies")), poetry.and_then(|p| p.get("dev-dependencies"))];
    for table in tables.into_iter().chain(groups.map(|(_, group)| group.get("dependencies"))).flatten() {
        let names = table.as_table().into_iter().flatten().map(|(name, _)| name.as_str());
        found.extend(names.filter(|name| *name != "python").filter_map(python_name));
    }
    found
}

/// The name before versions, extras and markers, in the form that indexes compare (PEP 503).
fn python_name(requirement: &str) -> Option<String> {
    let name: String = requirement
        .trim()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    (!name.is_empty()).then(|| name.to_ascii_lowercase().replace(['_', '.'], "-"))
}

fn requirements(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.starts_with('-')).filter_map(python_name).collect()
}

fn npm(value: &Value) -> BTreeSet<String> {
    let groups = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
    let tables = groups.iter().filter_map(|group| value.get(group)?.as_object());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

fn go(text: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        let module = if inside && line.starts_with(')') {
            inside = false;
            continue;
        } else if let Some(rest) = line.strip_prefix("require") {
            inside = rest.trim_start().starts_with('(');
            if inside { continue } else { rest.trim() }
        } else if inside {
            line
        } else {
            continue;
        };
        if !module.contains("// indirect") && !module.is_empty() && !module.starts_with("//") {
            found.extend(module.split_whitespace().next().map(str::to_owned));
        }
    }
    found
}

fn maven(text: &str) -> BTreeSet<String> {
    let inner = |block: &str, tag: &str| -> Option<String> {
        let (_, rest) = block.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0.trim().to_owned())
    };
    let blocks =
        text.split("<dependency>").skip(1).filter_map(|rest| Some(rest.split_once("</dependency>")?.0));
    blocks.filter_map(|b| Some(format!("{}:{}", inner(b, "groupId")?, inner(b, "artifactId")?))).collect()
}

fn gradle(text: &str) -> BTreeSet<String> {
    let words = [
        "implementation",
        "api",
        "compileOnly",
        "runtimeOnly",
        "testImplementation",
        "testRuntimeOnly",
        "kapt",
        "annotationProcessor",
    ];
    let lines = text.lines().map(str::trim).filter(|line| {
        words
            .iter()
            .any(|word| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '(', '"', '\''])))
    });
    let quoted = |line: &str| -> Option<String> {
        let start = line.find(['"', '\''])?;
        let rest = &line[start + 1..];
        let coordinates = &rest[..rest.find(['"', '\''])?];
        let mut parts = coordinates.split(':');
        Some(format!("{}:{}", parts.next()?, parts.next()?))
    };
    lines.filter_map(quoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        let found = direct(path, text).unwrap().unwrap();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{path}");
    }

    #[test]
    fn direct_dependencies_are_read_from_every_manifest() {
        check(
            "a/Cargo.toml",
            "[dependencies]\nb = \"1\"\nc = { package = \"d\", version = \"1\" }\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n",
            &["b", "d", "e"],
        );
        check(
            "package.json",
            r#"{"dependencies": {"b": "1"}, "devDependencies": {"@c/d": "1"}}"#,
            &["@c/d", "b"],
        );
        check(
            "pyproject.toml",
            "[project]\ndependencies = [\"B_c>=1\", \"d[x]; python_version > '3'\"]\n[tool.poetry.dependencies]\npython = \"3\"\ne = \"1\"\n",
            &["b-c", "d", "e"],
        );
        check("requirements-dev.txt", "-r a.txt\nb==1 # why\n\n# c\n", &["b"]);
        check(
            "go.mod",
            "module m\nrequire a/b v1\nrequire (\n\tc/d v1\n\te/f v1 // indirect\n)\n",
            &["a/b", "c/d"],
        );
        check(
            "pom.xml",
            "<dependency><groupId>a</groupId>\n<artifactId>b</artifactId></dependency>",
            &["a:b"],
        );
        check("build.gradle", "implementation 'a:b:1'\ntestImplementation(\"c:d:2\")\n", &["a:b", "c:d"]);
        check("Cargo.toml", "", &[]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert!(
            direct("package.json", "{")
                .unwrap()
                .unwrap_err()
                .to_string()
                .starts_with("`package.json` cannot be read: ")
        );
        assert_eq!(direct("main.rs", "x"), None);
    }
}

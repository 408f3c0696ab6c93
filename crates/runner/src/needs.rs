//! Recognises in what a failed command said which programs, files and hosts it wanted that a cell does not show, and
//! writes the lines that allow them. Pure.
//!
//! **Invariant:** a line is proposed only for what this machine has; it keeps what the task allows already.

use std::collections::BTreeSet;
use std::path::Path;

use fairtrial_domain::preflight::Allow;
use fairtrial_domain::task::{Network, Task};

/// Something of this machine or the network that a command wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A program.
    Program(String),
    /// A file or folder outside of the cell; `~/` is the user's home.
    Path(String),
    /// A host, with its port where that was said and is not 443 or 80.
    Host(String),
    /// The socket of a container engine.
    Containers,
}

/// What this machine has, asked by whoever may look.
pub trait Machine {
    /// Returns whether a program is on the PATH.
    fn has_program(&self, name: &str) -> bool;
    /// Returns what showing a path gives away, as a sentence, or `None` when it is not here. `~/` is the user's home.
    fn shown_by(&self, path: &str) -> Option<String>;
}

/// What every cell shows whole, or has of its own: a file that is missing there is the command's own affair.
const SHOWN: [&str; 13] = [
    "/workspace",
    "/tmp",
    "/proc",
    "/dev",
    "/sys",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
];
/// The home inside of a cell, where a command looks for what lies in the user's own.
const HOME: &str = "/home/cell/";
/// Folders of a home that many programs share: what is in them is named one deeper.
const SHARED: [&str; 4] = [".cache", ".config", ".local", ".local/share"];
/// Say that a host's name was not found; the name follows.
const NO_HOST: [&str; 11] = [
    "ould not resolve host: ",
    "ould not resolve host \"",
    "getaddrinfo ENOTFOUND ",
    "getaddrinfo EAI_AGAIN ",
    "Failed to resolve '",
    "UnknownHostException: ",
    "Unknown host ",
    "dial tcp: lookup ",
    "Could not resolve '",
    "unable to resolve host address '",
    "ConnectionPool(host='",
];

/// Returns what the text shows to be missing, each once.
pub fn needs(text: &str) -> BTreeSet<Need> {
    text.lines().flat_map(|line| in_line(line.trim())).collect()
}

fn in_line(line: &str) -> Vec<Need> {
    if line.contains("docker.sock") || line.contains("Cannot connect to the Docker daemon") {
        return vec![Need::Containers];
    }
    let mut found: Vec<Need> = NO_HOST.iter().filter_map(|words| host(line.split_once(words)?.1)).collect();
    found.extend(refused(line));
    let shell = |before: &&str| a_shell_says(before);
    let absent = line.strip_suffix(": command not found");
    if let Some(before) = absent.or_else(|| line.strip_suffix(": not found").filter(shell)) {
        found.extend(program(before));
    }
    if let Some((before, _)) = line.split_once("` is not on the PATH") {
        found.extend(program(before.rsplit('`').next().unwrap_or_default()));
    }
    let absent = ["No such file or directory", "no such file or directory", "NoSuchFile", "cannot open "];
    if absent.iter().any(|words| line.contains(words)) {
        found.extend(paths(line));
        if let Some(name) = line.strip_prefix("env: ").and_then(|rest| rest.split(':').next()) {
            found.extend(program(name));
        }
    }
    found
}

/// Returns whether `sh: 1: mvn` or `./build: 2: mvn` came before it: others find other things than programs missing.
fn a_shell_says(before: &str) -> bool {
    let mut parts = before.split(": ");
    let (speaker, line) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let name = speaker.rsplit('/').next().unwrap_or_default();
    let numbered = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    numbered || (name.ends_with("sh") && !line.is_empty())
}

/// Reads the name of a program at the end of `sh: 1: mvn: `, where it is a bare word.
fn program(before: &str) -> Option<Need> {
    let name = before
        .trim_end_matches([':', ' '])
        .rsplit(": ")
        .next()?
        .trim_matches(['`', '\'', '"', '\u{2018}', '\u{2019}']);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let bare = !name.is_empty()
        && name.len() < 64
        && name.chars().all(plain)
        && !name.bytes().all(|b| b.is_ascii_digit());
    bare.then(|| Need::Program(name.to_owned()))
}

/// Reads a host's name from the start of a text.
fn host(text: &str) -> Option<Need> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || ".-_".contains(c))).unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.').to_ascii_lowercase();
    (name.contains('.') && !name.starts_with('.')).then_some(Need::Host(name))
}

/// Reads what our own proxy says: `HOST:PORT: not allowed in this cell`, or `the proxy refused HOST:PORT`.
fn refused(line: &str) -> Option<Need> {
    let place = match line.split_once(": not allowed in this cell") {
        Some((before, _)) => before.rsplit(' ').next()?,
        None => line.split_once("the proxy refused ")?.1.split([' ', ',', ';']).next()?,
    };
    let (host, port) = place.rsplit_once(':')?;
    let usual = ["443", "80"].contains(&port);
    let named = !host.is_empty() && host != "-";
    named.then(|| Need::Host(if usual { host.to_owned() } else { format!("{host}:{port}") }))
}

/// Reads the paths outside of a cell that a line names, up to the folder that stands for them.
fn paths(line: &str) -> Vec<Need> {
    let words = line.split(|c: char| c.is_whitespace() || "'\"`()[]<>,;=\u{2018}\u{2019}".contains(c));
    let path = |word: &str| {
        let word = word.trim_end_matches([':', '.']);
        if let Some(rest) = word.strip_prefix(HOME).or_else(|| word.strip_prefix("~/")) {
            return in_home(rest).map(|name| Need::Path(format!("~/{name}")));
        }
        let shown = SHOWN.iter().any(|top| Path::new(word).starts_with(top));
        if !word.starts_with('/') || word.len() < 3 || shown {
            return None;
        }
        let deep = if ["/home/", "/var/"].iter().any(|top| word.starts_with(top)) { 3 } else { 2 };
        let parts: Vec<&str> = word.split('/').filter(|part| !part.is_empty()).take(deep).collect();
        (!parts.contains(&"..")).then(|| Need::Path(format!("/{}", parts.join("/"))))
    };
    words.filter_map(path).collect()
}

/// Returns what in a home stands for a file: its first folder, below those that many programs share.
fn in_home(rest: &str) -> Option<String> {
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let deep = (1..parts.len()).find(|n| !SHARED.contains(&parts[..*n].join("/").as_str()));
    let name = parts[..deep.unwrap_or(parts.len())].join("/");
    (!name.is_empty() && !parts.contains(&"..") && !SHARED.contains(&name.as_str())).then_some(name)
}

/// Returns the lines that allow what a task lacked, one for each setting, and what to do where no line helps.
pub fn lines(task: &Task, wanted: &BTreeSet<Need>, machine: &dyn Machine) -> Vec<Allow> {
    let mut allow = vec![];
    let (mut requires, mut readable) = (task.requires.clone(), task.readable.clone());
    let mut hosts: Vec<String> = match &task.network {
        Network::Allow(hosts) => hosts.iter().map(ToString::to_string).collect(),
        Network::None | Network::Host | Network::Model => vec![],
    };
    for need in wanted {
        match need {
            Need::Program(name) => allow.push(program_line(name, &mut requires, machine)),
            Need::Path(path) => allow.extend(path_line(path, &mut readable, machine)),
            Need::Host(host) => allow.push(host_line(host, &mut hosts, &task.network)),
            Need::Containers => allow.push(Allow {
                because: "a container engine was wanted".to_owned(),
                line: None,
                gives_away:
                    "it cannot be allowed, for whoever reaches its socket is root on this machine: choose a \
                             check that needs none"
                        .to_owned(),
            }),
        }
    }
    // The last of each setting has all of them.
    let last = |name: &str| {
        let of = |one: &Allow| one.line.as_ref().is_some_and(|line| line.starts_with(name));
        allow.iter().rfind(|one| of(one)).and_then(|one| one.line.clone())
    };
    let whole = ["requires", "readable", "network"].map(last);
    for line in allow.iter_mut().filter_map(|one| one.line.as_mut()) {
        let name = line.split(' ').next().unwrap_or_default().to_owned();
        if let Some(all) = whole.iter().flatten().find(|all| all.starts_with(&name)) {
            line.clone_from(all);
        }
    }
    allow
}

fn program_line(name: &str, requires: &mut Vec<String>, machine: &dyn Machine) -> Allow {
    let because = format!("the program `{name}` is not seen in a cell");
    if !machine.has_program(name) {
        let gives_away = format!("`{name}` is not on this machine's PATH either: install it first");
        return Allow { because, line: None, gives_away };
    }
    let line = Some(setting("requires", requires, name));
    let gives_away =
        "set-up, checks and every assistant can read and run its installation, and write nothing in it"
            .to_owned();
    Allow { because, line, gives_away }
}

fn path_line(path: &str, readable: &mut Vec<String>, machine: &dyn Machine) -> Option<Allow> {
    let because = format!("`{path}` is not seen in a cell");
    if let Some(shown) = machine.shown_by(path) {
        let line = Some(setting("readable", readable, path));
        let gives_away = format!("set-up, checks and every assistant can read {shown}");
        return Some(Allow { because, line, gives_away });
    }
    // What a command looked for in a home or makes itself elsewhere is missing for the task's own reasons.
    path.starts_with("~/").then(|| Allow {
        because,
        line: None,
        gives_away: format!("`{path}` is not on this machine either: make it, or have `setup` write it"),
    })
}

fn host_line(host: &str, hosts: &mut Vec<String>, network: &Network) -> Allow {
    let because = format!("`{host}` was not reached");
    if *network == Network::Host {
        let gives_away =
            "this machine does not reach it either, for set-up has its whole network: mend the connection; \
                          checks never have a network, so fetch what they need in `setup`"
                .to_owned();
        return Allow { because, line: None, gives_away };
    }
    let line = Some(setting("network", hosts, host));
    let gives_away =
        "set-up can reach it, and send it whatever set-up can read; checks never have a network, so fetch \
                      what they need in `setup`"
            .to_owned();
    Allow { because, line, gives_away }
}

/// Adds to a list and writes its line of TOML.
fn setting(name: &str, list: &mut Vec<String>, more: &str) -> String {
    if !list.iter().any(|one| one == more) {
        list.push(more.to_owned());
    }
    let quoted: Vec<String> = list.iter().map(|one| quoted(one)).collect();
    format!("{name} = [{}]", quoted.join(", "))
}

/// Writes a basic string of TOML.
fn quoted(text: &str) -> String {
    let written = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", written.collect::<String>())
}

/// Returns a reason with what helps against it, where something that a cell does not show was wanted.
pub fn explained(reason: String) -> String {
    if needs(&reason).is_empty() {
        return reason;
    }
    reason
        + "\nA cell does not show what was wanted: `fairtrial tasks preflight SUITE` says which line allows it"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let said = |need: &Need| match need {
            Need::Program(name) => format!("program {name}"),
            Need::Path(path) => format!("path {path}"),
            Need::Host(host) => format!("host {host}"),
            Need::Containers => "containers".to_owned(),
        };
        assert_eq!(needs(line).iter().map(said).collect::<Vec<_>>().join(", "), expected, "{line}");
    }

    #[test]
    fn programs_that_are_missing_are_recognised() {
        check("sh: 1: mvn: not found", "program mvn");
        check("bash: line 3: nvm: command not found", "program nvm");
        check("env: \u{2018}node\u{2019}: No such file or directory", "program node");
        check("`go` is not on the PATH: install it", "program go");
        check("error: package serde not found", "");
        check("AssertionError: 3 not found", "");
        check("ValueError: item not found", "");
        check("KeyError: item: not found", "");
        check("./build: 2: protoc: not found", "program protoc");
        check("/bin/sh: protoc: not found", "program protoc");
    }

    #[test]
    fn files_outside_of_the_cell_are_recognised_by_the_folder_that_holds_them() {
        check("cat: /home/cell/.m2/settings.xml: No such file or directory", "path ~/.m2");
        check("sh: 1: cannot open /home/cell/corp.ini: No such file", "path ~/corp.ini");
        check("ENOENT: no such file or directory, open '/home/cell/.config/tool/a'", "path ~/.config/tool");
        check(
            "sh: 1: .: cannot open /home/ann/.nvm/nvm.sh: No such file or directory",
            "path /home/ann/.nvm",
        );
        check("Error: ENOENT: no such file or directory, open '/opt/sdk/lib/x'", "path /opt/sdk");
        check("cat: /etc/corp.conf: No such file or directory", "path /etc/corp.conf");
        check("open /workspace/data.txt: No such file or directory", "");
        check("cat: /home/cell/.cache: No such file or directory", "");
        check("cat: /opt/../etc/shadow: No such file or directory", "");
    }

    #[test]
    fn hosts_that_were_not_found_or_refused_are_recognised() {
        check("curl: (6) Could not resolve host: registry.corp.example", "host registry.corp.example");
        check("npm error getaddrinfo EAI_AGAIN registry.npm.example", "host registry.npm.example");
        check("java.net.UnknownHostException: repo.maven.example", "host repo.maven.example");
        check("dial tcp: lookup proxy.go.example on 127.0.0.1:53: no such host", "host proxy.go.example");
        check(
            "HTTPSConnectionPool(host='pypi.corp.example', port=443): Max retries",
            "host pypi.corp.example",
        );
        check("fairtrial: a.example:8443: not allowed in this cell: the list", "host a.example:8443");
        check("it failed; the proxy refused b.example:443, c", "host b.example");
        check("the proxy refused -:0", "");
    }

    /// A machine that has what is listed.
    struct Has(&'static [&'static str]);

    impl Machine for Has {
        fn has_program(&self, name: &str) -> bool {
            self.0.contains(&name)
        }
        fn shown_by(&self, path: &str) -> Option<String> {
            self.0.contains(&path).then(|| format!("all of {path}"))
        }
    }

    fn proposed(settings: &str, said: &str, has: &'static [&'static str]) -> Vec<String> {
        let task: Task = fairtrial_task(settings);
        let of = |one: Allow| one.line.unwrap_or(one.gives_away);
        lines(&task, &needs(said), &Has(has)).into_iter().map(of).collect()
    }

    /// A task that says nothing but `settings`, a JSON object of some of its fields.
    fn fairtrial_task(settings: &str) -> Task {
        let mut task = serde_json::json!({
            "id": "t", "title": "", "instruction": "", "kind": "other", "language": null, "setup": [], "checks": [],
            "hidden": [], "protected": [], "allowed": [], "requires": [], "reference": null, "tests_may_change": false,
            "limits": fairtrial_domain::task::Limits::default(), "digest": "0".repeat(64), "directory": "",
            "repository": { "from": "folder", "path": "" }
        });
        let more: serde_json::Map<String, serde_json::Value> = serde_json::from_str(settings).unwrap();
        task.as_object_mut().unwrap().extend(more);
        serde_json::from_value(task).unwrap()
    }

    #[test]
    fn a_line_keeps_what_is_allowed_already_and_holds_all_that_is_missing() {
        let said = "sh: 1: mvn: not found\nsh: 1: protoc: not found";
        let line = r#"requires = ["python3", "mvn", "protoc"]"#;
        assert_eq!(proposed(r#"{"requires": ["python3"]}"#, said, &["mvn", "protoc"]), [line, line]);
        let said = "the proxy refused b.example:443";
        assert_eq!(
            proposed(r#"{"network": {"allow": ["a.example:81"]}}"#, said, &[]),
            [r#"network = ["a.example:81", "b.example"]"#]
        );
        assert_eq!(
            proposed("{}", "cat: /home/cell/.m2/x: No such file or directory", &["~/.m2"]),
            [r#"readable = ["~/.m2"]"#]
        );
    }

    #[test]
    fn a_line_is_toml_whatever_a_path_is_called() {
        let names = ["~/Größe", "~/it's", r#"~/a"b\c"#, "~/a\tb"].map(str::to_owned);
        let line = setting("readable", &mut names[..3].to_vec(), &names[3]);
        let read: toml::Table = line.parse().unwrap();
        let read: Vec<&str> =
            read["readable"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
        assert_eq!(read, names);
    }

    #[test]
    fn what_no_line_can_help_says_what_does() {
        let one = |said: &str| proposed("{}", said, &[]).pop().unwrap();
        assert!(one("sh: 1: mvn: not found").contains("install it first"));
        assert!(
            one("cat: /home/cell/.m2/x: No such file or directory").contains("not on this machine either")
        );
        assert!(one("the proxy refused b.example:443").contains("whole network"));
        check("dial unix /var/run/docker.sock: connect: no such file or directory", "containers");
        assert!(one("Cannot connect to the Docker daemon").contains("cannot be allowed"));
        assert!(proposed("{}", "cat: /opt/made/later: No such file or directory", &[]).is_empty());
    }
}

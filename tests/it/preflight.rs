//! What set-up and checks lack is named before anything is spent, each with the line that allows it; with the lines
//! added nothing is missing.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use fairtrial_tests::Home;
use serde_json::Value;

use crate::upkeep::suite;

/// A suite of one task, with a user's home and a tool that no cell shows.
struct Machine {
    home: Home,
    user: tempfile::TempDir,
    suite: String,
}

impl Machine {
    fn new(check: &str) -> Machine {
        let home = Home::new();
        let suite = suite(&home, check);
        let user = tempfile::tempdir().unwrap();
        fs::set_permissions(user.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let write = |path: &str, text: &str| {
            let path = user.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("tools/bin/planted-tool", "#!/bin/sh\ncat \"$(dirname \"$0\")/../share/word\"\n");
        write("tools/share/word", "planted\n");
        write(".planted/settings.xml", "<mirror/>\n");
        write(".planted/token.txt", "planted-key-1\n");
        Machine { home, user, suite }
    }

    fn task(&self) -> PathBuf {
        self.home.path().join("suite/one/task.toml")
    }

    /// Adds lines to the task's own settings.
    fn add(&self, lines: &str) {
        let text = fs::read_to_string(self.task()).unwrap();
        fs::write(self.task(), text.replacen("title = \"One\"", &format!("title = \"One\"\n{lines}"), 1))
            .unwrap();
    }

    /// Runs `fairtrial` with this user's home and tools, and returns what it printed with its exit code.
    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let path =
            format!("{}:{}", self.user.path().join("tools/bin").display(), std::env::var("PATH").unwrap());
        let mut command = self.home.fairtrial(words);
        let ran = command.env("HOME", self.user.path()).env("PATH", path).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    }

    fn preflight(&self) -> (Option<i32>, Value) {
        let (code, out) = self.run(&["tasks", "preflight", &self.suite, "--json"]);
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
    }

    /// Asserts that the preflight proposes exactly `lines`, and that with them nothing is missing.
    fn check(&self, lines: &[&str]) -> Value {
        let (code, found) = self.preflight();
        assert_eq!(code, Some(4), "{found}");
        let allow = found[0]["allow"].as_array().unwrap();
        let mut proposed: Vec<&str> = allow.iter().filter_map(|one| one["line"].as_str()).collect();
        proposed.dedup();
        assert_eq!(proposed, lines, "{found}");
        self.add(&lines.join("\n"));
        let (code, after) = self.preflight();
        assert_eq!((code, &after[0]["problems"]), (Some(0), &Value::from(Vec::<Value>::new())), "{after}");
        let (code, run) = self.run(&["run", &self.suite, "--assistants", "mine", "--json"]);
        assert_eq!(code, Some(0), "{run}");
        let run: Value = serde_json::from_str(&run).unwrap();
        assert_eq!(run["trials"][0]["result"]["result"], "resolved", "{run}");
        found
    }
}

#[test]
fn a_tool_outside_of_the_cell_is_named_with_its_line() {
    let machine = Machine::new("planted-tool | grep -q planted || exit 1; true");
    // The pipe hides nothing: what the shell said is read.
    let found = machine.check(&[r#"requires = ["planted-tool"]"#]);
    assert!(found[0]["allow"][0]["gives_away"].as_str().unwrap().contains("its installation"), "{found}");
}

#[test]
fn a_file_of_the_users_home_is_named_with_its_line_and_what_it_gives_away() {
    let machine = Machine::new("cat ~/.planted/settings.xml || exit 1");
    let found = machine.check(&[r#"readable = ["~/.planted"]"#]);
    let gives = found[0]["allow"][0]["gives_away"].as_str().unwrap();
    assert!(gives.contains("2 files") && gives.contains("secrets: token.txt"), "{gives}");
    assert!(
        fs::symlink_metadata(machine.user.path().join(".planted")).unwrap().is_dir(),
        "the home is untouched"
    );
}

#[test]
fn a_host_that_set_up_asks_for_is_named_with_its_line() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in server.incoming().flatten() {
            let (mut stream, mut head) = (stream, [0; 4096]);
            let _ = stream.read(&mut head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        }
    });
    let machine = Machine::new("test -s got.txt || exit 1");
    let fetch = format!(
        "no_proxy= NO_PROXY= python3 -c 'import urllib.request as u; u.urlopen(\\\"http://127.0.0.1:{port}/\\\")' && echo y > got.txt"
    );
    machine.add(&format!("requires = [\"python3\"]\nsetup = [\"{fetch}\"]"));
    let without = fs::read_to_string(machine.task()).unwrap();
    fs::write(machine.task(), without.replacen("title = \"One\"", "title = \"One\"\nnetwork = \"none\"", 1))
        .unwrap();
    let (code, found) = machine.preflight();
    let line = format!("network = [\"127.0.0.1:{port}\"]");
    assert_eq!((code, found[0]["allow"][0]["line"].as_str()), (Some(4), Some(line.as_str())), "{found}");
    fs::write(machine.task(), without.replacen("title = \"One\"", &format!("title = \"One\"\n{line}"), 1))
        .unwrap();
    let (code, after) = machine.preflight();
    assert_eq!(code, Some(0), "{after}");
}

#[test]
fn all_that_is_missing_is_named_by_one_look_and_what_no_line_helps_says_so() {
    let machine = Machine::new("no-such-planted-tool --version; planted-tool || exit 1");
    machine.add("setup = [\"cat ~/.planted/settings.xml\", \"ls /var/run/docker.sock\", \"true\"]");
    let (code, found) = machine.preflight();
    let said = found[0]["allow"].to_string();
    assert_eq!(code, Some(4));
    for word in [
        "requires = [\\\"planted-tool\\\"]",
        "readable = [\\\"~/.planted\\\"]",
        "it cannot be allowed",
        "not on this machine's PATH either",
    ] {
        assert!(said.contains(word), "{word}: {found}");
    }
    let (_, text) = machine.run(&["tasks", "preflight", &machine.suite]);
    assert!(text.contains("gives away: ") && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // A run says early where to look, and no assistant was started.
    let (_, run) = machine.run(&["run", &machine.suite, "--assistants", "mine", "--json"]);
    assert!(run.contains("fairtrial tasks preflight"), "{run}");
}

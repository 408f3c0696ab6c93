//! A user's own login: shown and not copied, to one trial and one run at a time, marked wherever it stands, and written
//! nowhere. The home is a throw-away one; the real programs talk to a scripted model.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use fairtrial_testkit::{CODEX_MODEL, ModelServer, Script, Step, Tool};
use fairtrial_tests::{Home, kept_below, root, skip, wait_for};
use serde_json::{Value, json};

use crate::upkeep::suite;

const TOKEN: &str = "planted-refresh-token-51f0a7";

/// A data folder with a suite of one task, and the home of an invented user.
struct Desk {
    home: Home,
    user: tempfile::TempDir,
    suite: String,
}

impl Desk {
    fn new(assistants: &str) -> Desk {
        let home = Home::new();
        let suite = suite(&home, "true");
        fs::write(home.path().join("assistants.toml"), assistants).unwrap();
        Desk { home, user: tempfile::tempdir().unwrap(), suite }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.user.path().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn fairtrial(&self, words: &[&str]) -> Command {
        let mut command = self.home.fairtrial(words);
        command.env("HOME", self.user.path());
        command
    }

    fn json(&self, words: &[&str]) -> Value {
        let ran = self.fairtrial(words).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"))
    }

    /// No byte of the data folder holds the token.
    fn holds_no_token(&self) {
        for (path, bytes) in kept_below(self.home.path()) {
            let holds = bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
            assert!(!holds, "the token is in {}", path.display());
        }
    }
}

/// An assistant that renews its login, and notes when another is at it.
const RENEWS: &str = "mkdir ~/.tool/busy || echo overlap >> ~/.tool/overlaps; sleep 0.4; cat ~/.tool/token > ~/.tool/t; \
                      echo renewed >> ~/.tool/t; mv ~/.tool/t ~/.tool/token; echo x >> ~/.tool.json; ls -a ~ | tr '\\n' ' '; \
                      rmdir ~/.tool/busy; echo two > a.txt";

fn renewing(name: &str) -> String {
    format!(
        "[assistants.{name}]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", {RENEWS:?}]\n\
         own_login = [\"~/.tool\", \"~/.tool.json\"]\naccount = \"Team, EU\"\n"
    )
}

#[test]
fn trials_see_the_login_itself_one_at_a_time_and_nothing_else_of_the_home() {
    let desk = Desk::new(&(renewing("one") + &renewing("two")));
    desk.put(".tool/token", "first\n");
    desk.put(".tool.json", "{}\n");
    desk.put(".ssh/id", "planted\n");
    let run =
        desk.json(&["run", &desk.suite, "--assistants", "one,two", "--trials", "2", "--jobs", "4", "--json"]);
    let trials = run["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 4, "{run}");
    for trial in trials {
        assert_eq!(trial["ending"]["ending"], "finished", "{trial}");
        assert_eq!(trial["result"]["result"], "resolved", "{trial}");
    }
    // Renewed in place by every trial, so that the user stays signed in; never two at once.
    assert_eq!(
        fs::read_to_string(desk.at(".tool/token")).unwrap(),
        format!("first\n{}", "renewed\n".repeat(4))
    );
    assert!(!desk.at(".tool/overlaps").exists(), "two trials worked with one login at once");
    assert_eq!(fs::read_to_string(desk.at(".tool.json")).unwrap(), "{}\nx\nx\nx\nx\n");
    // Marked where it stands, and no verdict rests on it.
    let verdict = &run["comparison"]["verdict"];
    assert!(verdict["parts"].to_string().contains("own_login"), "{verdict}");
    let id = run["run"]["id"].as_str().unwrap();
    let shown = desk.fairtrial(&["show", id]).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("(own login)"), "{shown}");
    let log: String = kept_below(desk.home.path())
        .into_iter()
        .map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned())
        .filter(|text| text.contains(".tool"))
        .collect();
    assert!(!log.contains(".ssh"), "a trial saw more of the home than its program's own");
}

#[test]
fn a_second_run_with_the_same_login_is_refused_and_a_login_that_is_not_there_is_a_hurdle() {
    let waits = renewing("one").replace("sleep 0.4", "touch ~/.tool/began; sleep 20");
    let desk = Desk::new(&(waits + &renewing("two")));
    let run = ["run", &desk.suite, "--assistants", "two"];
    let ran = desk.fairtrial(&run).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.code() == Some(2) && said.contains("sign in with the program itself"), "{said}");
    desk.put(".tool/token", "first\n");
    let mut first = desk.fairtrial(&["run", &desk.suite, "--assistants", "one"]).spawn().unwrap();
    wait_for("the first run's trial", || desk.at(".tool/began").exists().then_some(()));
    let ran = desk.fairtrial(&run).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(ran.status.code() == Some(2) && said.contains("another run works with the login"), "{said}");
    assert!(!fs::read_to_string(desk.at(".tool/token")).unwrap().contains("renewed"));
}

/// A stand-in for Claude Code that tells its token, tries to change its user's settings and plants a command.
const TELLS: &str = r#"#!/bin/sh
case $1 in --version) echo '2.1.197 (Claude Code)'; exit;; esac
token=$(sed -n 's/.*"refreshToken":"\([^"]*\)".*/\1/p' ~/.claude/.credentials.json)
echo '{}' > ~/.claude/settings.json && echo '{"type":"assistant","message":{"content":[{"type":"text","text":"SEALED NOT"}]}}'
mkdir -p ~/.claude/commands
echo "$token" >&2
echo two > a.txt
printf '{"type":"assistant","message":{"content":[{"type":"text","text":"token %s"}]}}\n' "$token"
echo '{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":1}'
"#;

#[test]
fn what_a_login_holds_is_written_nowhere_and_settings_that_it_obeys_stay_as_they_are() {
    for tier in ["full", "bubblewrap", "container", "plain"] {
        tells_and_plants(tier);
    }
}

fn tells_and_plants(tier: &str) {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("");
    let found = desk.json(&["doctor", "--json"]);
    let found = found["tiers"].as_array().unwrap().iter().find(|one| one["tier"] == tier).unwrap();
    if skip(&format!("{tier}: {}", found["missing"]), !found["missing"].is_null()) {
        return;
    }
    let program = desk.at("opt/tool/bin/claude");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, TELLS).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(
        desk.home.path().join("assistants.toml"),
        format!("[assistants.mine]\nbackend = \"claude_code\"\nprogram = {program:?}\nown_login = true\naccount = \"Max, EU\"\n"),
    )
    .unwrap();
    desk.put(".claude/.credentials.json", &json!({ "claudeAiOauth": { "refreshToken": TOKEN } }).to_string());
    desk.put(".claude/settings.json", "{\"own\":true}");
    let run = desk.json(&["run", &desk.suite, "--assistants", "mine", "--tier", tier, "--json"]);
    let trial = &run["trials"][0];
    assert_eq!(trial["tier"], tier, "{trial}");
    assert_eq!(trial["ending"]["ending"], "finished", "{run}");
    desk.holds_no_token();
    let text: String = kept_below(desk.home.path())
        .into_iter()
        .map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    assert!(text.contains("token [secret of the login 1]"), "what it said is kept without the token");
    if tier != "plain" {
        assert_eq!(fs::read_to_string(desk.at(".claude/settings.json")).unwrap(), "{\"own\":true}");
        assert!(!text.contains("SEALED NOT"));
    }
    assert!(
        text.contains("it wrote ~/.claude/commands into the user's own login"),
        "what it planted is told"
    );
    let seen = desk.json(&["assistants", "--json"]);
    let mine = seen.as_array().unwrap().iter().find(|one| one["id"] == "mine").unwrap();
    assert_eq!(mine["sign_in"]["own_login"], true, "{mine}");
    assert_eq!(mine["sign_in"]["found"], "~/.claude/.credentials.json");
    assert!(mine["sign_in"]["source"].as_str().unwrap().starts_with("https://code.claude.com/"));
}

/// Returns where a real program is, or says that it is not installed.
fn installed(name: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = std::env::var_os("FAIRTRIAL_REAL_CLIS")
        .map_or_else(|| target.join("real-clis/node_modules/.bin"), PathBuf::from);
    let path = folder.join(name);
    (!skip(&format!("{name} with a login: it is not installed (make assistants)"), !path.is_file()))
        .then_some(path)
}

/// Signs a real program in with an invented key of its own, and has it repair the file.
fn real(name: &str, backend: &str, model: &str, sign_in: impl Fn(&Desk, u16)) {
    let Some(program) = installed(name) else { return };
    let edit = Tool::Edit { path: "a.txt".into(), old: "one".into(), new: "two".into() };
    let script = Script::new(vec![
        Step::call("I will read it.", Tool::Read { path: "a.txt".into() }),
        Step::call("It is one.", edit),
        Step::say("It is two now."),
    ]);
    let server = ModelServer::start(script).unwrap();
    let desk = Desk::new(&format!(
        "[assistants.mine]\nbackend = \"{backend}\"\nprogram = {program:?}\nmodel = \"{model}\"\nown_login = true\n\
         account = \"invented, nowhere\"\n"
    ));
    let task = desk.home.path().join("suite/one/task.toml");
    fs::write(&task, fs::read_to_string(&task).unwrap().replace("timeout_sec = 9.0", "timeout_sec = 90.0"))
        .unwrap();
    sign_in(&desk, server.port());
    let run = desk.json(&["run", &desk.suite, "--assistants", "mine", "--json"]);
    let trial = &run["trials"][0];
    assert_eq!(trial["ending"]["ending"], "finished", "{run}");
    assert_eq!(trial["result"]["result"], "resolved", "{run}");
    desk.holds_no_token();
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert!(!asked.is_empty(), "it asked the model of its own settings");
    assert_eq!(trial["traffic"], Value::Null, "nothing of ours stands between a login and its vendor");
}

#[test]
fn the_real_claude_code_works_signed_in_by_its_users_own_settings() {
    real("claude", "claude_code", "claude-sonnet-4-5", |desk, port| {
        let settings = json!({ "env": { "ANTHROPIC_BASE_URL": format!("http://127.0.0.1:{port}"), "ANTHROPIC_API_KEY": TOKEN } });
        desk.put(".claude/settings.json", &settings.to_string());
        desk.put(".claude.json", "{}");
    });
}

#[test]
fn the_real_codex_works_signed_in_by_its_users_own_settings() {
    real("codex", "codex", CODEX_MODEL, |desk, port| {
        let settings = format!(
            "model_provider = \"own\"\n[model_providers.own]\nname = \"own\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             wire_api = \"responses\"\nrequires_openai_auth = true\n"
        );
        desk.put(".codex/config.toml", &settings);
        desk.put(".codex/auth.json", &json!({ "OPENAI_API_KEY": TOKEN }).to_string());
    });
}

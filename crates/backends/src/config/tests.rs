//! What `assistants.toml` may say, and where it is refused.

use std::collections::BTreeMap;

use fairtrial_domain::assistant::{Price, SecretRef};

use super::*;

#[track_caller]
fn refused(text: &str, expected: &str) {
    assert_eq!(parse(text).unwrap_err().to_string(), expected);
}

/// A table whose back end is in order, with more lines from line 3 on.
fn with(lines: &str) -> String {
    format!("[assistants.a]\nbackend = \"codex\"\n{lines}\n")
}

const FULL: &str = r#"
[assistants.zeta]
title = "Z"
backend = "claude_code"
program = "/opt/claude"
args = ["--max-turns", "5"]
model = "m"
effort = "high"
base_url = "http://127.0.0.1:8080/x"
env_allow = ["AWS_REGION"]
env = { MAX_THINKING_TOKENS = "1000", A = "" }
secrets = { ANTHROPIC_API_KEY = { env = "MY_KEY" }, OTHER_TOKEN = { keychain = "entry one" } }
version = "2.1.197"
network = "none"
readable = ["/opt/node"]
account = "team, eu"
price = { input = 3, cache_read = 0.3, cache_write = 3.75, output = 15.0 }
meter = false

[assistants.any]
backend = "command"
program = "python3"
args = ["x.py", "{prompt_file}"]
prompt = "file"
"#;

#[test]
fn every_field_is_read_and_the_order_is_kept() {
    let [zeta, any] = parse(FULL).unwrap().try_into().unwrap();
    let text = |s: &str| Some(s.to_owned());
    let expected = Assistant {
        id: AssistantId::parse("zeta").unwrap(),
        title: "Z".into(),
        backend: BackendKind::ClaudeCode,
        program: text("/opt/claude"),
        args: vec!["--max-turns".into(), "5".into()],
        prompt: PromptBy::Argument,
        model: text("m"),
        effort: text("high"),
        base_url: text("http://127.0.0.1:8080/x"),
        env_allow: vec!["AWS_REGION".into()],
        env: BTreeMap::from([("MAX_THINKING_TOKENS".into(), "1000".into()), ("A".into(), "".into())]),
        secrets: BTreeMap::from([
            ("ANTHROPIC_API_KEY".into(), SecretRef::Env("MY_KEY".into())),
            ("OTHER_TOKEN".into(), SecretRef::Keychain("entry one".into())),
        ]),
        version: text("2.1.197"),
        network: Network::None,
        readable: vec!["/opt/node".into()],
        sample: false,
        account: text("team, eu"),
        unmetered: true,
        price: Some(Price { input: 3.0, cache_read: 0.3, cache_write: 3.75, output: 15.0 }),
        deny: vec![],
        own_login: None,
    };
    assert_eq!(zeta, expected);
    assert_eq!((any.prompt, any.network, any.title.as_str()), (PromptBy::File, Network::None, "any"));
}

#[test]
fn a_vendors_program_has_a_network_and_a_title_unless_told_otherwise() {
    let [a] = parse(&with("")).unwrap().try_into().unwrap();
    assert_eq!((a.network, a.title.as_str()), (Network::Host, "Codex (a)"));
    assert_eq!(parse("").unwrap(), vec![]);
}

#[test]
fn what_is_not_understood_is_refused_with_its_line_and_a_remedy() {
    refused(
        &with("modle = \"x\""),
        "assistants.toml:3: `modle` is not a field of an assistant: use one of title, backend, program, args, prompt, \
         model, effort, base_url, env_allow, env, secrets, version, network, readable, account, price, meter, deny, own_login",
    );
    refused(
        "[assistant.a]",
        "assistants.toml:1: `assistant` does not belong here: put each assistant in a table `[assistants.NAME]`",
    );
    refused(
        "\n[assistants.Bad]",
        "assistants.toml:2: `Bad` is not an id: use 1 to 64 of a-z, 0-9, `-`, `_`, `.`, starting with a letter or \
         digit: rename the table",
    );
    refused(
        "[assistants.a]",
        "assistants.toml:1: `a` has no backend: add `backend = \"…\"` with one of claude_code, \
         codex, gemini, qwen, opencode, kilo, copilot, droid, pi, cline, aider, mini_swe_agent, cursor, amp, auggie, goose, \
         kiro, acp, direct, command",
    );
    refused(
        "[assistants.a]\nbackend = \"gpt\"",
        "assistants.toml:2: `gpt` is not a back end: use one of claude_code, codex, gemini, qwen, opencode, kilo, \
         copilot, droid, pi, cline, aider, mini_swe_agent, cursor, amp, auggie, goose, kiro, acp, direct, command",
    );
    refused(
        "[assistants.a]\nbackend = \"command\"",
        "assistants.toml:1: `a` has no program: a `command` needs `program = \"NAME or PATH\"`",
    );
    refused(
        "[assistants.a]\nbackend = \"command\"\nprogram = \"x\"\nmodel = \"m\"",
        "assistants.toml:4: a `command` takes no `model`: remove it, or write it into `args`",
    );
    refused(
        "[assistants.a]\nbackend = \"acp\"",
        "assistants.toml:1: `a` has no program: an `acp` needs `program = \"NAME or PATH\"`",
    );
    refused(
        &with("deny = [\"edit\"]"),
        "assistants.toml:3: this back end does not ask before a tool runs, so that nothing can be denied: remove `deny`, or \
         use `kiro` or `acp`",
    );
    refused(
        "[assistants.a]\nbackend = \"kiro\"\ndeny = [\"spend\"]",
        "assistants.toml:3: `spend` is nothing that a tool does: use read, edit, search, execute, fetch, other",
    );
    refused(&with("prompt = \"file\""), "assistants.toml:3: only a `command` takes `prompt`: remove it");
    refused(
        &with("network = \"lan\""),
        "assistants.toml:3: `lan` is not a network: use \"none\", \"host\" or a list of hosts",
    );
    refused(&with("model = 4"), "assistants.toml:3: `model` is a number: write a text in quotes");
    refused(&with("model = \"\""), "assistants.toml:3: `model` is empty: write a value, or remove the field");
    refused(
        &with("args = [\n\"a\",\n3]"),
        "assistants.toml:3: `args` is a list: write a list of texts: [\"a\", \"b\"]",
    );
    refused(
        &with("readable = [\"x\"]"),
        "assistants.toml:3: `x` is not an absolute path: write it from the root on, or from the home on with `~/`",
    );
    refused(
        &with("base_url = \"localhost\""),
        "assistants.toml:3: `localhost` is not an address: write http://HOST or https://HOST",
    );
}

#[test]
fn a_network_may_be_a_list_of_hosts() {
    let network = |value: &str| parse(&with(&format!("network = {value}"))).map(|all| all[0].network.clone());
    let hosts = ["registry.example.org", "*.example.org:8443", "10.0.0.0/8"];
    let allowed = hosts.map(|host| fairtrial_domain::network::Allowed::parse(host).unwrap()).to_vec();
    assert_eq!(network(&format!("{hosts:?}")).unwrap(), Network::Allow(allowed));
    assert_eq!(network("[]").unwrap(), Network::Allow(vec![]));
    refused(
        &with("network = [\n\"a.org\",\n\"https://a.org/x\"]"),
        "assistants.toml:5: `https://a.org/x` is no host that can be allowed (a URL): write `host`, `*.domain`, an \
         address or a network such as `10.1.0.0/16`, each with `:port` if it is not 80 or 443: correct it, or take it \
         out",
    );
    assert_eq!(parse(&with("readable = [\"~/.m2\"]")).unwrap()[0].readable, ["~/.m2"]);
}

#[test]
fn duplicates_and_the_samples_names_are_refused() {
    refused(
        &format!("{}[assistants.a]\nbackend = \"codex\"\n", with("")),
        "assistants.toml:4: duplicate key: correct the TOML here; a name can be used once only",
    );
    refused(
        &with("model = \"a\"\nmodel = \"b\""),
        "assistants.toml:4: duplicate key: correct the TOML here; a name can be used once only",
    );
    refused(
        "[assistants.aster]\nbackend = \"codex\"",
        "assistants.toml:1: `aster` is the name of a bundled sample: choose another name",
    );
    refused(
        "[assistants.x]\nbackend = \"sample\"",
        "assistants.toml:2: samples are built in: remove the table: aster, birch, cedar, dogwood, elder and fir are \
         always there",
    );
}

#[test]
fn a_secret_in_the_open_is_refused_and_never_repeated() {
    let to = |name: &str| {
        format!("write `secrets = {{ {name} = {{ env = \"{name}\" }} }}` or `{{ keychain = \"ENTRY\" }}`")
    };
    for name in ["OPENAI_API_KEY", "my_token", "CLIENT_SECRET"] {
        refused(
            &with(&format!("[assistants.a.env]\n{name} = \"hunter2\"")),
            &format!("assistants.toml:4: `{name}` in `env` looks like a secret: {}", to(name)),
        );
    }
    refused(
        &with("env_allow = [\"X_TOKEN\"]"),
        &format!("assistants.toml:3: `X_TOKEN` in `env_allow` looks like a secret: {}", to("X_TOKEN")),
    );
    refused(
        &with("args = [\"sk-ant-hunter2\"]"),
        "assistants.toml:3: a text in `args` looks like a secret: refer to it in `secrets` instead",
    );
    for shape in ["\"hunter2\"", "{ vault = \"x\" }", "{ env = \"A\", keychain = \"b\" }", "{}"] {
        refused(
            &with(&format!("secrets = {{ K = {shape} }}")),
            &format!("assistants.toml:3: `K` is no reference: {}", to("K")),
        );
    }
    refused(
        &with("base_url = \"https://me:hunter2@host/\""),
        "assistants.toml:3: the address holds a user or password: put the key into `secrets`",
    );
}

#[test]
fn variables_of_the_cell_cannot_be_set() {
    refused(&with("env = { PATH = \"/x\" }"), "assistants.toml:3: `PATH` is set by the cell: remove it");
    refused(
        &with("env = { \"A=B\" = \"x\" }"),
        "assistants.toml:3: `A=B` is not the name of a variable: use letters, digits and `_`",
    );
}

#[test]
fn a_price_is_whole_or_refused() {
    let remedy = "write { input = 3.0, cache_read = 0.3, cache_write = 3.75, output = 15.0 }, in dollars per million \
                  tokens";
    for (price, problem) in [
        ("{ input = 1, output = 2, cache_read = 0 }", "the price has no `cache_write`"),
        ("{ input = -1, output = 2, cache_read = 0, cache_write = 0 }", "`input` is not a price"),
        ("{ input = nan, output = 2, cache_read = 0, cache_write = 0 }", "`input` is not a price"),
        ("{ inptu = 1 }", "`inptu` is not a part of a price"),
    ] {
        refused(&with(&format!("price = {price}")), &format!("assistants.toml:3: {problem}: {remedy}"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::default()
    })]

    #[test]
    fn a_file_cut_or_overwritten_anywhere_is_read_or_refused_at_a_line_of_it(at in 0..FULL.len(), put in "\\PC{0,6}") {
        let at = FULL.floor_char_boundary(at);
        for text in [FULL[..at].to_owned(), format!("{}{put}{}", &FULL[..at], &FULL[at..])] {
            if let Err(error) = parse(&text) {
                assert!((1..=text.lines().count() + 1).contains(&error.line), "{error}");
                assert!(!error.remedy.is_empty() && !error.problem.is_empty(), "{error}");
            }
        }
    }
}

#[test]
fn a_users_own_login_is_what_is_known_of_its_program_and_says_whose_account_it_is() {
    let text = "[assistants.a]\nbackend = \"claude_code\"\nown_login = true\naccount = \"Max, EU\"\n";
    let [one] = parse(text).unwrap().try_into().unwrap();
    assert_eq!(one.login(), Some("~/.claude"));
    assert!(one.unmetered, "nothing of ours stands between a login and its vendor");
    let own = one.own_login.unwrap();
    assert_eq!(own.places, ["~/.claude", "~/.claude.json"]);
    assert!(own.sealed.contains(&"~/.claude/settings.json".to_owned()), "{own:?}");
    let listed = "[assistants.b]\nbackend = \"command\"\nprogram = \"x\"\nown_login = [\"~/.x/\", \"~/.config/x\"]\n\
                  account = \"free\"\n";
    let [one] = parse(listed).unwrap().try_into().unwrap();
    assert_eq!(one.own_login.unwrap().places, ["~/.x", "~/.config/x"]);
    let [one] = parse(&with("own_login = false")).unwrap().try_into().unwrap();
    assert_eq!((one.own_login, one.unmetered), (None, false));
}

#[test]
fn a_login_is_refused_where_it_would_show_too_much_or_say_too_little() {
    refused(
        &with("own_login = true"),
        "assistants.toml:3: with `own_login` nobody else can tell which account it is: add `account = \"TIER, REGION\"`",
    );
    refused(
        &with("own_login = [\"~/.codex\"]\naccount = \"x\""),
        "assistants.toml:3: only an `acp` or a `command` lists the folders of its login: write `own_login = true`",
    );
    refused(
        &with("own_login = true\naccount = \"x\"\nbase_url = \"http://127.0.0.1:1\""),
        "assistants.toml:3: a login goes to its vendor, and `base_url` leads elsewhere: remove `base_url`, or use a key",
    );
    for place in ["~/", "~", "/etc", "~/..", "~/.x/../y", "~/.config", "~/.local/share/", "~//"] {
        let text = format!(
            "[assistants.a]\nbackend = \"command\"\nprogram = \"x\"\naccount = \"x\"\nown_login = [\"{place}\"]\n"
        );
        let expected = format!(
            "assistants.toml:5: `{place}` is no folder of one program's own: write one in the home, as `~/.tool`"
        );
        refused(&text, &expected);
    }
    refused(
        &with("own_login = true\naccount = \"x\"\nmeter = true"),
        "assistants.toml:5: a login is not metered: nothing of ours stands between it and its vendor: remove \
         `meter = true`, or use a key",
    );
    assert!(parse(&with("own_login = true\naccount = \"x\"\nmeter = false")).unwrap()[0].unmetered);
    refused(
        "[assistants.a]\nbackend = \"direct\"\nown_login = [\"~/.tool\"]\naccount = \"x\"\n",
        "assistants.toml:3: only an `acp` or a `command` lists the folders of its login: remove it, and use a key in \
         `secrets`",
    );
    let unknown = "[assistants.a]\nbackend = \"pi\"\naccount = \"x\"\nown_login = true\n";
    assert!(parse(unknown).unwrap_err().to_string().contains("is not known here"));
}

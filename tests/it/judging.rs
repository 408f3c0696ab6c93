//! Models as judges, through the whole product: a metered model on loopback and a command are asked which change to
//! merge; who is who is in no question, what cannot be read is counted, and no verdict moves.

use std::fs;
use std::path::Path;

use fairtrial_testkit::{ModelServer, Script, Step, Tokens};
use fairtrial_tests::{Home, Ran};
use serde_json::{Value, json};

const BASE: &str = "def clamp(value, low, high):\n    return value\n";
const SHORT: &str =
    "def clamp(value, low, high):\n    # Claude Code wrote this\n    return max(low, min(value, high))\n";
const LONG: &str = "# Co-Authored-By: somebody@anthropic.com\ndef clamp(value, low, high):\n    if value < low:\n        return low\n    return high if value > high else value\n";
const CHECKS: &str = "import unittest\nfrom clamp import clamp\n\n\nclass It(unittest.TestCase):\n    def test_low(self):\n        self.assertEqual(clamp(1, 2, 4), 2)\n    def test_high(self):\n        self.assertEqual(clamp(9, 2, 4), 4)\n";
/// Prefers the change that calls `max`, wherever it stands.
const FOND: &str = "awk '/^CHANGE ONE/{n=1} /^CHANGE TWO/{n=2} /max\\(low/{at=n} END{print \"It calls max.\"; \
                    print \"ANSWER prefer=\" (at==1 ? \"ONE\" : \"TWO\") \" merge_one=YES merge_two=YES\"}'";

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn task(suite: &Path, name: &str) {
    let folder = suite.join(name);
    write(&folder, "instruction.md", "`clamp(value, low, high)` must keep value between both.\n");
    write(&folder, "base/clamp.py", BASE);
    write(&folder, "tests/files/test_it.py", CHECKS);
    let reference = "--- a/clamp.py\n+++ b/clamp.py\n@@ -1,2 +1,2 @@\n def clamp(value, low, high):\n-    return value\n+    return max(low, min(value, high))\n";
    write(&folder, "solution/reference.patch", reference);
    let text = "schema_version = \"1.4\"\n[metadata.fairtrial]\nkind = \"bug_fix\"\nlanguage = \"python\"\n\
                repository = { folder = \"base\" }\nrequires = [\"python3\"]\n[[metadata.fairtrial.checks]]\nid = \"it\"\n\
                kind = \"fail_to_pass\"\nrun = \"python3 -m unittest -v test_it 2>&1\"\nformat = \"pytest\"\n\
                timeout_sec = 60.0\n";
    write(&folder, "task.toml", text);
}

fn command(name: &str, rest: &str) -> String {
    format!("[assistants.{name}]\nbackend = \"command\"\nprogram = \"sh\"\n{rest}\n")
}

fn model(name: &str, model: &str, server: &ModelServer) -> String {
    format!(
        "[assistants.{name}]\nbackend = \"direct\"\nmodel = \"{model}\"\nargs = [\"--api\", \"chat\"]\nbase_url = \"{}\"\n\
         network = \"host\"\nprice = {{ input = 1.0, cache_read = 0.0, cache_write = 0.0, output = 2.0 }}\n",
        server.openai_url()
    )
}

fn saying(text: &str) -> ModelServer {
    let tokens = Tokens { uncached: 1000, output: 100, ..Tokens::default() };
    ModelServer::start(Script::new(vec![Step::say(text).tokens(tokens)])).unwrap()
}

/// Two tasks that two assistants solve, each in its own way.
fn ran(home: &Home, one: &ModelServer, odd: &ModelServer) -> String {
    for name in ["clamp", "clamp-again"] {
        task(&home.path().join("suite"), name);
    }
    write(
        home.path(),
        "suite/suite.toml",
        "id = \"own\"\ntitle = \"Own\"\nversion = \"1\"\ntasks = [\"clamp\", \"clamp-again\"]\n",
    );
    let patch = |text: &str| format!("args = [\"-c\", '''cat > clamp.py <<'E'\n{text}E\n''']\n");
    let fond = format!("args = [\"-c\", '''{FOND}''']\nprompt = \"stdin\"\n");
    let all = command("shorty", &patch(SHORT))
        + &command("longly", &patch(LONG))
        + &command("fond", &fond)
        + &model("first", "scripted-model", one)
        + &model("odd", "scripted-model", odd)
        + &model("kin", "claude-scripted-1", one);
    fs::write(home.path().join("assistants.toml"), all).unwrap();
    let arguments = ["run", "suite", "--assistants", "shorty,longly", "--seed", "7", "--json"];
    let run = home.run(&arguments).ended_with(0).json();
    let results: Vec<&Value> =
        run["trials"].as_array().unwrap().iter().map(|trial| &trial["result"]["result"]).collect();
    assert_eq!(results, [&json!("resolved"); 4], "{run}");
    run["run"]["id"].as_str().unwrap().to_owned()
}

/// Asks with the families that no table knows; `more` are further arguments.
fn judge(home: &Home, with: &str, more: &[&str]) -> Ran {
    let known = ["--family", "shorty=claude", "--family", "longly=none", "--json"];
    home.run(&[&["judge", "latest", "--with", with], &known[..], more].concat())
}

fn compared(home: &Home, more: &[&str]) -> Value {
    home.run(&[&["compare", "latest", "--json"], more].concat()).ended_with(0).json()
}

fn shares(advice: &Value) -> Vec<(&str, Option<f64>)> {
    let arms = advice["arms"].as_array().unwrap().iter();
    arms.map(|arm| (arm["assistant"].as_str().unwrap(), arm["share"].as_f64())).collect()
}

/// Dimension J on every card: value and reason.
fn cards(home: &Home) -> Vec<(Option<f64>, Option<String>)> {
    let shown = home.run(&["show", "latest", "--json"]).ended_with(0).json();
    let of = |trial: &Value| {
        let scores = trial["scores"].as_array().unwrap().clone();
        let score = scores.into_iter().find(|score| score["id"] == "judge").unwrap();
        (score["value"].as_f64(), score["missing"].as_str().map(str::to_owned))
    };
    shown["trials"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn models_judge_without_names_and_move_no_verdict() {
    let one = saying("One reads well.\nANSWER prefer=ONE merge_one=YES merge_two=NO");
    let odd = saying("Both have their charm.");
    let home = Home::new();
    ran(&home, &one, &odd);
    let before = compared(&home, &[]);
    assert_eq!(before["advice"], Value::Null);
    who_may_not_judge_is_told_why(&home);
    assert_eq!(one.requests().len() + odd.requests().len(), 0, "something was asked before it was allowed");

    nonsense_is_counted_and_kept(&home, &odd);
    a_judge_that_looks_at_changes_is_heard(&home);
    a_judge_that_looks_at_the_order_makes_ties(&home, &one);

    let mut after = compared(&home, &[]);
    after["advice"] = Value::Null;
    assert_eq!(after, before, "a verdict moved");
    people_and_weights(&home);
    let page = home.run(&["show", "latest"]).ended_with(0).out;
    assert!(page.contains("Models as judges") && page.contains("Advisory: no verdict rests on it"), "{page}");
    home.run(&["report", "latest", "--html", "report.html"]).ended_with(0);
    assert!(fs::read_to_string(home.path().join("report.html")).unwrap().contains("Models as judges"));
}

fn who_may_not_judge_is_told_why(home: &Home) {
    let refused = |ran: Ran, why: &str| {
        let ran = ran.ended_with(2);
        assert!(ran.err.contains(why), "{}", ran.err);
    };
    let bare = home.run(&["judge", "latest", "--with", "fond"]);
    refused(bare, "add --family shorty=NAME");
    refused(judge(home, "kin", &[]), "the only models that would judge are of the family claude");
    refused(judge(home, "first", &[]), "the family of the model `scripted-model` of first is not known");
    refused(judge(home, "shorty", &[]), "is compared in this run");
    refused(judge(home, "fond", &["--family", "fnod=none"]), "`fnod` neither judges nor is compared");
    let priceless = judge(home, "fond", &["--family", "fond=none", "--budget", "1"]);
    refused(priceless, "the price of fond is not known");
    let plan = judge(home, "kin,first", &["--family", "first=other", "--preview", "--budget", "1"]);
    let plan = plan.ended_with(0).json();
    assert_eq!((&plan["questions"], &plan["pairs"], &plan["both_solved"]), (&json!(8), &json!(2), &json!(2)));
    assert!(plan["usd"].as_f64().unwrap() > 0.0 && plan["bytes"].as_u64().unwrap() > 4000, "{plan}");
    let bounded = judge(home, "kin,first", &["--family", "first=other", "--preview", "--most", "5"]);
    let bounded = bounded.ended_with(0).json();
    assert_eq!((&bounded["questions"], &bounded["beyond"]), (&json!(4), &json!(1)));
}

fn nonsense_is_counted_and_kept(home: &Home, odd: &ModelServer) {
    let result = judge(home, "odd", &["--family", "odd=other"]).ended_with(0).json();
    assert_eq!((&result["came"], &result["lost"]), (&json!(4), &json!([])), "{result}");
    let advice = &result["advice"];
    assert_eq!(advice["missing"], "no answer could be read");
    assert_eq!(shares(advice), [("shorty", None), ("longly", None)]);
    let judge = &advice["judges"][0];
    assert_eq!(
        (&judge["questions"], &judge["unread"], &judge["flip_rate"]),
        (&json!(4), &json!(4), &Value::Null)
    );
    assert_eq!(advice["unread"][0]["said"], "Both have their charm.");
    assert!(cards(home).iter().all(|(value, why)| value.is_none() && why.is_some()));
    assert_eq!(odd.requests().len(), 4);
}

fn a_judge_that_looks_at_changes_is_heard(home: &Home) {
    let result = judge(home, "fond", &["--family", "fond=none"]).ended_with(0).json();
    let advice = &result["advice"];
    assert_eq!(shares(advice), [("shorty", Some(1.0)), ("longly", Some(0.0))], "{result}");
    let judge = advice["judges"].as_array().unwrap().iter().find(|one| one["judge"]["id"] == "fond").unwrap();
    assert_eq!((&judge["pairs"], &judge["flipped"]), (&json!(2), &json!(0)));
    assert_eq!(judge["cost"]["unknown"], 4);
}

fn a_judge_that_looks_at_the_order_makes_ties(home: &Home, one: &ModelServer) {
    let result = judge(home, "first", &["--family", "first=other", "--budget", "1"]).ended_with(0).json();
    let advice = &result["advice"];
    let judge =
        advice["judges"].as_array().unwrap().iter().find(|one| one["judge"]["id"] == "first").unwrap();
    assert_eq!((&judge["pairs"], &judge["flipped"]), (&json!(2), &json!(2)));
    assert_eq!(judge["flip_rate"]["estimate"], 1.0);
    // 4 × (1000 × $1 + 100 × $2) per million tokens.
    assert!((judge["cost"]["usd"].as_f64().unwrap() - 0.0048).abs() < 1e-9, "{judge}");
    // Two wins and two ties.
    assert_eq!(shares(advice), [("shorty", Some(0.75)), ("longly", Some(0.25))]);
    assert!(cards(home).iter().all(|(value, _)| *value == Some(0.75) || *value == Some(0.25)));
    let asked = one.requests();
    assert_eq!(asked.len(), 4);
    let bodies: Vec<String> = asked.iter().map(|request| request.body.to_string()).collect();
    for word in ["shorty", "longly", "laude", "anthropic", "Co-Authored", "solution", "test_it"] {
        assert!(bodies.iter().all(|body| !body.contains(word)), "`{word}` was asked");
    }
    let first = |body: &&String| body.find("max(low").unwrap() < body.find("high if value").unwrap();
    assert_eq!(bodies.iter().filter(first).count(), 2, "each change stands first in half of the questions");
    // What is answered is not asked again.
    let again = judge_again(home);
    assert_eq!((&again["plan"]["questions"], &again["plan"]["answered"]), (&json!(0), &json!(4)));
    assert_eq!((&again["advice"], one.requests().len()), (advice, 4));
}

fn judge_again(home: &Home) -> Value {
    judge(home, "first", &["--family", "first=other"]).ended_with(0).json()
}

fn people_and_weights(home: &Home) {
    let votes =
        "task,left,right,preferred,reviewer\nclamp,shorty,longly,left,r\nclamp-again,longly,shorty,right,r\n";
    write(home.path(), "votes.csv", votes);
    let agreement = compared(home, &["--votes", "votes.csv"])["advice"]["agreement"].clone();
    assert_eq!((&agreement["pairs"], &agreement["few"]), (&json!(2), &json!(true)), "{agreement}");
    write(home.path(), "weights.toml", "judge = 1\n");
    let weighted = compared(home, &["--weights", "weights.toml"])["weighted"].clone();
    assert_eq!(weighted["missing"], json!([]));
    assert_eq!(weighted["scores"][0]["values"]["judge"], 0.75, "{weighted}");
}

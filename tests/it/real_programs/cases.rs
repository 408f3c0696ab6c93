//! What each program goes through, and what must be true of it then.

use fairtrial_testkit::{Failure, Script, Step, Tokens, Tool};
use serde_json::{Value, json};

use super::who::Who;

/// One thing that happens to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// It reads, edits, tests, and says so.
    Fix,
    /// 401, always.
    Unauthorized,
    /// 429 with `retry-after`, always.
    RateLimited,
    /// 500, always.
    ServerError,
    /// Nobody listens.
    Refused,
    /// It is ended while a tool of it runs.
    Killed,
    /// Its model does nothing and says that all is done.
    Lying,
    /// It repairs the file and leaves a daemon behind.
    Daemon,
    /// As `Fix`, in the tier without walls.
    Plain,
}

/// What was seen of one program in a case.
pub(super) struct Seen {
    pub(super) trial: Value,
    /// How it ended, in a few words.
    pub(super) said: String,
    /// What is not as it must be.
    pub(super) wrong: Vec<String>,
}

/// Kills every process of the trial between the tool and the cell at once, the outermost first. A program that is asked
/// to end may use the time to finish as if nothing had happened; one refuses a command with a substitution of the shell.
const KILL: &str = r#"python3 -c '
import os, signal
above, process = [], os.getppid()
while process > 1 and not open(f"/proc/{process}/comm").read().startswith("fairtrial"):
    above.append(process)
    process = int(open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[1])
for process in reversed(above):
    os.kill(process, signal.SIGKILL)
'"#;
const DAEMON: &str =
    "(setsid sleep 600 >/dev/null 2>&1 &); python3 -c 'import calc; assert calc.add(2, 3) == 5'";
const TEST: &str = "python3 -c 'import calc; assert calc.add(2, 3) == 5'";

impl Case {
    pub(super) const ALL: [Case; 9] = [
        Case::Fix,
        Case::Unauthorized,
        Case::RateLimited,
        Case::ServerError,
        Case::Refused,
        Case::Killed,
        Case::Lying,
        Case::Daemon,
        Case::Plain,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Case::Fix => "fix",
            Case::Unauthorized => "401",
            Case::RateLimited => "429",
            Case::ServerError => "500",
            Case::Refused => "refused",
            Case::Killed => "killed",
            Case::Lying => "lying",
            Case::Daemon => "daemon",
            Case::Plain => "plain",
        }
    }

    /// The isolation that is asked for, as a plan says it.
    pub(super) fn tier(self) -> &'static str {
        if self == Case::Plain { "plain" } else { "full" }
    }

    pub(super) fn is_for(self, who: &Who) -> bool {
        who.runs || !matches!(self, Case::Killed | Case::Daemon)
    }

    /// The time limit. A program that retries for ever is ended by it.
    pub(super) fn seconds(self) -> f64 {
        match self {
            Case::Fix | Case::Lying | Case::Daemon | Case::Killed | Case::Plain => 180.0,
            Case::Unauthorized | Case::RateLimited | Case::ServerError | Case::Refused => 75.0,
        }
    }

    /// What the model says; `None`: there is none.
    pub(super) fn script(self) -> Option<Script> {
        let failing = |how| Some(conversation(TEST).failing(u64::MAX, how));
        match self {
            Case::Fix | Case::Plain => Some(conversation(TEST)),
            Case::Unauthorized => failing(Failure::Unauthorized),
            Case::RateLimited => failing(Failure::RateLimited { retry_after: 1 }),
            Case::ServerError => failing(Failure::ServerError),
            Case::Refused => None,
            Case::Killed => Some(conversation(KILL)),
            Case::Lying => Some(Script::new(vec![
                Step::call("I will look at it.", Tool::Read { path: "calc.py".into() }),
                Step::say("I repaired add() in calc.py; all tests pass."),
            ])),
            Case::Daemon => Some(conversation(DAEMON)),
        }
    }

    /// Compares a trial with what must be true of it.
    pub(super) fn judge(self, who: &Who, run: &Value) -> Seen {
        let trials = run["trials"].as_array().unwrap();
        let trial = trials.iter().find(|trial| trial["assistant"] == who.id).unwrap().clone();
        let mut wrong = vec![];
        let mut must = |what: &str, is: &Value, be: Value| {
            if *is != be {
                wrong.push(format!("{what} is {is} and not {be}"));
            }
        };
        let ending = &trial["ending"];
        let vendor = |fault: &str| json!({ "vendor": fault });
        must("the tier", &trial["tier"], json!(self.tier()));
        match self {
            Case::Fix | Case::Daemon | Case::Plain => {
                must("the ending", &ending["ending"], json!("finished"));
                must("the result", &trial["result"]["result"], json!("resolved"));
                must("the tokens", &tokens(&trial), said(&conversation(TEST)));
                must("what could not be read", &trial["unparsed"], json!(0));
                if self != Case::Daemon {
                    must("what was left behind", &trial["leftovers"], json!([]));
                } else if !trial["leftovers"].to_string().contains("sleep") {
                    wrong.push(format!("the daemon is not told: {}", trial["leftovers"]));
                }
            }
            Case::Unauthorized => must("the fault", &ending["fault"], vendor("auth")),
            Case::RateLimited => must("the fault", &ending["fault"], vendor("rate_limit")),
            Case::ServerError => must("the fault", &ending["fault"], vendor("server")),
            Case::Refused => must("the fault", &ending["fault"], vendor("network")),
            Case::Killed => {
                must("the ending", &ending["ending"], json!("crashed"));
                must("the files that changed", &trial["patch"]["counts"]["files"], json!(1));
            }
            Case::Lying => {
                must("the ending", &ending["ending"], json!("finished"));
                must("the result", &trial["result"]["result"], json!("no_diff"));
            }
        }
        let fault = ending["fault"]["vendor"].as_str().unwrap_or_default();
        let said = format!("{} {fault}", ending["ending"].as_str().unwrap_or_default());
        Seen { said: said.trim().to_owned(), trial, wrong }
    }
}

impl Seen {
    /// Compares its patch with that of the same case in the full tier.
    pub(super) fn is_as(&mut self, walled: &Seen) {
        let [here, there] = [&self.trial, &walled.trial].map(|trial| &trial["patch"]["digest"]);
        if here.is_null() || here != there {
            self.wrong.push(format!("the patch is {here}, and within walls {there}"));
        }
    }
}

/// The conversation that all of them have; what its tool runs last differs.
fn conversation(last: &str) -> Script {
    let tokens =
        |uncached, cached, output, reasoning| Tokens { uncached, cached, written: 0, output, reasoning };
    let edit =
        Tool::Edit { path: "calc.py".into(), old: "    return a - b".into(), new: "    return a + b".into() };
    Script::new(vec![
        Step::call("I will read calc.py.", Tool::Read { path: "calc.py".into() })
            .tokens(tokens(1200, 0, 40, 8)),
        Step::call("It subtracts.", edit).tokens(tokens(300, 1100, 60, 16)),
        Step::call("Now the test.", Tool::Run { command: last.into() }).tokens(tokens(290, 1400, 35, 0)),
        Step::say("add() in calc.py adds now.").tokens(tokens(310, 1700, 55, 24)),
    ])
}

fn said(script: &Script) -> Value {
    let said = script.tokens();
    json!([said.uncached, said.cached, said.output + said.reasoning])
}

/// Uncached, cached, and output with reasoning, whoever counts it apart.
fn tokens(trial: &Value) -> Value {
    let count = |name: &str| trial["usage"][name].as_u64().unwrap_or_default();
    let uncached = count("input_uncached") + count("cache_write");
    json!([uncached, count("cache_read"), count("output") + count("reasoning")])
}

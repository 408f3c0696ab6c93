//! What a scripted model says: one step per answer.

use std::ops::Add;

use serde::{Deserialize, Serialize};

/// A model name that Codex knows, so that it offers its own patch tool.
pub const CODEX_MODEL: &str = "gpt-5.5";

/// A conversation's answers. The same script serves any number of conversations at once, for the step is chosen by
/// the number of tool results in the request and not by a counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The answers, in order; after the last one, the last is repeated.
    pub steps: Vec<Step>,
    /// Whether requests fail first.
    #[serde(default)]
    pub failing: Option<Failing>,
}

/// One answer of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it says.
    pub say: String,
    /// The tool it calls; without one the conversation ends here.
    #[serde(default)]
    pub tool: Option<Tool>,
    /// What it is said to have consumed: invented.
    #[serde(default)]
    pub tokens: Tokens,
}

/// A tool call in neutral words; the server says it in the words of whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// Reads a file. Claude Code wants it before an edit.
    Read {
        /// Relative to the workspace.
        path: String,
    },
    /// Replaces whole lines, without their last line break.
    Edit {
        /// Relative to the workspace.
        path: String,
        /// The lines to be replaced; they occur once.
        old: String,
        /// The lines in their place.
        new: String,
    },
    /// Writes a new file.
    Write {
        /// Relative to the workspace.
        path: String,
        /// All of it, ending in a line break.
        contents: String,
    },
    /// Runs a command in a shell.
    Run {
        /// The command.
        command: String,
    },
}

/// Invented token counts of one answer; each token is in one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Input that no cache served.
    pub uncached: u64,
    /// Input read from a cache.
    pub cached: u64,
    /// Input written to a cache.
    pub written: u64,
    /// Output without reasoning.
    pub output: u64,
    /// Reasoning.
    pub reasoning: u64,
}

impl Add for Tokens {
    type Output = Tokens;

    fn add(self, other: Tokens) -> Tokens {
        Tokens {
            uncached: self.uncached + other.uncached,
            cached: self.cached + other.cached,
            written: self.written + other.written,
            output: self.output + other.output,
            reasoning: self.reasoning + other.reasoning,
        }
    }
}

/// Makes the first requests fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// How many requests fail before one is answered.
    pub times: u64,
    /// How.
    pub how: Failure,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// 401: the key is not accepted.
    Unauthorized,
    /// 429, with `retry-after` in seconds.
    RateLimited {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// 500.
    ServerError,
    /// The connection closes without an answer.
    Close,
    /// The connection closes in the middle of a streamed answer.
    CloseMidway,
    /// Nothing is ever answered.
    Silence,
}

impl Script {
    /// Returns a script of steps that never fails.
    pub fn new(steps: Vec<Step>) -> Self {
        Self { steps, failing: None }
    }

    /// Returns the script, failing `times` times first; `u64::MAX`: always.
    pub fn failing(mut self, times: u64, how: Failure) -> Self {
        self.failing = Some(Failing { times, how });
        self
    }

    /// Returns the script that repairs the repository of [`crate::calculator`]: read, edit, test, say so.
    pub fn calculator_fix() -> Self {
        Self::new(vec![
            Step::call("I will read calc.py.", Tool::Read { path: "calc.py".into() }).tokens(Tokens {
                uncached: 1200,
                cached: 0,
                written: 1000,
                output: 40,
                reasoning: 8,
            }),
            Step::call(
                "The add function subtracts; I will fix it.",
                Tool::Edit {
                    path: "calc.py".into(),
                    old: "    return a - b".into(),
                    new: "    return a + b".into(),
                },
            )
            .tokens(Tokens {
                uncached: 300,
                cached: 1000,
                written: 100,
                output: 60,
                reasoning: 16,
            }),
            Step::call("Now the tests.", Tool::Run { command: "python3 -m unittest -q".into() })
                .tokens(Tokens { uncached: 290, cached: 1100, written: 110, output: 35, reasoning: 0 }),
            Step::say("Fixed add() in calc.py: it subtracted instead of adding.").tokens(Tokens {
                uncached: 310,
                cached: 1200,
                written: 90,
                output: 55,
                reasoning: 24,
            }),
        ])
    }

    /// Returns what all steps together are said to consume.
    pub fn tokens(&self) -> Tokens {
        self.steps.iter().fold(Tokens::default(), |sum, step| sum + step.tokens)
    }
}

impl Step {
    /// Returns a last step: words only.
    pub fn say(text: &str) -> Self {
        Self { say: text.to_owned(), tool: None, tokens: Tokens::default() }
    }

    /// Returns a step that says something and calls a tool.
    pub fn call(text: &str, tool: Tool) -> Self {
        Self { tool: Some(tool), ..Self::say(text) }
    }

    /// Returns the step with its invented consumption.
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = tokens;
        self
    }
}

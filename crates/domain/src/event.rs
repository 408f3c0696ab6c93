//! What an assistant says and does while it works, in one vocabulary for all back ends.
//!
//! **Invariant:** nothing an assistant writes is lost; what cannot be read is `Unparsed`.

use crate::usage::{Cost, Usage};

values! {
    /// One item of a session, with the milliseconds since the assistant was started.
    pub struct Event {
        /// Milliseconds since the start of the assistant.
        pub at_ms: u64,
        /// What happened.
        pub kind: EventKind,
    }

    /// What happened in a session.
    #[serde(tag = "type", rename_all = "snake_case")]
    pub enum EventKind {
        /// The session is open.
        Started {
            /// The back end's own session id.
            session: Option<String>,
            /// The model that serves it.
            model: Option<String>,
            /// The program's version.
            version: Option<String>,
        },
        /// Prose for the user.
        Text {
            /// As written.
            text: String,
        },
        /// Reasoning, where the back end shows it.
        Thinking {
            /// As written.
            text: String,
        },
        /// A tool is called.
        ToolCall {
            /// Ties the result to the call.
            id: String,
            /// The back end's name of the tool.
            name: String,
            /// What it does.
            kind: ToolKind,
            /// One line for people: the command, or the path with its change.
            title: String,
        },
        /// A tool returned.
        ToolResult {
            /// The call's id.
            id: String,
            /// Whether the tool says that it worked; `None` when it says nothing.
            ok: Option<bool>,
            /// Its output, shortened in the middle when long.
            output: String,
        },
        /// Consumption so far; each replaces the one before.
        Usage {
            /// Tokens and requests.
            usage: Usage,
            /// Money, where the assistant says so.
            cost: Option<Cost>,
        },
        /// A request is tried again.
        Retry {
            /// Which try comes next.
            attempt: u64,
            /// What went wrong.
            fault: FaultKind,
            /// As the back end words it.
            message: String,
        },
        /// Something worth showing that is none of the above.
        Notice {
            /// As written.
            text: String,
        },
        /// A line on standard error.
        Stderr {
            /// As written.
            line: String,
        },
        /// The assistant says that it is done. What it says is not what it did.
        Ended {
            /// How it says the session ended.
            end: StreamEnd,
        },
        /// A line that could not be read.
        Unparsed {
            /// As written.
            line: String,
        },
        /// Output beyond the limit was dropped here.
        Dropped {
            /// How many bytes.
            bytes: u64,
        },
    }

    /// How a session ended, in the assistant's own words.
    #[serde(tag = "how", rename_all = "snake_case")]
    pub enum StreamEnd {
        /// It says it finished.
        Completed,
        /// Its own limit on turns.
        TurnLimit,
        /// Its own limit on money.
        BudgetLimit,
        /// It could not go on.
        Error {
            /// Whose fault.
            fault: FaultKind,
            /// As worded.
            message: String,
        },
    }

    /// Whose fault an error is.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum FaultKind {
        /// Not signed in, or not allowed.
        Auth,
        /// Too many requests, or a quota is used up.
        RateLimit,
        /// The vendor's server failed.
        Server,
        /// The vendor could not be reached.
        Network,
        /// The model's refusal, a loop, a crash: the assistant's own.
        Assistant,
    }

    /// What a tool does.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum ToolKind {
        /// Reads a file.
        Read,
        /// Changes a file.
        Edit,
        /// Searches.
        Search,
        /// Runs a command.
        Execute,
        /// Fetches from a network.
        Fetch,
        /// Anything else.
        Other,
    }
}

impl FaultKind {
    /// Returns whether a trial that ended so is no evidence about the assistant.
    pub fn is_infra(self) -> bool {
        match self {
            FaultKind::Auth | FaultKind::RateLimit | FaultKind::Server | FaultKind::Network => true,
            FaultKind::Assistant => false,
        }
    }
}

//! What a model thinks of two changes when it is asked which one to merge. Advice: it decides nothing.

use crate::id::{AssistantId, Digest, TaskId};
use crate::usage::Cost;

values! {
    /// One question as stored: two changes in one order, and what came back.
    pub struct Asked {
        /// Who was asked.
        pub judge: Judge,
        /// The task that both changes are for.
        pub task: TaskId,
        /// Which try of both.
        pub trial: u32,
        /// Whose change stood first.
        pub one: AssistantId,
        /// Whose change stood second.
        pub two: AssistantId,
        /// The families of the models that were compared, as known then.
        pub compared: Vec<String>,
        /// What came back.
        pub reply: Reply,
        /// Names and attributions that were taken out of the question.
        pub stripped: u32,
        /// Money; `None` when unknown.
        pub cost: Option<Cost>,
        /// Wall seconds.
        pub seconds: f64,
        /// The blob with its journal.
        pub journal: Option<Digest>,
        /// When it was stored: RFC 3339, UTC.
        pub at: String,
    }

    /// Who judges.
    #[derive(Eq)]
    pub struct Judge {
        /// Its name in `assistants.toml`.
        pub id: AssistantId,
        /// Its name for people.
        pub title: String,
        /// The model: the one that served it, else the one asked for.
        pub model: Option<String>,
        /// The family of its model; `None` for a sample, and for what has none by its user's word.
        pub family: Option<String>,
        /// Who says so: an address, or whose word it is.
        pub family_source: String,
        /// True for a bundled sample.
        pub sample: bool,
    }

    /// What came back.
    #[serde(tag = "reply", rename_all = "snake_case")]
    pub enum Reply {
        /// Its last line said what was asked.
        Read {
            /// What it said.
            answer: Answer,
        },
        /// It could not be read: kept, counted, never guessed.
        Unread {
            /// Why, in a sentence fragment.
            why: String,
            /// The end of what was said.
            said: String,
        },
    }

    /// An answer about two changes.
    #[derive(Copy, Eq)]
    pub struct Answer {
        /// Which one it would rather merge.
        pub prefers: Prefers,
        /// Whether it would merge the first at all.
        pub merge_one: bool,
        /// Whether it would merge the second at all.
        pub merge_two: bool,
    }

    /// Which of two changes is preferred.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Prefers {
        /// The first.
        One,
        /// The second.
        Two,
        /// Neither.
        Neither,
    }
}

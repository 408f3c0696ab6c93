//! What models said of pairs of changes, added up. Advisory: no verdict rests on it.

use super::{CostSum, Interval};
use crate::advice::Judge;
use crate::id::{AssistantId, TaskId};

values! {
    /// Dimension J: what models that were asked would rather merge. Advisory.
    pub struct Advice {
        /// Everybody who was asked.
        pub judges: Vec<JudgeSum>,
        /// One per assistant, in plan order.
        pub arms: Vec<Advised>,
        /// Questions that could not be read.
        pub unread: Vec<Unreadable>,
        /// Agreement with blind votes on the same pairs; `None` without such votes.
        pub agreement: Option<Agreement>,
        /// Why nobody has a value; `None` when somebody has.
        pub missing: Option<String>,
    }

    /// One judge over all that it was asked.
    pub struct JudgeSum {
        /// Who.
        pub judge: Judge,
        /// Questions that came back, two for each pair.
        pub questions: u32,
        /// Those of them that could not be read.
        pub unread: u32,
        /// Pairs that were read in both orders.
        pub pairs: u32,
        /// Pairs whose answer changed with the order; each counts as a tie.
        pub flipped: u32,
        /// The share of them, with bounds; `None` without a pair.
        pub flip_rate: Option<Interval>,
        /// What it cost.
        pub cost: CostSum,
    }

    /// One assistant's changes as judges saw them.
    pub struct Advised {
        /// Who.
        pub assistant: AssistantId,
        /// Pairs that both sides solved and a judge read in both orders.
        pub pairs: u32,
        /// Tasks that they are on.
        pub tasks: u32,
        /// The share of them won, a tie half; `None` when missing.
        pub share: Option<f64>,
        /// The share of answers on them that would merge its change.
        pub merge: Option<f64>,
        /// Why there is no share.
        pub missing: Option<String>,
    }

    /// A question whose answer could not be read.
    pub struct Unreadable {
        /// Who was asked.
        pub judge: AssistantId,
        /// On which task.
        pub task: TaskId,
        /// Which try.
        pub trial: u32,
        /// Whose change stood first.
        pub one: AssistantId,
        /// Whose change stood second.
        pub two: AssistantId,
        /// Why it could not be read.
        pub why: String,
        /// The end of what was said.
        pub said: String,
    }

    /// How far judges and people agree.
    pub struct Agreement {
        /// Pairs of changes that both judged.
        pub pairs: u32,
        /// Krippendorff's α, ordinal; `None` where nothing could have disagreed.
        pub alpha: Option<f64>,
        /// True below 30 pairs: too few to rely on.
        pub few: bool,
    }
}

//! Why a part of a pair has no figure.

use super::english::Code;

/// What is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    CostUnknown,
    CostFew,
    TimeUnknown,
    TimeEven,
    TimeFew,
    SteadyFew,
    ScoresFew,
    Early,
}

const ALL: [Lack; 8] = [
    Lack::CostUnknown,
    Lack::CostFew,
    Lack::TimeUnknown,
    Lack::TimeEven,
    Lack::TimeFew,
    Lack::SteadyFew,
    Lack::ScoresFew,
    Lack::Early,
];

impl Lack {
    /// Returns it as a sentence fragment.
    pub(super) fn why(self) -> &'static str {
        match self {
            Lack::CostUnknown => "a cost is unknown",
            Lack::CostFew => "fewer than five tasks or eight solved trials on a side, or nothing was spent",
            Lack::TimeUnknown => "a time is unknown",
            Lack::TimeEven => "every task has the same ratio of times",
            Lack::TimeFew => "fewer than two tasks, or a time of zero",
            Lack::SteadyFew => "fewer than two tasks with two trials each",
            Lack::ScoresFew => "fewer than two tasks that both solved with a value",
            Lack::Early => "the run has not finished, and only the solved rate may be looked at early",
        }
    }

    /// Returns the sentence that says it.
    pub(super) fn code(self) -> Code {
        match self {
            Lack::CostUnknown => Code::CostUnknown,
            Lack::CostFew => Code::CostFew,
            Lack::TimeUnknown => Code::TimeUnknown,
            Lack::TimeEven => Code::TimeEven,
            Lack::TimeFew => Code::TimeFew,
            Lack::SteadyFew => Code::SteadyFew,
            Lack::ScoresFew => Code::ScoresFew,
            Lack::Early => Code::PartsEarly,
        }
    }

    /// Returns what a part says is missing; `None` for words that are none of ours.
    pub(super) fn of(missing: &str) -> Option<Lack> {
        ALL.into_iter().find(|lack| lack.why() == missing)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::compare::english::template;

    #[test]
    fn every_lack_is_known_by_its_words_and_has_a_sentence_with_them() {
        for lack in ALL {
            assert_eq!(Lack::of(lack.why()), Some(lack));
            let text = template(lack.code().word()).unwrap_or_default();
            assert!(lack == Lack::Early || text.contains(lack.why()), "{text}");
            assert!(lack.code().word().ends_with("_unsaid"), "readers tell them apart by this end");
        }
        let words: BTreeSet<&str> = ALL.iter().map(|lack| lack.code().word()).collect();
        assert_eq!(words.len(), ALL.len());
        assert_eq!(Lack::of("the moon is full"), None);
    }
}

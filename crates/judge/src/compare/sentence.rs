//! Builds sentences as data.

use std::collections::BTreeMap;

use fairtrial_domain::comparison::{Interval, Param, PartKind, Sentence};
use fairtrial_domain::id::AssistantId;

use super::english::Code;

/// A sentence under way.
pub(super) struct Say(Sentence);

impl Say {
    pub(super) fn new(code: Code) -> Say {
        Say(Sentence { code: code.word().to_owned(), params: BTreeMap::new() })
    }

    fn with(mut self, name: &str, param: Param) -> Say {
        self.0.params.insert(name.to_owned(), param);
        self
    }

    pub(super) fn who(self, name: &str, id: &AssistantId) -> Say {
        self.with(name, Param::Names(vec![id.clone()]))
    }

    pub(super) fn names<'a>(self, name: &str, ids: impl Iterator<Item = &'a AssistantId>) -> Say {
        self.with(name, Param::Names(ids.cloned().collect()))
    }

    pub(super) fn points(self, name: &str, share: f64) -> Say {
        self.with(name, Param::Points(share))
    }

    pub(super) fn count(self, name: &str, n: u32) -> Say {
        self.with(name, Param::Count(n))
    }

    pub(super) fn usd(self, name: &str, usd: f64) -> Say {
        self.with(name, Param::Usd(usd))
    }

    pub(super) fn hours(self, name: &str, hours: f64) -> Say {
        self.with(name, Param::Hours(hours))
    }

    pub(super) fn score(self, name: &str, id: fairtrial_domain::score::ScoreId) -> Say {
        self.with(name, Param::Score(id))
    }

    pub(super) fn kind(self, name: &str, kind: fairtrial_domain::task::TaskKind) -> Say {
        self.with(name, Param::Kind(kind))
    }

    pub(super) fn part(self, name: &str, part: PartKind) -> Say {
        self.with(name, Param::Part(part))
    }

    /// A margin that matters, as a factor or as points.
    pub(super) fn margin(self, margin: f64, ratio: bool) -> Say {
        self.with("margin", if ratio { Param::Factor(margin) } else { Param::Points(margin) })
    }

    /// Bounds of a ratio, and the number of tasks.
    pub(super) fn bounds(self, by: &Interval) -> Say {
        let say = self.with("low", Param::Ratio(by.low)).with("high", Param::Ratio(by.high));
        say.count("n", by.n)
    }

    /// A difference: `by` as points, `low` and `high` as bounds, and the number of tasks.
    pub(super) fn difference(self, by: &Interval) -> Say {
        let say = self.points("by", by.estimate);
        say.with("low", Param::Bound(by.low)).with("high", Param::Bound(by.high)).count("n", by.n)
    }

    /// A share saved: `by`, `low` and `high` as percent, and the number of tasks.
    pub(super) fn saved(self, by: &Interval) -> Say {
        let say = self.with("by", Param::Percent(by.estimate));
        say.with("low", Param::Percent(by.low)).with("high", Param::Percent(by.high)).count("n", by.n)
    }

    pub(super) fn done(self) -> Sentence {
        self.0
    }
}

//! The sequence that makes a task ready: the base, its checks on the untouched base, its checks on the reference.

use fairtrial_domain::bundle::BaseInfo;

use crate::result::GradeResult;

/// A step of a task's preparation, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrepareStep {
    /// Makes the base.
    Base,
    /// Tries the checks on the untouched base: an empty patch.
    Untouched,
    /// Tries the checks on the reference.
    Reference,
}

/// What the steps brought; `None` where there was nothing to run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prepared {
    /// The base, when it was made now.
    pub base: Option<BaseInfo>,
    /// Checks on the untouched base.
    pub untouched: Option<GradeResult>,
    /// Checks on the reference.
    pub reference: Option<GradeResult>,
}

/// What a step brought.
#[derive(Debug, Clone, PartialEq)]
pub enum StepEnd {
    /// There was nothing to run.
    Skipped,
    /// A base.
    Base(BaseInfo),
    /// A graded patch.
    Grade(GradeResult),
    /// Its cell was lost.
    Lost {
        /// Why.
        reason: String,
        /// True when another try would be lost alike.
        lasting: bool,
    },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Run this step.
    Step(PrepareStep),
    /// All steps are through.
    Ready(Box<Prepared>),
    /// A step was lost too often, or for good.
    Failed {
        /// Which step and why.
        reason: String,
    },
}

/// A preparation under way.
#[derive(Debug)]
pub struct Preparing {
    step: Option<PrepareStep>,
    prepared: Prepared,
    tries_left: u32,
    max_tries: u32,
}

impl Preparing {
    /// Begins; each step may be tried `max_tries` times, at least once.
    pub fn new(max_tries: u32) -> Self {
        let max_tries = max_tries.max(1);
        Preparing {
            step: Some(PrepareStep::Base),
            prepared: Prepared::default(),
            tries_left: max_tries,
            max_tries,
        }
    }

    /// Returns the first step.
    pub fn begin(&self) -> Next {
        Next::Step(PrepareStep::Base)
    }

    /// Takes how the step under way ended and returns what comes next.
    pub fn ended(&mut self, end: StepEnd) -> Next {
        let Some(step) = self.step else { return Next::Ready(Box::new(self.prepared.clone())) };
        match (step, end) {
            (_, StepEnd::Lost { reason, lasting }) => {
                self.tries_left -= 1;
                if self.tries_left > 0 && !lasting {
                    return Next::Step(step);
                }
                self.tries_left = 1;
                return Next::Failed { reason: format!("{}: {reason}", step.doing()) };
            }
            (_, StepEnd::Skipped) => {}
            (_, StepEnd::Base(info)) => self.prepared.base = Some(info),
            (PrepareStep::Base | PrepareStep::Untouched, StepEnd::Grade(grade)) => {
                self.prepared.untouched = Some(grade);
            }
            (PrepareStep::Reference, StepEnd::Grade(grade)) => self.prepared.reference = Some(grade),
        }
        self.tries_left = self.max_tries;
        self.step = match step {
            PrepareStep::Base => Some(PrepareStep::Untouched),
            PrepareStep::Untouched => Some(PrepareStep::Reference),
            PrepareStep::Reference => None,
        };
        match self.step {
            Some(step) => Next::Step(step),
            None => Next::Ready(Box::new(self.prepared.clone())),
        }
    }
}

impl PrepareStep {
    /// Returns what the step does, to stand before a reason.
    pub fn doing(self) -> &'static str {
        match self {
            PrepareStep::Base => "preparing the base",
            PrepareStep::Untouched => "checking the untouched base",
            PrepareStep::Reference => "checking the reference",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::id::Digest;

    fn grade(dir: &str) -> StepEnd {
        StepEnd::Grade(GradeResult {
            dir: dir.into(),
            tier: None,
            tier_reason: None,
            fenced: false,
            restored: vec![],
            verdicts: vec![],
            does_not_apply: None,
        })
    }

    /// Feeds ends (`skip`, `base`, `grade`, `lost`) and says what comes next after each.
    fn check(ends: &str, expected: &str) {
        let mut preparing = Preparing::new(3);
        let said = |next: &Next| match next {
            Next::Step(step) => format!("{step:?}"),
            Next::Ready(p) => format!(
                "ready {}{}{}",
                u8::from(p.base.is_some()),
                u8::from(p.untouched.is_some()),
                u8::from(p.reference.is_some())
            ),
            Next::Failed { reason } => format!("failed {reason}"),
        };
        let mut got = vec![said(&preparing.begin())];
        for end in ends.split(' ') {
            let end = match end {
                "skip" => StepEnd::Skipped,
                "base" => StepEnd::Base(BaseInfo { digest: Digest("d".into()), files: 1, bytes: 1 }),
                "grade" => grade("g"),
                "lost" => StepEnd::Lost { reason: "died".into(), lasting: false },
                "missing" => StepEnd::Lost { reason: "no program".into(), lasting: true },
                odd => panic!("{odd}"),
            };
            got.push(said(&preparing.ended(end)));
        }
        assert_eq!(got.join(", "), expected);
    }

    #[test]
    fn base_then_untouched_then_reference() {
        check("base grade grade", "Base, Untouched, Reference, ready 111");
        check("skip grade skip", "Base, Untouched, Reference, ready 010");
        check("skip skip skip", "Base, Untouched, Reference, ready 000");
    }

    #[test]
    fn what_would_be_lost_again_is_not_tried_again() {
        check("missing", "Base, failed preparing the base: no program");
        check(
            "base lost missing",
            "Base, Untouched, Untouched, failed checking the untouched base: no program",
        );
    }

    #[test]
    fn a_lost_cell_is_tried_again_twice_at_each_step() {
        check(
            "lost lost base lost lost grade lost lost lost",
            "Base, Base, Base, Untouched, Untouched, Untouched, Reference, Reference, Reference, \
             failed checking the reference: died",
        );
    }
}

//! The isolations that a cell may have, strongest first, and what each promises.
//!
//! **Invariant:** what is promised is said here and nowhere else; `fairtrial doctor` and the report show it from here.

values! {
    /// Which isolation was had.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum Tier {
        /// Namespaces of its own and an overlay workspace.
        Full,
        /// The same walls made by `bwrap`, around a copy of the base.
        Bubblewrap,
        /// The same walls made by a container runtime, around a copy of the base.
        Container,
        /// A plain copy as the same user: not isolated.
        Plain,
    }

    /// Something that a tier keeps, or does not.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum Promise {
        /// No network but what the plan allows.
        Network,
        /// No file of the user's home, of other trials or of the data folder can be read.
        PrivateHome,
        /// Checks run where nothing that the assistant started or wrote, but its patch, can reach them.
        GradedApart,
        /// No process of a trial outlives it, whatever it does.
        NothingSurvives,
        /// The number of processes is bounded.
        ProcessesBounded,
        /// System calls that lead out are refused.
        CallsFiltered,
        /// Programs are not shown where on this machine, and so in which trial, they are.
        PlaceHidden,
    }

    /// How changes are found.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum CaptureBy {
        /// From what was written over the base: its cost is that of the changes.
        Overlay,
        /// By comparing a whole copy with the base.
        Copy,
    }

    /// One tier as it stands on a machine.
    #[derive(Eq)]
    pub struct TierReport {
        /// Which.
        pub tier: Tier,
        /// Why it cannot be had here, and what to do about it; `None` when it can.
        pub missing: Option<String>,
        /// What it keeps.
        pub keeps: Vec<Promise>,
        /// What it does not keep.
        pub lacks: Vec<Promise>,
        /// How it finds changes.
        pub capture: CaptureBy,
        /// Whether a verdict may rest on it.
        pub carries_verdict: bool,
    }
}

impl Tier {
    /// All, strongest first.
    pub const ALL: [Tier; 4] = [Tier::Full, Tier::Bubblewrap, Tier::Container, Tier::Plain];

    /// Returns whether it keeps a promise.
    pub fn keeps(self, promise: Promise) -> bool {
        match self {
            Tier::Full => true,
            Tier::Bubblewrap | Tier::Container => promise != Promise::PlaceHidden,
            Tier::Plain => false,
        }
    }

    /// Returns whether a verdict may rest on trials that had it: an assistant can neither see nor touch what judges it.
    pub fn carries_verdict(self) -> bool {
        let needed = [Promise::Network, Promise::PrivateHome, Promise::GradedApart, Promise::NothingSurvives];
        needed.into_iter().all(|promise| self.keeps(promise))
    }

    /// Returns how it finds changes.
    pub fn capture(self) -> CaptureBy {
        match self {
            Tier::Full => CaptureBy::Overlay,
            Tier::Bubblewrap | Tier::Container | Tier::Plain => CaptureBy::Copy,
        }
    }

    /// Returns what is to be said of it on a machine where it is `missing` for a reason, or is not.
    pub fn report(self, missing: Option<String>) -> TierReport {
        let (keeps, lacks) = Promise::ALL.into_iter().partition(|promise| self.keeps(*promise));
        let (capture, carries_verdict) = (self.capture(), self.carries_verdict());
        TierReport { tier: self, missing, keeps, lacks, capture, carries_verdict }
    }

    /// Returns its name for people.
    pub fn words(self) -> &'static str {
        match self {
            Tier::Full => "full: own namespaces",
            Tier::Bubblewrap => "bubblewrap: namespaces made by bwrap",
            Tier::Container => "container: namespaces made by crun or runc",
            Tier::Plain => "plain: not isolated",
        }
    }
}

impl Promise {
    /// All.
    pub const ALL: [Promise; 7] = [
        Promise::Network,
        Promise::PrivateHome,
        Promise::GradedApart,
        Promise::NothingSurvives,
        Promise::ProcessesBounded,
        Promise::CallsFiltered,
        Promise::PlaceHidden,
    ];

    /// Returns it for people, as what is kept.
    pub fn words(self) -> &'static str {
        match self {
            Promise::Network => "network by plan",
            Promise::PrivateHome => "private home",
            Promise::GradedApart => "checks out of reach",
            Promise::NothingSurvives => "no process left",
            Promise::ProcessesBounded => "bounded processes",
            Promise::CallsFiltered => "filtered system calls",
            Promise::PlaceHidden => "hidden paths of the trial",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_rests_on_walls_and_every_tier_tells_what_it_lacks() {
        let told = Tier::ALL.map(|tier| (tier.carries_verdict(), tier.report(None).lacks.len()));
        assert_eq!(told, [(true, 0), (true, 1), (true, 1), (false, Promise::ALL.len())]);
        assert!(Tier::ALL.is_sorted());
    }
}

//! What is told of an assistant before it is compared.

use fairtrial_domain::id::AssistantId;
use fairtrial_domain::outcome::Ending;
use fairtrial_domain::values;

values! {
    /// An assistant and whether it can be started here.
    pub struct AssistantStatus {
        /// Its name.
        pub id: AssistantId,
        /// Its name for people.
        pub title: String,
        /// True for a bundled sample.
        pub sample: bool,
        /// The program's path, where found.
        pub program: Option<String>,
        /// What it says of its version.
        pub version: Option<String>,
        /// What keeps it from starting, with the remedy; `None` when it is ready.
        pub hurdle: Option<String>,
        /// True when its cost can be known.
        pub cost_known: bool,
        /// True when it can go on in a session of its own, so that its trials may have further rounds.
        pub resumes: bool,
        /// True when we count its requests to its model ourselves, so that a limit on them binds.
        pub requests_counted: bool,
        /// Its model, where its table names one.
        pub model: Option<String>,
        /// True when it can be told which model to work with, so that it can be crossed with models.
        pub takes_model: bool,
        /// The variable that holds its key, where one is set; never the key.
        pub key: Option<String>,
        /// What its back end gets out of it, by name.
        pub features: Vec<String>,
        /// The version that was driven by us; `None` when it never was.
        pub driven: Option<String>,
        /// True when that version was driven once and alone, and its stream recorded; false when our tests run it
        /// through the whole product.
        pub recorded: bool,
        /// What is wrong with that version.
        pub defects: Vec<String>,
        /// What its users meet before it works: tiers, switches, regions.
        pub hurdles: Vec<String>,
        /// How it signs in, as far as that can be told without spending; `None` where its program's login is not known.
        pub sign_in: Option<SignIn>,
        /// Who pays and where, as the user wrote it down.
        pub account: Option<String>,
    }

    /// A program's login on this machine.
    pub struct SignIn {
        /// True when it works with the user's own login: less isolated, one trial at a time, no verdict.
        pub own_login: bool,
        /// The file that shows that somebody signed in, never what is in it; `None`: not known.
        pub found: Option<String>,
        /// What of the user's home trials see and may write then.
        pub places: Vec<String>,
        /// What its vendor's terms say on it, in our words; `None` where they are not known here.
        pub terms: Option<String>,
        /// Where the vendor says so.
        pub source: Option<String>,
    }

    /// What an assistant was seen to do on a one-file repair.
    pub struct AssistantTest {
        /// Who.
        pub assistant: AssistantId,
        /// What its program says of its version.
        pub version: Option<String>,
        /// How it ended.
        pub ending: Ending,
        /// True when the test passes on its patch.
        pub repaired: bool,
        /// Each capability.
        pub seen: Vec<Seen>,
        /// Lines of its stream that could not be read.
        pub unparsed: u64,
        /// Processes that outlived it.
        pub leftovers: Vec<String>,
    }

    /// A capability, promised or not, seen or not.
    pub struct Seen {
        /// Its name.
        pub feature: String,
        /// True when its back end promises it.
        pub promised: bool,
        /// False when this test does nothing that could show it.
        pub tried: bool,
        /// What showed it; `None` when nothing did.
        pub seen: Option<String>,
    }
}

//! What a trial consumed. Unknown is `None`, never zero.

values! {
    /// Tokens and requests of one trial. Each token is counted in exactly one field.
    #[derive(Default)]
    pub struct Usage {
        /// Input tokens that no cache served.
        pub input_uncached: Option<u64>,
        /// Input tokens read from a cache.
        pub cache_read: Option<u64>,
        /// Input tokens written to a cache.
        pub cache_write: Option<u64>,
        /// Output tokens without reasoning, where the two can be told apart; else all output.
        pub output: Option<u64>,
        /// Reasoning tokens, where they can be told apart.
        pub reasoning: Option<u64>,
        /// Requests to the model.
        pub requests: Option<u64>,
        /// The vendor's credits, where it counts in them. They are not money until the user enters a rate.
        #[serde(default)]
        pub credits: Option<f64>,
        /// Who counted.
        pub source: UsageSource,
    }

    /// Who counted.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum UsageSource {
        /// Nobody.
        #[default]
        Unknown,
        /// The assistant, in its stream.
        Stream,
        /// Our meter, from the model's own answers.
        Metered,
        /// The assistant, in figures that it rounds.
        Rounded,
        /// A bundled sample, which calls no model: its figures are simulated and said to be.
        Simulated,
    }

    /// What a trial cost.
    pub struct Cost {
        /// US dollars.
        pub usd: f64,
        /// Who worked it out.
        pub source: CostSource,
    }

    /// Who worked a cost out.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum CostSource {
        /// The assistant, from its own price list.
        Reported,
        /// We, from tokens and the price the user entered.
        Priced,
        /// We, from tokens and our dated table of public list prices.
        Listed,
        /// Invented by a bundled sample.
        Simulated,
    }
}

// Credits come from JSON or from sums of such, and neither holds what is not equal to itself.
impl Eq for Usage {}

impl Usage {
    /// Returns all tokens that were counted, or `None` when none was.
    pub fn total_tokens(&self) -> Option<u64> {
        [self.input_uncached, self.cache_read, self.cache_write, self.output, self.reasoning]
            .into_iter()
            .flatten()
            .reduce(u64::saturating_add)
    }

    /// Returns the cost in US dollars at `price`, or `None` while input or output is unknown.
    pub fn priced(&self, price: &crate::assistant::Price) -> Option<f64> {
        let per = |tokens: Option<u64>, dollars: f64| tokens.unwrap_or(0) as f64 * dollars / 1e6;
        let (input, output) = (self.input_uncached?, self.output?);
        Some(
            per(Some(input), price.input)
                + per(self.cache_read, price.cache_read)
                + per(self.cache_write, price.cache_write)
                + per(Some(output), price.output)
                + per(self.reasoning, price.output),
        )
    }
}

//! What went between an assistant and its model, as our meter saw it: requests, tokens, and what left the machine.
//!
//! **Invariant:** no header, key or body is part of it; bodies exist only in a recording, which is asked for.

use std::path::PathBuf;

use crate::event::FaultKind;
use crate::id::Digest;
use crate::usage::Usage;

values! {
    /// How the meter stands beside a session.
    #[derive(Default, Eq)]
    pub struct MeterOrder {
        /// Whether to keep whole exchanges, so that they can be replayed.
        pub record: bool,
        /// The folder of a recording that answers in the vendor's place.
        pub replay: Option<PathBuf>,
    }

    /// Everything that the meter saw in one trial.
    pub struct Traffic {
        /// Where requests went: the host, with its port where it is not the usual one.
        pub host: String,
        /// The requests in order of arrival, at most 2,000.
        pub exchanges: Vec<Exchange>,
        /// How many more there were.
        pub more: u64,
        /// The sum over all requests to a model.
        pub usage: Usage,
        /// What the assistant itself reported, where it did.
        pub reported: Option<Usage>,
        /// Where the two disagree, one sentence each.
        pub disagreements: Vec<String>,
        /// What of the base was in the requests.
        pub left: Left,
        /// The prices that the cost was worked out with, where they came from our table: one row a model.
        pub prices: Vec<PriceUsed>,
        /// Why list prices give no cost, where they do not.
        pub unpriced: Option<String>,
        /// The recording that was made.
        pub recording: Option<Digest>,
        /// The recording that answered in the vendor's place.
        pub replay_of: Option<Digest>,
        /// Where the conversation departed from the recording, and how.
        pub departed: Option<String>,
    }

    /// One request and its answer.
    pub struct Exchange {
        /// Milliseconds since the meter started.
        pub at_ms: u64,
        /// Which API it spoke.
        pub api: WireApi,
        /// The path at the vendor, without its query.
        pub path: String,
        /// The model asked for.
        pub asked: Option<String>,
        /// The model that says it served.
        pub served: Option<String>,
        /// The status; 0 when there was no answer.
        pub status: u16,
        /// True when the same body was sent before.
        pub again: bool,
        /// What the answer says it consumed.
        pub usage: Usage,
        /// Of the tokens written to a cache, those that it keeps for an hour.
        pub cache_write_long: Option<u64>,
        /// The vendor's class of service, where it says so.
        pub service: Option<String>,
        /// Why the model stopped, in the vendor's word.
        pub stop: Option<String>,
        /// The vendor's name of the request.
        pub request_id: Option<String>,
        /// Whose fault it was that it failed; `None` when it did not.
        pub fault: Option<FaultKind>,
        /// Seconds that the vendor asked to wait.
        pub retry_after_sec: Option<f64>,
        /// Milliseconds until the first byte of the answer's body.
        pub first_byte_ms: Option<u64>,
        /// Milliseconds until the answer's end.
        pub ms: u64,
        /// Bytes of the request's body.
        pub bytes_out: u64,
        /// Bytes of the answer's body.
        pub bytes_in: u64,
    }

    /// An API by which a model is asked.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum WireApi {
        /// Anthropic Messages.
        Anthropic,
        /// OpenAI Responses.
        Responses,
        /// Chat Completions, as OpenAI, Ollama, vLLM and others speak it.
        Chat,
        /// Gemini's generateContent and streamGenerateContent.
        Gemini,
        /// Amazon Bedrock Converse.
        Converse,
        /// Amazon Bedrock InvokeModel, with an Anthropic body.
        Invoke,
        /// No request to a model that we can read.
        Other,
    }

    /// What of the base was seen in request bodies.
    #[derive(Default, Eq)]
    pub struct Left {
        /// Bytes of all request bodies.
        pub bytes: u64,
        /// False when bodies could not be read, so that only bytes are known.
        pub contents_visible: bool,
        /// Files of which lines were seen, by path.
        pub files: Vec<LeftFile>,
        /// Files of the base that were too large or too many to look for.
        pub unread: u64,
        /// Lines seen that occur in several files, none of which was seen otherwise.
        pub unplaced: u64,
    }

    /// A file of which lines were seen in request bodies.
    #[derive(Eq)]
    pub struct LeftFile {
        /// Relative to the base.
        pub path: String,
        /// Lines of it that were seen.
        pub lines: u32,
        /// Lines of it that are long enough to be told.
        pub of: u32,
        /// The lines that were seen, from 1, as first and last of each stretch.
        pub ranges: Vec<(u32, u32)>,
    }

    /// A row of our price table, as used: dollars per million tokens.
    pub struct PriceUsed {
        /// SHA-256 of the table.
        pub table: Digest,
        /// The day of the table.
        pub dated: String,
        /// Whose list it is.
        pub provider: String,
        /// The row's model.
        pub model: String,
        /// What a token costs.
        pub rates: Rates,
        /// What it costs in a request with more input than this, where that differs.
        pub above: Option<Above>,
    }

    /// Dollars per million tokens.
    #[derive(Copy)]
    pub struct Rates {
        /// Uncached input.
        pub input: f64,
        /// Input read from a cache; `None` where the list has no such price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cache_read: Option<f64>,
        /// Input written to a cache; `None` where the list has no such price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cache_write: Option<f64>,
        /// Input written to a cache that keeps it for an hour; `None` where the list has no such price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cache_write_long: Option<f64>,
        /// Output, reasoning included.
        pub output: f64,
    }

    /// Other rates for long requests.
    #[derive(Copy)]
    pub struct Above {
        /// Input tokens, cache included, that a request must exceed.
        pub tokens: u64,
        /// What a token costs then.
        pub rates: Rates,
    }
}

//! What it is started with: arguments in the open, keys from the environment.

use fairtrial_domain::assistant::Price;
use fairtrial_domain::traffic::WireApi;
use fairtrial_wire::sigv4::Credentials;

/// The variables that hold what lets requests in: what the model runs is not given them.
pub(crate) const KEYS: [&str; 7] = [
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// How a request is let in.
pub(crate) enum Access {
    /// A key in the header that the API has for it; `None` for servers that want none.
    Key(Option<String>),
    /// A signature over each request.
    Signed(Credentials),
}

/// What it is started with.
pub(crate) struct Options {
    pub(crate) api: WireApi,
    pub(crate) base_url: String,
    pub(crate) model: String,
    pub(crate) region: String,
    pub(crate) access: Access,
    pub(crate) max_steps: u64,
    pub(crate) max_seconds: f64,
    pub(crate) max_usd: Option<f64>,
    pub(crate) max_tokens: u64,
    pub(crate) price: Option<Price>,
    /// The session to go on with.
    pub(crate) resume: Option<String>,
}

/// Why it cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("`{0}` is not an option; {USAGE}")]
    Unknown(String),
    #[error("`{name}` wants {wanted}")]
    Value { name: String, wanted: &'static str },
    #[error("`{0}` is missing; {USAGE}")]
    Missing(&'static str),
    #[error("no key: set {0}")]
    NoKey(&'static str),
    #[error(
        "a limit in dollars needs a price: add --price INPUT,CACHE_READ,CACHE_WRITE,OUTPUT per million tokens"
    )]
    NoPrice,
}

const USAGE: &str = "use --api anthropic|responses|chat|gemini|converse --model NAME [--base-url URL] [--region REGION] \
[--max-steps N] [--max-seconds S] [--max-usd D] [--max-tokens N] [--price IN,READ,WRITE,OUT] [--resume SESSION]";

impl Options {
    /// Reads arguments; `env` gives a variable of the environment.
    pub(crate) fn read(
        arguments: impl Iterator<Item = String>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Options, OptionsError> {
        let (mut api, mut base_url, mut model, mut region) = (None, None, None, None);
        let (mut max_steps, mut max_seconds, mut max_usd, mut max_tokens) = (50, 1800.0, None, 16_000);
        let (mut price, mut resume) = (None, None);
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let value = arguments.next().unwrap_or_default();
            let wanted = |wanted| OptionsError::Value { name: name.clone(), wanted };
            let number = || value.parse::<f64>().ok().filter(|n| *n > 0.0 && n.is_finite());
            let count = || value.parse::<u64>().ok().filter(|n| *n > 0);
            match name.as_str() {
                "--api" => api = Some(named(&value).ok_or_else(|| wanted("the name of an API"))?),
                "--model" => model = Some(value).filter(|value| !value.is_empty()),
                "--base-url" => base_url = Some(value.trim_end_matches('/').to_owned()),
                "--region" => region = Some(value),
                "--max-steps" => max_steps = count().ok_or_else(|| wanted("a number of steps"))?,
                "--max-tokens" => max_tokens = count().ok_or_else(|| wanted("a number of tokens"))?,
                "--max-seconds" => max_seconds = number().ok_or_else(|| wanted("seconds"))?,
                "--max-usd" => max_usd = Some(number().ok_or_else(|| wanted("dollars"))?),
                "--price" => price = Some(rates(&value).ok_or_else(|| wanted("four prices with commas"))?),
                "--resume" => resume = Some(value).filter(|value| !value.is_empty()),
                _ => return Err(OptionsError::Unknown(name)),
            }
        }
        let api = api.ok_or(OptionsError::Missing("--api"))?;
        if max_usd.is_some() && price.is_none() {
            return Err(OptionsError::NoPrice);
        }
        let region = region.or_else(|| env("AWS_REGION")).unwrap_or_else(|| "us-east-1".to_owned());
        let base_url = base_url.unwrap_or_else(|| vendor(api, &region));
        Ok(Options {
            api,
            model: model.ok_or(OptionsError::Missing("--model"))?,
            access: access(api, &base_url, env)?,
            base_url,
            region,
            max_steps,
            max_seconds,
            max_usd,
            max_tokens,
            price,
            resume,
        })
    }
}

fn named(name: &str) -> Option<WireApi> {
    match name {
        "anthropic" => Some(WireApi::Anthropic),
        "responses" => Some(WireApi::Responses),
        "chat" => Some(WireApi::Chat),
        "gemini" => Some(WireApi::Gemini),
        "converse" => Some(WireApi::Converse),
        _ => None,
    }
}

fn vendor(api: WireApi, region: &str) -> String {
    match api {
        WireApi::Anthropic => "https://api.anthropic.com".to_owned(),
        WireApi::Responses | WireApi::Chat | WireApi::Other => "https://api.openai.com/v1".to_owned(),
        WireApi::Gemini => "https://generativelanguage.googleapis.com".to_owned(),
        WireApi::Converse | WireApi::Invoke => format!("https://bedrock-runtime.{region}.amazonaws.com"),
    }
}

/// Returns how requests are let in: by the API's own variable. Compatible servers may want no key.
fn access(
    api: WireApi,
    base_url: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Access, OptionsError> {
    let key = |name: &'static str| env(name).filter(|key| !key.is_empty());
    let one =
        |name: &'static str| key(name).map(|key| Access::Key(Some(key))).ok_or(OptionsError::NoKey(name));
    match api {
        WireApi::Anthropic => one("ANTHROPIC_API_KEY"),
        WireApi::Gemini => one("GEMINI_API_KEY"),
        WireApi::Responses | WireApi::Chat | WireApi::Other => match key("OPENAI_API_KEY") {
            None if base_url.starts_with("https://api.openai.com") => {
                Err(OptionsError::NoKey("OPENAI_API_KEY"))
            }
            key => Ok(Access::Key(key)),
        },
        WireApi::Converse | WireApi::Invoke => {
            if let Some(token) = key("AWS_BEARER_TOKEN_BEDROCK") {
                return Ok(Access::Key(Some(token)));
            }
            let wanted = "AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            let missing = || OptionsError::NoKey(wanted);
            Ok(Access::Signed(Credentials {
                access_key: key("AWS_ACCESS_KEY_ID").ok_or_else(missing)?,
                secret_key: key("AWS_SECRET_ACCESS_KEY").ok_or_else(missing)?,
                session_token: key("AWS_SESSION_TOKEN"),
            }))
        }
    }
}

fn rates(text: &str) -> Option<Price> {
    let rates: Option<Vec<f64>> = text.split(',').map(|rate| rate.trim().parse().ok()).collect();
    let [input, cache_read, cache_write, output] = rates?.try_into().ok()?;
    let fine = [input, cache_read, cache_write, output].iter().all(|rate| rate.is_finite() && *rate >= 0.0);
    fine.then_some(Price { input, cache_read, cache_write, output })
}

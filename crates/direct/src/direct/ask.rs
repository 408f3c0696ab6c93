//! One question to the model, tried again while that makes sense.
//!
//! **Invariant:** a wait that the vendor asks for is kept; what cannot get better is not tried again.

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fairtrial_domain::event::{EventKind, FaultKind};
use fairtrial_domain::traffic::WireApi;
use fairtrial_wire::read::Answer;
use fairtrial_wire::sigv4::{self, Request};
use fairtrial_wire::talk::{Listener, NoReply, Reply, Talk, body, path};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::limits::Limits;
use crate::options::{Access, Options};

/// Tries in all.
const MOST_TRIES: u64 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Nothing for this long means that the connection is dead.
const SILENCE: Duration = Duration::from_secs(300);

/// What came of a question.
pub(crate) struct Asked {
    /// What each try consumed.
    pub(crate) answers: Vec<Answer>,
    pub(crate) reply: Result<Reply, NoReply>,
}

/// Asks one model.
pub(crate) struct Asker<'a> {
    options: &'a Options,
    client: reqwest::Client,
}

impl Asker<'_> {
    /// Returns one that asks as the options say.
    pub(crate) fn new(options: &Options) -> Result<Asker<'_>, reqwest::Error> {
        let client = fairtrial_wire::client(&options.base_url, Some(SILENCE))?;
        Ok(Asker { options, client })
    }

    /// Asks, and asks again after what may pass; `tell` is given each new try.
    pub(crate) async fn ask(
        &self,
        talk: &Talk<'_>,
        limits: &Limits,
        tell: &mut dyn FnMut(EventKind) -> io::Result<()>,
    ) -> io::Result<Asked> {
        let body = serde_json::to_vec(&body(self.options.api, talk))?;
        let mut answers = vec![];
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let left = limits.left(Instant::now());
            let Ok((answer, after, reply)) = tokio::time::timeout(left, self.once(&body)).await else {
                let message = "the session's time was over before the model had answered".to_owned();
                return Ok(Asked { answers, reply: Err(NoReply { fault: FaultKind::Network, message }) });
            };
            answers.extend(answer);
            let why = match reply {
                Ok(reply) => return Ok(Asked { answers, reply: Ok(reply) }),
                Err(why) => why,
            };
            let may_pass = match why.fault {
                FaultKind::RateLimit | FaultKind::Server | FaultKind::Network => true,
                FaultKind::Auth | FaultKind::Assistant => false,
            };
            let pause = after.unwrap_or(wait);
            if !may_pass || attempt == MOST_TRIES || limits.left(Instant::now()) <= pause {
                return Ok(Asked { answers, reply: Err(why) });
            }
            tell(EventKind::Retry { attempt: attempt + 1, fault: why.fault, message: why.message })?;
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        unreachable!("the last try returns")
    }

    async fn once(&self, body: &[u8]) -> (Option<Answer>, Option<Duration>, Result<Reply, NoReply>) {
        let lost = |message: &str| NoReply { fault: FaultKind::Network, message: message.to_owned() };
        let path = path(self.options.api, &self.options.model);
        let Ok(url) = reqwest::Url::parse(&format!("{}{path}", self.options.base_url)) else {
            let message = format!("`{}` is no address", self.options.base_url);
            return (None, None, Err(NoReply { fault: FaultKind::Assistant, message }));
        };
        let headers = self.headers(&url, body);
        let sent = self.client.post(url).headers(headers).body(body.to_vec()).send().await;
        let mut response = match sent {
            Ok(response) => response,
            Err(_) => return (None, None, Err(lost("the model's host could not be reached"))),
        };
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let seconds = header("retry-after").and_then(|value| value.parse::<f64>().ok());
        let after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let kind = header("content-type").unwrap_or_default().to_owned();
        let mut listener = Listener::new(self.options.api, response.status().as_u16(), &kind);
        let cut = loop {
            match response.chunk().await {
                Ok(Some(piece)) => listener.push(&piece),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        let (answer, reply) = listener.finish(cut);
        (Some(answer), after, reply)
    }

    fn headers(&self, url: &reqwest::Url, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut put = |name: &'static str, value: String| {
            if let Ok(mut value) = HeaderValue::from_str(&value) {
                value.set_sensitive(true);
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        match (&self.options.access, self.options.api) {
            (Access::Key(Some(key)), WireApi::Anthropic) => put("x-api-key", key.clone()),
            (Access::Key(Some(key)), WireApi::Gemini) => put("x-goog-api-key", key.clone()),
            (Access::Key(Some(key)), _) => put("authorization", format!("Bearer {key}")),
            (Access::Key(None), _) => {}
            (Access::Signed(credentials), _) => {
                let host = url.host_str().unwrap_or_default();
                let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
                let request = Request {
                    method: "POST",
                    path: url.path(),
                    query: &[],
                    headers: &[("host", &host), ("content-type", "application/json")],
                    body,
                    region: &self.options.region,
                    service: "bedrock",
                    date: &fairtrial_wire::stamp(since_1970(SystemTime::now())),
                };
                sigv4::sign(&request, credentials).into_iter().for_each(|(name, value)| put(name, value));
            }
        }
        if self.options.api == WireApi::Anthropic {
            put("anthropic-version", "2023-06-01".to_owned());
        }
        headers
    }
}

fn since_1970(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

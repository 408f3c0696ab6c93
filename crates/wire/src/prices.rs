//! Public list prices: a dated table, vendored as data, and what a trial's requests cost by it.
//!
//! **Invariant:** a model that the table does not name, at a host whose list it is not, costs something unknown; so
//! does a request that was cut before it said what it used.

use std::sync::OnceLock;

use fairtrial_domain::id::Digest;
use fairtrial_domain::traffic::{Above, Exchange, PriceUsed, Rates, Traffic, WireApi};
use serde::Deserialize;

use crate::recording::digest;

const CUT: &str = "a request was cut before it said what it used";
const TABLE: &str = include_str!("../data/prices.json");

/// The table.
#[derive(Debug, Deserialize)]
pub struct Table {
    /// Where it comes from.
    pub source: String,
    /// Its licence.
    pub licence: String,
    /// The day it was taken.
    pub dated: String,
    rows: Vec<Row>,
    /// SHA-256 of the file.
    #[serde(skip_deserializing, default = "unhashed")]
    pub digest: Digest,
}

fn unhashed() -> Digest {
    Digest(String::new())
}

#[derive(Debug, Deserialize)]
struct Row {
    provider: String,
    model: String,
    rates: Rates,
    above: Option<Above>,
}

/// Returns the table.
pub fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let mut table: Table = serde_json::from_str(TABLE).expect("a test reads the table");
        table.digest = digest(TABLE.as_bytes());
        table
    })
}

impl Table {
    /// Returns every provider's every model that has a row.
    pub fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows.iter().map(|row| (row.provider.as_str(), row.model.as_str()))
    }

    /// Returns the row of a model at a host; `None` when it is not known there.
    pub fn row(&self, host: &str, model: &str) -> Option<PriceUsed> {
        let (provider, region) = provider(host)?;
        let regional = region.map(|region| format!("{region}/{model}"));
        let find = |name: &str| self.rows.iter().find(|row| row.provider == provider && row.model == name);
        let row = regional.as_deref().and_then(find).or_else(|| find(model))?;
        Some(PriceUsed {
            table: self.digest.clone(),
            dated: self.dated.clone(),
            provider: row.provider.clone(),
            model: row.model.clone(),
            rates: row.rates,
            above: row.above,
        })
    }
}

/// Returns whose list holds at a host, and the region for which it may have prices of its own.
fn provider(host: &str) -> Option<(&'static str, Option<&str>)> {
    match host {
        "api.anthropic.com" => Some(("anthropic", None)),
        "api.openai.com" => Some(("openai", None)),
        "generativelanguage.googleapis.com" => Some(("gemini", None)),
        host => {
            let rest = host.strip_prefix("bedrock-runtime.")?;
            Some(("bedrock", Some(rest.strip_suffix(".amazonaws.com")?)))
        }
    }
}

/// Why a cost is not known, in one fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unpriced(pub String);

/// Returns the rows used and the US dollars for all requests, or why they are not known.
pub fn cost(host: &str, exchanges: &[Exchange]) -> (Vec<PriceUsed>, Result<f64, Unpriced>) {
    let mut used: Vec<PriceUsed> = vec![];
    let mut usd = 0.0;
    for exchange in exchanges {
        if !is_billed(exchange) {
            continue;
        }
        match one(host, exchange) {
            Ok((dollars, row)) => {
                usd += dollars;
                if !used.contains(&row) {
                    used.push(row);
                }
            }
            Err(why) => return (used, Err(why)),
        }
    }
    (used, Ok(usd))
}

/// Returns whether a request costs anything: what was refused does not.
fn is_billed(exchange: &Exchange) -> bool {
    let refused = exchange.fault.is_some() && !(200..300).contains(&exchange.status);
    exchange.api != WireApi::Other && !refused
}

fn one(host: &str, exchange: &Exchange) -> Result<(f64, PriceUsed), Unpriced> {
    if exchange.fault.is_some() {
        return Err(Unpriced(CUT.to_owned()));
    }
    if let Some(class) = &exchange.service
        && !["standard", "default", "auto", "on_demand"].contains(&class.as_str())
    {
        return Err(Unpriced(format!("the class of service `{class}` has no list price here")));
    }
    let served = exchange.served.as_deref();
    let asked = exchange.asked.as_deref().filter(|asked| served.is_none_or(|served| is_same(asked, served)));
    let row = [served, asked].into_iter().flatten().find_map(|model| table().row(host, model));
    let row = row.ok_or_else(|| {
        let model = served.or(asked).unwrap_or("unnamed");
        Unpriced(format!("the model `{model}` at {host} has no list price here"))
    })?;
    let dollars = priced(exchange, &row)
        .ok_or_else(|| Unpriced(format!("the list prices of `{}` do not cover what was used", row.model)))?;
    Ok((dollars, row))
}

/// Returns whether the model that served is the one that was asked for: by the same name, by that and a day, or, at
/// Bedrock, by its maker's own name within Bedrock's.
fn is_same(asked: &str, served: &str) -> bool {
    let day = |text: &str| {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        matches!(text.len(), 8 | 10) && digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let dated = served.strip_prefix(asked).and_then(|rest| rest.strip_prefix('-')).is_some_and(day);
    let within = asked.split_once("anthropic.").and_then(|(_, own)| own.strip_prefix(served));
    asked == served || dated || within.is_some_and(|rest| rest.is_empty() || rest.starts_with("-v"))
}

/// Returns whether every request that is billed said what it used: else no sum of them has a price.
///
/// # Errors
/// Why not.
pub fn counted(traffic: &Traffic) -> Result<(), Unpriced> {
    let unknown = |why: &str| Err(Unpriced(why.to_owned()));
    if traffic.more > 0 {
        return unknown("there were more requests than are listed");
    }
    for exchange in traffic.exchanges.iter().filter(|exchange| is_billed(exchange)) {
        if exchange.fault.is_some() {
            return unknown(CUT);
        }
        if exchange.usage.input_uncached.is_none() || exchange.usage.output.is_none() {
            return unknown("an answer did not say what it used");
        }
    }
    Ok(())
}

/// Returns the dollars of one request, or `None` while something that it used has no count or no price.
fn priced(exchange: &Exchange, row: &PriceUsed) -> Option<f64> {
    let usage = &exchange.usage;
    let (read, written) = (usage.cache_read.unwrap_or(0), usage.cache_write.unwrap_or(0));
    let (input, output) = (usage.input_uncached?, usage.output?.saturating_add(usage.reasoning.unwrap_or(0)));
    let rates = match &row.above {
        Some(above) if input.saturating_add(read).saturating_add(written) > above.tokens => &above.rates,
        Some(_) | None => &row.rates,
    };
    let long = exchange.cache_write_long.unwrap_or(0);
    let of = |tokens: u64, rate: Option<f64>| {
        if tokens == 0 { Some(0.0) } else { Some(tokens as f64 * rate? / 1e6) }
    };
    Some(
        of(input, Some(rates.input))?
            + of(read, rates.cache_read)?
            + of(written.checked_sub(long)?, rates.cache_write)?
            + of(long, rates.cache_write_long)?
            + of(output, Some(rates.output))?,
    )
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::event::FaultKind;
    use fairtrial_domain::traffic::Left;
    use fairtrial_domain::usage::Usage;

    use super::*;

    fn exchange(model: &str, input: u64, read: u64, written: u64, output: u64) -> Exchange {
        Exchange {
            at_ms: 0,
            api: WireApi::Anthropic,
            path: String::new(),
            asked: Some(model.to_owned()),
            served: None,
            status: 200,
            again: false,
            usage: Usage {
                input_uncached: Some(input),
                cache_read: Some(read),
                cache_write: Some(written),
                output: Some(output),
                ..Usage::default()
            },
            cache_write_long: None,
            service: None,
            stop: None,
            request_id: None,
            fault: None,
            retry_after_sec: None,
            first_byte_ms: None,
            ms: 0,
            bytes_out: 0,
            bytes_in: 0,
        }
    }

    #[track_caller]
    fn check(host: &str, exchange: Exchange, wanted: Result<f64, &str>) {
        match (cost(host, &[exchange]).1, wanted) {
            (Ok(usd), Ok(wanted)) => assert!((usd - wanted).abs() < 1e-12, "{usd} and not {wanted}"),
            (got, wanted) => assert_eq!(got, wanted.map_err(|why| Unpriced(why.to_owned()))),
        }
    }

    #[test]
    fn the_table_says_where_it_comes_from_and_is_sane() {
        let table = table();
        assert!(table.licence.contains("MIT") && table.source.contains("LiteLLM") && !table.dated.is_empty());
        assert_eq!(table.digest.0.len(), 64);
        assert!(table.rows.len() > 400);
        for row in &table.rows {
            assert!(row.rates.input > 0.0 && row.rates.output > 0.0, "{row:?}");
            assert!(row.rates.output < 1000.0, "{row:?}");
        }
    }

    #[test]
    fn tokens_cost_what_the_list_says() {
        // 3, 0.30, 3.75 and 15 dollars per million.
        let model = "claude-sonnet-4-5";
        check("api.anthropic.com", exchange(model, 2100, 3300, 1300, 190), Ok(0.015_015));
        let mut long = exchange(model, 0, 0, 1000, 0);
        long.cache_write_long = Some(1000);
        check("api.anthropic.com", long, Ok(0.006));
    }

    #[test]
    fn a_region_and_a_long_request_have_prices_of_their_own() {
        let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let host = "bedrock-runtime.us-east-1.amazonaws.com";
        check(host, exchange(model, 1_000, 0, 0, 1_000), Ok(0.019_8));
        check(host, exchange(model, 200_000, 0, 0, 0), Ok(0.66));
        check(host, exchange(model, 100_000, 100_001, 0, 0), Ok(0.66 + 0.066_000_66));
    }

    #[test]
    fn what_is_not_on_the_list_is_unknown() {
        let odd = exchange("no-such-model", 1, 0, 0, 1);
        check(
            "api.anthropic.com",
            odd,
            Err("the model `no-such-model` at api.anthropic.com has no list price here"),
        );
        let elsewhere = exchange("claude-sonnet-4-5", 1, 0, 0, 1);
        let why = "the model `claude-sonnet-4-5` at gateway.example.com has no list price here";
        check("gateway.example.com", elsewhere, Err(why));
        let mut cut = exchange("claude-sonnet-4-5", 1, 0, 0, 1);
        cut.fault = Some(FaultKind::Network);
        check("api.anthropic.com", cut, Err("a request was cut before it said what it used"));
        let mut fast = exchange("claude-sonnet-4-5", 1, 0, 0, 1);
        fast.service = Some("priority".to_owned());
        check("api.anthropic.com", fast, Err("the class of service `priority` has no list price here"));
    }

    #[test]
    fn a_model_that_served_in_anothers_place_has_its_own_price_or_none() {
        let served = |asked: &str, served: &str| {
            let mut one = exchange(asked, 100_000, 0, 0, 0);
            one.served = Some(served.to_owned());
            one
        };
        let host = "api.anthropic.com";
        check(host, served("claude-sonnet-4-5", "claude-sonnet-4-5-20990101"), Ok(0.3));
        check("api.openai.com", served("gpt-4o", "gpt-4o-2099-01-01"), Ok(0.25));
        let other = "the model `claude-sonnet-4-5-turbo` at api.anthropic.com has no list price here";
        check(host, served("claude-sonnet-4-5", "claude-sonnet-4-5-turbo"), Err(other));
        let other = "the model `another-model` at api.anthropic.com has no list price here";
        check(host, served("claude-sonnet-4-5", "another-model"), Err(other));
        let bedrock = "bedrock-runtime.eu-west-9.amazonaws.com";
        let asked = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        check(bedrock, served(asked, "claude-sonnet-4-5-20250929"), Ok(0.3));
    }

    #[test]
    fn a_sum_in_which_an_answer_is_silent_has_no_price() {
        let traffic = |exchanges: Vec<Exchange>, more: u64| Traffic {
            host: String::new(),
            exchanges,
            more,
            usage: Usage::default(),
            reported: None,
            disagreements: vec![],
            left: Left { bytes: 0, contents_visible: true, files: vec![], unread: 0, unplaced: 0 },
            prices: vec![],
            unpriced: None,
            recording: None,
            replay_of: None,
            departed: None,
        };
        let why = |exchanges, more| counted(&traffic(exchanges, more)).map_err(|why| why.0);
        let full = || exchange("any", 1, 0, 0, 1);
        let mut cut = full();
        cut.fault = Some(FaultKind::Network);
        let mut silent = full();
        silent.usage.output = None;
        let mut refused = silent.clone();
        (refused.status, refused.fault) = (429, Some(FaultKind::RateLimit));
        assert_eq!(why(vec![full(), refused], 0), Ok(()));
        assert_eq!(why(vec![full(), cut], 0), Err(CUT.to_owned()));
        assert_eq!(why(vec![full(), silent], 0), Err("an answer did not say what it used".to_owned()));
        assert_eq!(why(vec![full()], 1), Err("there were more requests than are listed".to_owned()));
    }

    #[test]
    fn counts_beyond_all_reason_do_not_overflow() {
        let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let mut most = exchange(model, u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        most.usage.reasoning = Some(u64::MAX);
        assert!(cost("bedrock-runtime.us-east-1.amazonaws.com", &[most]).1.is_ok());
    }

    #[test]
    fn what_was_refused_costs_nothing() {
        let mut refused = exchange("no-such-model", 0, 0, 0, 0);
        (refused.status, refused.fault) = (429, Some(FaultKind::RateLimit));
        check("api.anthropic.com", refused, Ok(0.0));
    }
}

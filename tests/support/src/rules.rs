//! Which requests suffer what.

use crate::{
    faults::{Action, Point, RateLimit, Reply},
    head::RequestHead,
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// One entry of `POST /rules`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Shown in the log with every request it ended.
    #[serde(default)]
    pub name: String,
    /// Which requests; all when left out.
    #[serde(default, rename = "match")]
    pub matching: Matching,
    /// Leaves the first so many matches alone.
    #[serde(default)]
    pub skip: u64,
    /// Strikes at most so often.
    #[serde(default)]
    pub times: Option<u64>,
    /// Strikes with this probability, 0 to 1: the n-th match always fares the same with the same `seed`.
    #[serde(default)]
    pub probability: Option<f64>,
    /// For `probability`.
    #[serde(default)]
    pub seed: u64,
    /// What happens.
    pub action: Action,
}

/// Every condition given must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Matching {
    /// Equals the method.
    #[serde(default)]
    pub method: Option<String>,
    /// Is part of the path, percent-encoded as sent.
    #[serde(default)]
    pub path: Option<String>,
    /// The query parameters that are there.
    #[serde(default)]
    pub query: Vec<String>,
    /// The query parameters that are not there.
    #[serde(default)]
    pub without: Vec<String>,
    /// Equals the `partNumber` parameter.
    #[serde(default)]
    pub part_number: Option<u32>,
}

impl Matching {
    fn holds(&self, head: &RequestHead) -> bool {
        self.method.as_ref().is_none_or(|method| *method == head.method)
            && self.path.as_ref().is_none_or(|path| head.path.contains(path.as_str()))
            && self.query.iter().all(|name| head.param(name).is_some())
            && self.without.iter().all(|name| head.param(name).is_none())
            && self.part_number.is_none_or(|part| head.param("partNumber") == Some(part.to_string().as_str()))
    }
}

/// What is in store for one request.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Before it is passed on.
    pub delay: Duration,
    /// How long each byte travels, in both directions.
    pub latency: Duration,
    /// How long its reply is held back.
    pub hold: Duration,
    /// Which byte of its body is changed.
    pub corrupt: Option<Point>,
    /// Its body passes through all of these.
    pub rates: Vec<Arc<RateLimit>>,
    /// Not in its reply.
    pub hidden_headers: Vec<String>,
    /// How it ends, if not by reaching the store and being answered by it, and by which rule's name.
    pub end: Option<(String, End)>,
}

/// An end other than the store's reply.
#[derive(Clone, Debug)]
pub enum End {
    /// See [`Action::Reply`].
    Reply(Reply),
    /// See [`Action::Swallow`].
    Swallow,
    /// See [`Action::Cut`].
    Cut(Point),
    /// See [`Action::Hang`].
    Hang(Point),
}

/// The rules in force with what they have done so far.
#[derive(Debug, Default)]
pub struct RuleBook {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    rule: Rule,
    rate: Option<Arc<RateLimit>>,
    matched: u64,
    struck: u64,
}

impl RuleBook {
    /// Rules that have not struck yet.
    pub fn new(rules: Vec<Rule>) -> Self {
        let entries = rules.into_iter().map(|rule| Entry {
            rate: match rule.action {
                Action::Rate { bytes_per_second } => Some(Arc::new(RateLimit::new(bytes_per_second))),
                _ => None,
            },
            rule,
            matched: 0,
            struck: 0,
        });
        Self { entries: entries.collect() }
    }

    /// Decides about a request. Every rule counts it, also those that come after the one that ends it.
    pub fn decide(&mut self, head: &RequestHead) -> Verdict {
        let mut verdict = Verdict::default();
        for entry in &mut self.entries {
            if !entry.strikes(head) {
                continue;
            }
            let end = match &entry.rule.action {
                Action::Delay { ms } => {
                    verdict.delay += Duration::from_millis(*ms);
                    None
                }
                Action::Latency { ms } => {
                    verdict.latency += Duration::from_millis(*ms);
                    None
                }
                Action::DelayReply { ms } => {
                    verdict.hold += Duration::from_millis(*ms);
                    None
                }
                Action::Corrupt { at } => {
                    verdict.corrupt = verdict.corrupt.or(Some(*at));
                    None
                }
                Action::Rate { .. } => {
                    verdict.rates.extend(entry.rate.clone());
                    None
                }
                Action::HideHeaders { names } => {
                    verdict.hidden_headers.extend(names.iter().cloned());
                    None
                }
                Action::Reply(reply) => Some(End::Reply(reply.clone())),
                Action::Swallow => Some(End::Swallow),
                Action::Cut { at } => Some(End::Cut(*at)),
                Action::Hang { at } => Some(End::Hang(*at)),
            };
            if let (Some(end), None) = (end, &verdict.end) {
                verdict.end = Some((entry.rule.name.clone(), end));
            }
        }
        verdict
    }
}

impl Entry {
    fn strikes(&mut self, head: &RequestHead) -> bool {
        if !self.rule.matching.holds(head) {
            return false;
        }
        let nth = self.matched;
        self.matched += 1;
        let strikes = nth >= self.rule.skip
            && self.rule.times.is_none_or(|times| self.struck < times)
            && self.rule.probability.is_none_or(|probability| chance(self.rule.seed, nth) < probability);
        self.struck += u64::from(strikes);
        strikes
    }
}

/// A number in 0..1 that depends on nothing but the seed and the position: SplitMix64 (Steele, Lea, Flood 2014).
fn chance(seed: u64, nth: u64) -> f64 {
    let mut z = seed.wrapping_add(nth.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(rules: &str) -> RuleBook {
        RuleBook::new(serde_json::from_str(rules).unwrap())
    }

    fn head(line: &str) -> RequestHead {
        crate::head::request(format!("{line} HTTP/1.1\r\n\r\n").as_bytes()).unwrap().unwrap()
    }

    fn ends(book: &mut RuleBook, line: &str) -> bool {
        book.decide(&head(line)).end.is_some()
    }

    #[test]
    fn a_rule_for_part_puts_leaves_other_requests_alone() {
        let mut book = book(
            r#"[{"match":{"method":"PUT","query":["partNumber"]},"action":{"do":"reply","status":503}}]"#,
        );
        assert!(ends(&mut book, "PUT /b/k?partNumber=1&uploadId=u"));
        assert!(!ends(&mut book, "PUT /b/k"));
        assert!(!ends(&mut book, "GET /b/k?partNumber=1"));
    }

    #[test]
    fn a_rule_can_skip_and_be_limited_in_number() {
        let mut book = book(r#"[{"skip":1,"times":2,"action":{"do":"cut","at":"reply"}}]"#);
        let struck: Vec<bool> = (0..5).map(|_| ends(&mut book, "GET /")).collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }

    #[test]
    fn chance_repeats_with_the_seed_and_keeps_its_share() {
        let rules = r#"[{"probability":0.2,"seed":7,"action":{"do":"hang","at":{"share":0.5}}}]"#;
        let run = || {
            let mut book = book(rules);
            (0..1000).map(|_| ends(&mut book, "GET /")).collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        let share = run().iter().filter(|struck| **struck).count();
        assert!((150..250).contains(&share), "{share} of 1000");
    }

    #[test]
    fn slowing_down_adds_up_with_the_first_end() {
        let mut book = book(
            r#"[{"action":{"do":"delay","ms":5}},{"name":"a","action":{"do":"cut","at":{"bytes":9}}},
                {"name":"b","action":{"do":"reply","status":403}},{"action":{"do":"rate","bytesPerSecond":100}}]"#,
        );
        let verdict = book.decide(&head("PUT /"));
        assert_eq!((verdict.delay.as_millis(), verdict.rates.len()), (5, 1));
        assert!(matches!(verdict.end, Some((name, End::Cut(Point::Bytes(9)))) if name == "a"));
    }

    #[test]
    fn a_misspelt_rule_is_refused() {
        assert!(serde_json::from_str::<Rule>(r#"{"propability":1,"action":{"do":"delay","ms":1}}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"action":{"do":"explode"}}"#).is_err());
    }
}

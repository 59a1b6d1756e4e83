//! How fast the engine is on a link, and how much it sends in vain when that breaks: over a model of a link, in the model's time,
//! so that the figures are the same on every machine. `-- --nocapture` prints them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod link;
mod page;

use link::Link;
use page::{Page, Told};
use partwise::core::schedule::Parallel::{self, Auto, Fixed};
use partwise::core::upload::State;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Means over systems that take more or less of a body before it leaves.
struct Figures {
    seconds: f64,
    sent: f64,
    retries: f64,
    most: usize,
}

/// Uploads so many files of a size, and leaves the page at these shares on the way.
fn figures(what: &str, link: &Link, files: (u64, u64), leaves: &[f64], parallel: Parallel) -> Figures {
    let (count, size) = files;
    let told: Vec<Told> = [64 * KIB, 256 * KIB, 1024 * KIB, 2304 * KIB]
        .iter()
        .map(|&buffer| Page::new(Link { buffer, ..link.clone() }, size, count, parallel, 1).run(leaves))
        .collect();
    assert!(told.iter().all(|told| told.state == State::Done), "{what}");
    let mean = |of: fn(&Told) -> f64| told.iter().map(of).sum::<f64>() / told.len() as f64;
    let figures = Figures {
        seconds: mean(|told| told.millis as f64 / 1000.0),
        sent: mean(|told| told.sent),
        retries: mean(|told| told.retries as f64),
        most: told.iter().map(|told| told.most).max().unwrap(),
    };
    let Figures { seconds, sent, retries, most } = figures;
    println!("{what}, {parallel:?}: {seconds:.2} s, sent {sent:.3}, {retries:.1} retries, {most} at a time");
    figures
}

fn one(what: &str, link: &Link, size: u64) -> Figures {
    figures(what, link, (1, size), &[], Auto)
}

/// 40 Mbit/s with 200 ms there and back: 100 MiB take 21 s.
fn wan() -> Link {
    Link::new(40, 200)
}

#[test]
fn one_or_two_at_a_time_fill_a_long_link() {
    let auto = one("wan", &wan(), 100 * MIB);
    let four = figures("wan", &wan(), (1, 100 * MIB), &[], Fixed(4));
    assert!(auto.seconds < four.seconds && auto.most <= 3);
}

#[test]
fn where_each_connection_is_slow_there_are_as_many_as_there_can_be() {
    for (rate, each) in [(15, 300_000), (40, 1_000_000)] {
        let link = Link { each: Some(each), ..Link::new(rate, 250) };
        for link in [Link { wobbles: true, ..link.clone() }, link] {
            let auto = one("thin", &link, 100 * MIB);
            let four = figures("thin", &link, (1, 100 * MIB), &[], Fixed(4));
            assert!(auto.seconds < four.seconds && auto.most == 5);
        }
    }
}

#[test]
fn a_rate_that_goes_up_and_down_is_made_use_of() {
    for (what, link, size) in [("wan", wan(), 200 * MIB), ("fast", Link::new(200, 10), 500 * MIB)] {
        let link = Link { wobbles: true, ..link };
        let auto = one(what, &link, size);
        let four = figures(what, &link, (1, size), &[], Fixed(4));
        assert!(auto.seconds < 1.02 * four.seconds);
    }
}

#[test]
fn what_is_near_is_as_fast_as_the_link() {
    for (what, link) in [("loopback", Link::new(2400, 0)), ("lan", Link::new(900, 2))] {
        let auto = one(what, &link, 1024 * MIB);
        assert!(auto.seconds < 1.03 * (1024 * MIB) as f64 / link.rate as f64);
    }
}

#[test]
fn little_is_sent_in_vain_where_the_link_breaks() {
    let link = Link { cut_every: Some(5000), ..wan() };
    let (auto, four) =
        (one("lossy", &link, 100 * MIB), figures("lossy", &link, (1, 100 * MIB), &[], Fixed(4)));
    assert!(auto.sent < 1.15 && auto.seconds < 0.95 * four.seconds);
    let link = Link { wobbles: true, cut_every: Some(13_000), ..wan() };
    let (auto, four) =
        (one("breaks", &link, 200 * MIB), figures("breaks", &link, (1, 200 * MIB), &[], Fixed(4)));
    assert!(auto.sent < 1.1 && auto.seconds < 0.9 * four.seconds);
}

/// How much that is depends on where in a part it breaks, so here are several intervals.
#[test]
fn what_the_browser_repeats_by_itself_does_not_look_like_slow_connections() {
    let cuts = [4000, 4500, 5000, 5500, 6000, 7000, 9000];
    let mean = |parallel: Parallel| {
        let of = |every: &u64| {
            let link = Link { replays: true, cut_every: Some(*every), ..wan() };
            let Figures { seconds, sent, .. } = figures("replays", &link, (1, 100 * MIB), &[], parallel);
            (seconds / cuts.len() as f64, sent / cuts.len() as f64)
        };
        cuts.iter().map(of).fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1))
    };
    let (auto, alone) = (mean(Auto), mean(Fixed(1)));
    assert!(auto.0 < 0.8 * alone.0 && auto.1 < 1.2, "{auto:?}, {alone:?}");
}

/// Four of 5 MiB take 4.2 s together.
#[test]
fn so_many_at_a_time_that_the_link_breaks_before_any_gets_through_become_fewer() {
    for replays in [false, true] {
        let link = Link { replays, cut_every: Some(3500), ..wan() };
        let four = figures("too many", &link, (1, 100 * MIB), &[], Fixed(4));
        assert!(four.seconds < 60.0 && four.sent < 2.0);
    }
}

#[test]
fn where_progress_is_told_rarely_slow_connections_are_seen_as_well() {
    let link = Link { each: Some(300_000), told_every: 700, ..Link::new(15, 250) };
    for link in [Link { wobbles: true, ..link.clone() }, link] {
        assert_eq!(one("thin, told rarely", &link, 100 * MIB).most, 5);
    }
}

#[test]
fn while_there_is_no_network_hardly_anything_is_tried_and_then_all_goes_on_at_once() {
    let link = Link { outage: Some((5_000, 35_000)), ..wan() };
    let auto = one("outage", &link, 100 * MIB);
    assert!(auto.sent < 1.05 && auto.retries < 20.0 && auto.seconds < 57.0);
}

#[test]
fn whoever_leaves_loses_one_part_or_two() {
    let link = Link::new(200, 10);
    let auto = figures("reload", &link, (1, 500 * MIB), &[0.25, 0.5, 0.75], Auto);
    assert!(auto.sent < 1.03);
}

#[test]
fn a_store_that_takes_three_at_a_time_does_not_have_to_refuse() {
    let link = Link { at_once: 3, ..Link::new(200, 10) };
    let auto = one("throttle", &link, 100 * MIB);
    assert!(auto.sent < 1.000_001 && auto.retries == 0.0 && auto.seconds < 4.4);
}

#[test]
fn small_files_get_ready_while_others_are_sent() {
    let few = figures("many", &wan(), (200, 64 * KIB), &[], Auto);
    // Connection, preflight, body and reply, five at a time.
    assert!(few.most == 5 && few.seconds < 200.0 / 5.0 * 0.46);
    let larger = figures("larger", &wan(), (100, MIB), &[], Auto);
    assert!(larger.seconds < 28.0);
}

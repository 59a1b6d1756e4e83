//! Runs everything on all cores and says what came of it. No libtest: its output hides what a passing test prints.

use crate::faults::Tally;
use crate::kills::every_write;
use crate::run::{Report, run};
use crate::sabotage::{ALL, unnoticed};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Runs in which even what is rare has to be met: about a minute on two cores.
const FULL: u64 = 80_000;
/// Default number of runs; without optimization some seconds' worth.
const RUNS: u64 = if cfg!(debug_assertions) { 3_000 } else { FULL };
/// Scenarios in which a page dies at every write; those from the 12th on are of 103 parts.
const SCENARIOS: u64 = if cfg!(debug_assertions) { 12 } else { 18 };
/// Lines of the trace shown of a run that fails.
const TAIL: usize = 150;

type Outcome = Result<String, String>;
type Test = (&'static str, fn() -> Outcome);

const TESTS: &[Test] = &[
    ("the_same_seed_gives_the_same_run", the_same_seed_gives_the_same_run),
    ("a_world_that_breaks_a_rule_is_noticed", a_world_that_breaks_a_rule_is_noticed),
    ("a_page_that_dies_at_any_storage_write_resumes", a_page_that_dies_at_any_storage_write_resumes),
    ("whatever_happens_every_invariant_holds", whatever_happens_every_invariant_holds),
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

pub fn main() -> ExitCode {
    // What does not hold is reported with its seed, not where it was noticed.
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(seed) = number("PARTWISE_SIM_SEED") {
        return replay(seed);
    }
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let tests: Vec<&Test> = TESTS.iter().filter(|(name, _)| chosen(name)).collect();
    if std::env::args().any(|arg| arg == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", tests.len());
    let begun = Instant::now();
    let mut failed = 0;
    for (name, test) in &tests {
        match test() {
            Ok(said) => println!("test {name} ... ok\n{said}"),
            Err(said) => {
                failed += 1;
                println!("test {name} ... FAILED\n{said}");
            }
        }
    }
    println!(
        "test result: {}. {} passed; {failed} failed; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        tests.len() - failed,
        begun.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn replay(seed: u64) -> ExitCode {
    let report = run(seed, true);
    report.trace.iter().for_each(|line| println!("{line}"));
    match report.failure {
        Some(failure) => {
            println!("seed {seed} fails: {failure}");
            ExitCode::FAILURE
        }
        None => {
            println!("seed {seed}: all invariants held for {} uploads", report.uploads);
            ExitCode::SUCCESS
        }
    }
}

/// A seed that fails, with the end of what happened in it.
pub fn explain(what: &str, report: &Report) -> String {
    let failure = report.failure.as_deref().unwrap_or_default();
    let tail = report.trace.iter().rev().take(TAIL).rev().cloned().collect::<Vec<_>>().join("\n");
    format!("{tail}\n{what} fails: {failure}")
}

/// What many runs came to.
struct Sum {
    tally: Tally,
    uploads: u64,
    armed: u64,
    second_pages: u64,
    lines: u64,
    /// Virtual milliseconds of all runs together.
    time: u64,
    longest: (u64, u64),
    slowest: (Duration, u64),
    failed: Vec<u64>,
}

fn whatever_happens_every_invariant_holds() -> Outcome {
    let runs = number("PARTWISE_SIM_RUNS").unwrap_or(RUNS);
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Sum {
        tally: Tally::new(),
        uploads: 0,
        armed: 0,
        second_pages: 0,
        lines: 0,
        time: 0,
        longest: (0, 0),
        slowest: (Duration::ZERO, 0),
        failed: Vec::new(),
    });
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= runs {
                        return;
                    }
                    let begun = Instant::now();
                    let report = run(seed, false);
                    let mut sum = sum.lock().unwrap();
                    sum.tally.add(&report.tally);
                    sum.uploads += report.uploads;
                    sum.armed += report.armed;
                    sum.second_pages += report.second_pages;
                    sum.lines += report.lines;
                    sum.time += report.time;
                    sum.longest = sum.longest.max((report.time, seed));
                    sum.slowest = sum.slowest.max((begun.elapsed(), seed));
                    if report.failure.is_some() {
                        sum.failed.push(seed);
                    }
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap();
    let told = tell(&sum, runs, begun.elapsed());
    sum.failed.sort_unstable();
    if let Some(seed) = sum.failed.first() {
        println!("{told}");
        let mut said = explain(&format!("seed {seed}"), &run(*seed, true));
        if std::env::var("PARTWISE_SIM_ALL").is_ok() {
            for seed in &sum.failed {
                said.push_str(&format!("\n{seed}: {}", run(*seed, false).failure.unwrap_or_default()));
            }
        }
        let failed = sum.failed.len();
        return Err(format!(
            "{said}\n{failed} of {runs} runs failed; repeat this one with PARTWISE_SIM_SEED={seed}"
        ));
    }
    let dead: Vec<_> =
        sum.tally.iter().filter(|(_, count)| *count == 0).map(|(fault, _)| fault.name()).collect();
    if runs >= RUNS && !dead.is_empty() {
        return Err(format!("{told}\nnever struck: {}", dead.join(", ")));
    }
    if runs >= RUNS && sum.armed == 0 {
        return Err(format!("{told}\nno completion was such that a second one would be noticed"));
    }
    if runs >= FULL && sum.second_pages == 0 {
        return Err(format!("{told}\nno store was asked for the parts after the first thousand"));
    }
    Ok(told)
}

fn tell(sum: &Sum, runs: u64, took: Duration) -> String {
    let faults = sum.tally.iter().map(|(fault, count)| format!("  {count:>9}  {}", fault.name()));
    format!(
        "{}\n{runs} runs with {} uploads, {} things happened in {:.0} virtual days, {:.1} s\n\
         {} completions that were not to be repeated, {} pages of part lists after the first thousand\n\
         slowest run: seed {} with {:.0} ms; longest: seed {} with {:.1} virtual hours",
        faults.collect::<Vec<_>>().join("\n"),
        sum.uploads,
        sum.lines,
        sum.time as f64 / 86_400_000.0,
        took.as_secs_f64(),
        sum.armed,
        sum.second_pages,
        sum.slowest.1,
        sum.slowest.0.as_secs_f64() * 1000.0,
        sum.longest.1,
        sum.longest.0 as f64 / 3_600_000.0,
    )
}

fn a_world_that_breaks_a_rule_is_noticed() -> Outcome {
    let missed = unnoticed(2_000);
    if missed.is_empty() { Ok(format!("  {} sabotages", ALL.len())) } else { Err(missed.join(", ")) }
}

fn a_page_that_dies_at_any_storage_write_resumes() -> Outcome {
    match every_write(SCENARIOS) {
        Ok(runs) => Ok(format!("  {runs} deaths")),
        Err(failed) => Err(explain(&failed.0, &failed.1)),
    }
}

fn the_same_seed_gives_the_same_run() -> Outcome {
    for seed in 0..20 {
        let (first, second) = (run(seed, false), run(seed, true));
        if (first.hash, first.lines, first.time) != (second.hash, second.lines, second.time) {
            return Err(format!("seed {seed} gave two different runs"));
        }
    }
    Ok(String::new())
}

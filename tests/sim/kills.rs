//! A page that dies right before or right after any of its writes to the storage, one run for each.

use crate::faults::Weather;
use crate::model::store::Flavour;
use crate::network::Doing;
use crate::rng::Rng;
use crate::run::{Report, report};
use crate::world::{File, PART, Settings, Way, World};
use partwise::core::config::{Identity, Verify};
use partwise::core::schedule::Parallel;

const WAYS: &[Way] = &[
    Way::DirectRemote,
    Way::DirectLocal,
    Way::CallbacksWithObject,
    Way::Callbacks,
    Way::PlainCompanion,
    Way::RichCompanion,
];

/// Requests with file content at a time.
const SLOTS: u32 = 3;

/// One scenario; `dies_at` counts storage writes from 1.
fn scenario(number: u64, dies_at: Option<(u64, bool)>) -> (World, u64) {
    let mut rng = Rng(number);
    let mut settings = Settings::draw(&mut rng);
    settings.way = WAYS[number as usize % WAYS.len()];
    settings.config.parallel = Parallel::Fixed(SLOTS);
    settings.config.verify = if number.is_multiple_of(2) { Verify::Etag } else { Verify::ContentMd5 };
    settings.config.identity = if number.is_multiple_of(3) { Identity::Md5 } else { Identity::Fast };
    settings.url_seconds = 900;
    // A page that died too late would find its own object.
    settings.config.overwrite = true;
    let flavour = Flavour { page: 3, min_part: PART as usize, ..Flavour::PLAIN };
    let mut world = World::new(settings, flavour, Weather::calm(), rng, false);
    world.dies_at = dies_at;
    // The last of them needs a second record for its parts.
    let parts = if number as usize >= 2 * WAYS.len() { 103 } else { 5 + number % 5 };
    let bytes = (0..parts * PART - 3).map(|at| (at * 7 + at / 16) as u8).collect();
    let (name, key) = ("f".to_owned(), "f".to_owned());
    world.files.push(File { name, key, key_is_explicit: false, modified: 1, bytes, exception: None });
    world.open_tab();
    (world, parts)
}

fn live(world: &mut World) {
    world.want(0, 0);
    world.live();
}

/// Every scenario with every moment to die at. The number of runs, or the first that fails.
pub fn every_write(scenarios: u64) -> Result<u64, Box<(String, Report)>> {
    let mut runs = 0;
    for number in 0..scenarios {
        let (mut world, parts) = scenario(number, None);
        let calm = report(&mut world, live);
        let what = format!("scenario {number} without dying");
        if calm.failure.is_some() {
            return Err(Box::new((what, calm)));
        }
        let writes = world.writes;
        assert!(writes > parts, "each part is a write");
        for (write, after) in (1..=writes).flat_map(|write| [(write, false), (write, true)]) {
            runs += 1;
            let (mut world, parts) = scenario(number, Some((write, after)));
            let mut dying = report(&mut world, |world| {
                live(world);
                assert!(!world.is_open(0), "nobody died");
                assert!(world.in_flight <= u64::from(SLOTS), "{} parts were in flight", world.in_flight);
                let sent =
                    world.sent.iter().filter(|doing| matches!(doing, Doing::Put { .. })).count() as u64;
                // Between the store's last word and the page's to the user nothing is left that a new page could go by.
                let forgets = write + 1 + parts.div_ceil(100) > writes;
                let most = if forgets { 2 } else { 1 };
                assert!((1..=most).contains(&world.completions), "put together {} times", world.completions);
                let most = parts * world.completions + world.in_flight;
                assert!(sent <= most, "{sent} parts were sent of {parts}");
            });
            if dying.failure.is_some() {
                let side = if after { "after" } else { "before" };
                dying.trace = world.trace.lines().to_vec();
                let what = format!("scenario {number}, dying right {side} write {write}");
                return Err(Box::new((what, dying)));
            }
        }
    }
    Ok(runs)
}

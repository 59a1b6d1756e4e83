//! What holds for any input, not only for the examples that the unit tests name.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../model/mod.rs"]
#[allow(dead_code, clippy::expect_used)]
mod model;

use md5::Digest;
use partwise::core::checkpoint::{
    Confirmed, Header, PREFIX, expired_or_broken, headers, load, prefix_of, reconcile,
};
use partwise::core::fingerprint::{FileInfo, Fingerprint, fingerprint, sample_ranges};
use partwise::core::hash::{Crc64, Crc64Hasher, Digester, Digests, Md5Digest, Md5Hasher, Reading, Wanted};
use partwise::core::http::HttpReply;
use partwise::core::plan::{PartSize, Plan};
use partwise::core::progress::Progress;
use partwise::core::schedule::{Ends, Flow, InFlight, MAX_AUTO, Movement, Parallel, Pool, SlotEnd, fairest};
use partwise::core::store::{Kind, Limits, ListedPart, normalize_etag, store_error};
use partwise::core::text::{json, percent_decode, percent_encode, xml};
use partwise::core::time::{compact_date, parse_http_date, parse_iso};
use partwise::core::units::{ByteRange, Instant, Millis, PartNumber, UnixMillis};
use proptest::prelude::*;

const MIB: u64 = 1024 * 1024;
const FOREVER: Millis = Millis(u64::MAX);

/// Sizes of every magnitude up to the largest object, with those around whole parts.
fn file_size() -> impl Strategy<Value = u64> {
    let max = Limits::S3.max_object;
    prop_oneof![
        0..=20 * MIB,
        0..=max,
        (0_u32..=45).prop_flat_map(|bits| 0..=(1_u64 << bits)),
        (0_u64..=10_000, 5_u64..=5120, 0_u64..=2)
            .prop_map(move |(parts, mib, edge)| (parts * mib * MIB + edge).saturating_sub(1).min(max)),
    ]
}

fn asked_part_size() -> impl Strategy<Value = PartSize> {
    prop_oneof![
        Just(PartSize::Auto),
        (5 * MIB..=5120 * MIB).prop_map(PartSize::Bytes),
        (5_u64..=64).prop_map(|mib| PartSize::Bytes(mib * MIB)),
        any::<u64>().prop_map(PartSize::Bytes),
    ]
}

proptest! {
    #[test]
    fn a_plan_covers_the_file_exactly(size in file_size(), asked in asked_part_size()) {
        let (plan, _) = Plan::new(size, asked, &Limits::S3).unwrap();
        prop_assert!(plan.count() <= 10_000);
        let mut covered = 0;
        for index in 0..plan.count() {
            let (number, range) = plan.part(index).unwrap();
            prop_assert_eq!(number.index(), index);
            prop_assert_eq!(range.start, covered);
            prop_assert_eq!(plan.len_of(number), range.len());
            let last = index + 1 == plan.count();
            prop_assert!(range.len() == plan.part_size() || last && range.len() < plan.part_size());
            prop_assert!(range.len() > 0 || size == 0);
            covered = range.end;
        }
        prop_assert_eq!(covered, size);
        prop_assert!(plan.part(plan.count()).is_none());
        prop_assert_eq!(plan.is_multipart(), size >= plan.part_size());
    }

    #[test]
    fn a_part_size_is_automatic_kept_or_raised(size in file_size(), asked in asked_part_size()) {
        let (plan, raised) = Plan::new(size, asked, &Limits::S3).unwrap();
        let taken = plan.part_size();
        prop_assert!((5 * MIB..=5120 * MIB).contains(&taken));
        match asked {
            PartSize::Auto => {
                prop_assert_eq!(taken, (5 * MIB).max(size.div_ceil(10_000).div_ceil(MIB) * MIB));
                prop_assert_eq!(raised, None);
            }
            PartSize::Bytes(bytes) => {
                let fits = (5 * MIB..=5120 * MIB).contains(&bytes) && size.div_ceil(bytes) <= 10_000;
                prop_assert_eq!(taken == bytes, fits);
                prop_assert_eq!(raised, (!fits).then_some(taken));
                prop_assert!(taken >= bytes.min(5120 * MIB));
            }
        }
        prop_assert_eq!(Plan::resume(size, taken, &Limits::S3), Some(plan.as_multipart()));
    }

    #[test]
    fn any_stored_geometry_gives_a_valid_plan_or_none(size: u64, part_size: u64) {
        if let Some(plan) = Plan::resume(size, part_size, &Limits::S3) {
            let (_, last) = plan.part(plan.count() - 1).unwrap();
            prop_assert!(plan.count() <= 10_000 && last.end == size);
        }
    }
}

/// The bytes, cut there.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|piece| &bytes[piece[0]..piece[1]]).collect()
}

fn check_part(found: &Digests, part: &[u8]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.md5, Some(Md5Digest(md5::Md5::digest(part).into())));
    prop_assert_eq!(found.xz, Some(crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(part)));
    prop_assert_eq!(found.nvme, Some(crc::Crc::<u64>::new(&crc::CRC_64_NVME).checksum(part)));
    Ok(())
}

proptest! {
    #[test]
    fn md5_is_that_of_the_crate_md_5_however_the_bytes_come(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut hasher = Md5Hasher::new();
        for piece in pieces(&bytes, &cuts) {
            hasher.update(piece);
        }
        prop_assert_eq!(hasher.finish(), Md5Digest(md5::Md5::digest(&bytes).into()));
    }

    #[test]
    fn checksums_are_those_of_the_crate_crc_however_the_bytes_come_and_are_combined(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(any::<u8>(), 4000..20_000),
        ],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        for (crc64, measure) in [(Crc64::Xz, &crc::CRC_64_XZ), (Crc64::Nvme, &crc::CRC_64_NVME)] {
            let whole = crc::Crc::<u64>::new(measure).checksum(&bytes);
            let (mut taken, mut combined) = (Crc64Hasher::new(crc64), None);
            for piece in pieces(&bytes, &cuts) {
                taken.update(piece);
                let sum = crc::Crc::<u64>::new(measure).checksum(piece);
                combined = Some(combined.map_or(sum, |before| {
                    crc64.combine(before, sum, crc64.shift(piece.len() as u64))
                }));
            }
            prop_assert_eq!((taken.finish(), combined), (whole, Some(whole)));
        }
    }

    #[test]
    fn all_digests_of_one_reading_are_those_of_each_part_alone(
        bytes in prop::collection::vec(any::<u8>(), 1..20_000),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        part in 1_usize..9000,
    ) {
        let mut digester = Digester::new(Wanted { md5: true, whole: true, xz: true, nvme: true });
        for part in bytes.chunks(part) {
            for piece in pieces(part, &cuts) {
                digester.update(piece);
            }
            check_part(&digester.end_piece(), part)?;
        }
        let whole = digester.whole().cloned().unwrap().finish();
        prop_assert_eq!(whole, Md5Digest(md5::Md5::digest(&bytes).into()));
    }

    #[test]
    fn a_state_that_was_put_aside_anywhere_is_gone_on_with(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut hasher = Md5Hasher::new();
        for piece in pieces(&bytes, &cuts) {
            hasher = Md5Hasher::from_bytes(&hasher.to_bytes());
            hasher.update(piece);
        }
        prop_assert_eq!(hasher.finish(), Md5Digest(md5::Md5::digest(&bytes).into()));
    }

    #[test]
    fn md5s_of_streams_side_by_side_are_those_of_the_crate_md_5(
        streams in prop::collection::vec((0..200_usize, prop::collection::vec(any::<u8>(), 0..2000)), 0..10),
    ) {
        let mut hashers: Vec<_> = streams
            .iter()
            .map(|(before, bytes)| {
                let mut hasher = Md5Hasher::new();
                hasher.update(&bytes[..bytes.len().min(*before)]);
                hasher
            })
            .collect();
        let left = streams.iter().map(|(before, bytes)| &bytes[bytes.len().min(*before)..]);
        let mut work: Vec<_> = hashers.iter_mut().zip(left).collect();
        Md5Hasher::update_all(&mut work);
        for (hasher, (_, bytes)) in hashers.into_iter().zip(&streams) {
            prop_assert_eq!(hasher.finish(), Md5Digest(md5::Md5::digest(bytes).into()));
        }
    }

    #[test]
    fn digests_are_read_back_from_text(bytes: [u8; 16]) {
        let digest = Md5Digest(bytes);
        prop_assert_eq!(Md5Digest::from_hex(&digest.to_hex()), Some(digest));
        prop_assert_eq!(Md5Digest::from_base64(&digest.to_base64()), Some(digest));
    }

    #[test]
    fn samples_lie_within_the_file_and_apart(size: u64) {
        let mut end = 0;
        for range in sample_ranges(size) {
            prop_assert!(range.start >= end && range.start < range.end && range.end <= size);
            end = range.end;
        }
    }

    #[test]
    fn text_is_read_back_from_what_it_was_encoded_to(text: String) {
        prop_assert_eq!(percent_decode(&percent_encode(&text)), Some(text.clone()));
        let quoted = json::parse(&json::quote(&text)).unwrap();
        prop_assert_eq!(quoted.as_str(), Some(text.as_str()));
        let document = ["<a>", &xml::escape(&text), "</a>"].concat();
        prop_assert_eq!(xml::parse(&document).unwrap().text, text);
    }

    #[test]
    fn normalizing_an_etag_twice_changes_nothing(raw in "(W/|w/|\"|&quot;|[A-Fa-f0-9]| ){0,12}") {
        let once = normalize_etag(&raw);
        prop_assert_eq!(normalize_etag(&once), once);
    }

    #[test]
    fn dates_are_read_back_to_the_second(seconds in 0_u64..253_402_300_800) {
        let compact = compact_date(UnixMillis(seconds * 1000));
        let (date, time) = compact.split_at(9);
        let iso = format!(
            "{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..8], &time[..2], &time[2..4], &time[4..6],
        );
        prop_assert_eq!(parse_iso(&iso), Some(UnixMillis(seconds * 1000)));
    }
}

/// A reply as some store might send it.
const REPLIES: [&str; 4] = [
    "<?xml version=\"1.0\"?><InitiateMultipartUploadResult xmlns=\"x\"><Key>k</Key><UploadId>u</UploadId>\
     </InitiateMultipartUploadResult>",
    "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker><Part>\
     <PartNumber>1</PartNumber><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>5</Size></Part>\
     </ListPartsResult>",
    "<CompleteMultipartUploadResult><Location>https://h/b/k?x</Location><ETag/></CompleteMultipartUploadResult>",
    "<Error><Code>NoSuchUpload</Code><Message>gone</Message><ServerTime>2026-01-02T03:04:05Z</ServerTime></Error>",
];

/// Text with a few characters changed, removed, inserted or cut off.
fn mutated(original: String) -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<char>()), 1..6);
    edits.prop_map(move |edits| {
        let mut chars: Vec<char> = original.chars().collect();
        for (at, edit, c) in edits {
            let at = at.index(chars.len() + 1);
            match edit {
                0 => chars.truncate(at),
                1 if at < chars.len() => chars[at] = c,
                2 if at < chars.len() => drop(chars.remove(at)),
                _ => chars.insert(at, c),
            }
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn no_reply_makes_a_reader_panic(
        body in prop_oneof![any::<String>(), prop::sample::select(&REPLIES[..]).prop_flat_map(|reply| mutated(reply.into()))],
        status in 100_u16..600,
        header in any::<String>(),
    ) {
        let _ = (xml::parse(&body), json::parse(&body), parse_http_date(&header), parse_iso(&header));
        let headers = ["date", "content-length", "etag"].map(|name| (name.to_owned(), header.clone()));
        let reply = HttpReply { status, headers: headers.into(), body };
        let _ = (Kind::S3.created(&reply), Kind::S3.completed(&reply), Kind::S3.object_info(&reply), store_error(&reply));
        if let Ok(page) = Kind::S3.listed(&reply) {
            prop_assert!(reply.is_success());
            prop_assert!(page.parts.iter().all(|part| part.number.get() <= 10_000));
        }
    }
}

fn some_fingerprint() -> impl Strategy<Value = Fingerprint> {
    any::<[u8; 16]>().prop_map(|sample| {
        let file = FileInfo { name: String::new(), size: 0, last_modified: 0, mime: String::new() };
        fingerprint(&file, "", &Md5Digest(sample))
    })
}

fn some_header() -> impl Strategy<Value = Header> {
    let texts = ("[0-9a-f]{16}", any::<String>(), ".+", ".+");
    let numbers = (0..=300_u64, 1..=1000_u64, any::<u64>(), any::<u64>());
    (some_fingerprint(), texts, numbers, any::<Option<[u8; 16]>>()).prop_map(
        |(
            fingerprint,
            (destination, name, key, upload_id),
            (parts, part_size, last_modified, created),
            md5,
        )| Header {
            fingerprint,
            destination,
            name,
            key,
            upload_id,
            size: parts * part_size,
            last_modified,
            part_size,
            created: UnixMillis(created),
            md5: md5.map(Md5Digest),
        },
    )
}

fn some_etag() -> impl Strategy<Value = String> {
    prop_oneof![4 => "\"[0-9a-f]{32}\"", 1 => "[0-9A-F]{32}-[0-9]{1,5}", 1 => any::<String>()]
}

fn some_records() -> impl Strategy<Value = (Header, Confirmed, Vec<(String, String)>)> {
    let parts = prop::collection::vec((1..=300_u32, some_etag()), 0..40);
    (some_header(), parts).prop_map(|(header, parts)| {
        let count = Plan::resume(header.size, header.part_size, &ANY).map_or(0, |plan| plan.count());
        let mut confirmed = Confirmed::new(count);
        for (number, etag) in parts {
            confirmed.set(PartNumber::new(number).unwrap(), &etag, None);
        }
        let segments = (1..=count as u32)
            .step_by(100)
            .map(|number| confirmed.segment_record(&header.fingerprint, PartNumber::new(number).unwrap()));
        let records = std::iter::once(header.record()).chain(segments);
        let records = records.map(|record| (record.key, record.value)).collect();
        (header, confirmed, records)
    })
}

const ANY: partwise::core::store::Limits = partwise::core::store::Limits {
    min_part: 1,
    max_part: u64::MAX,
    max_parts: 10_000,
    max_object: u64::MAX,
    auto_part: 1,
};

/// Whatever the records are: reading them does no harm, and what is read makes sense.
fn read(fingerprint: &Fingerprint, records: &[(String, String)]) -> Result<(), TestCaseError> {
    let now = UnixMillis(0);
    for (header, bytes) in headers(records) {
        prop_assert!(bytes <= header.size);
    }
    for key in expired_or_broken(records, now, FOREVER) {
        prop_assert!(key.starts_with(PREFIX));
    }
    if let Some(checkpoint) = load(fingerprint, records, now, FOREVER) {
        prop_assert_eq!(&checkpoint.header.fingerprint, fingerprint);
        let header = &checkpoint.header;
        let plan = Plan::resume(header.size, header.part_size, &ANY).unwrap();
        prop_assert!(checkpoint.confirmed.len() <= plan.count());
        prop_assert!(checkpoint.confirmed.iter().all(|(_, etag)| !etag.is_empty()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_checkpoint_is_read_back_unchanged((header, confirmed, records) in some_records()) {
        let checkpoint = load(&header.fingerprint, &records, UnixMillis(0), FOREVER).unwrap();
        prop_assert_eq!(&checkpoint.header, &header);
        prop_assert_eq!(&checkpoint.confirmed, &confirmed);
        prop_assert_eq!(headers(&records), [(header.clone(), checkpoint.confirmed_bytes())]);
        prop_assert!(expired_or_broken(&records, UnixMillis(0), FOREVER).is_empty());
        let prefix = prefix_of(&header.fingerprint);
        prop_assert!(records.iter().all(|(key, _)| key.starts_with(&prefix)));
    }

    #[test]
    fn garbage_in_storage_does_no_harm(
        fingerprint in some_fingerprint(),
        records in prop::collection::vec((any::<String>(), any::<String>()), 0..8),
        places in prop::collection::vec(("head|[0-9]{1,20}|.*", any::<String>()), 0..8),
    ) {
        let prefix = prefix_of(&fingerprint);
        let places = places.into_iter().map(|(place, value)| (prefix.clone() + &place, value));
        let records: Vec<_> = records.into_iter().chain(places).collect();
        read(&fingerprint, &records)?;
    }

    #[test]
    fn damaged_records_do_no_harm(
        ((header, ..), records) in some_records().prop_flat_map(|some| {
            let damaged: Vec<_> = some.2.iter().cloned().map(|(key, value)| {
                (prop_oneof![Just(key.clone()), mutated(key)], prop_oneof![Just(value.clone()), mutated(value)])
            }).collect();
            (Just(some), damaged)
        }),
    ) {
        read(&header.fingerprint, &records)?;
    }

    #[test]
    fn no_hole_foreign_or_wrong_size_part_is_kept(
        size in 1..=60_u64,
        confirmed_parts in prop::collection::vec((1..=12_u32, 0..4_u8), 0..16),
        listed in prop::collection::vec((1..=12_u32, prop_oneof![3 => Just(5), 1 => 0..=6_u64], 0..4_u8), 0..24),
    ) {
        let spelled = |etag: u8| ["", "\"a\"", "A", "b"][usize::from(etag)];
        let plan = Plan::resume(size, 5, &ANY).unwrap();
        let mut confirmed = Confirmed::new(plan.count());
        for (number, etag) in confirmed_parts {
            confirmed.set(PartNumber::new(number).unwrap(), spelled(etag), None);
        }
        let listed: Vec<ListedPart> = listed
            .into_iter()
            .map(|(number, size, etag)| ListedPart {
                number: PartNumber::new(number).unwrap(),
                size,
                etag: spelled(etag).into(),
            })
            .collect();
        let kept = reconcile(&plan, &confirmed, &listed);
        prop_assert_eq!(kept.len(), plan.count());
        for (index, kept) in kept.iter().enumerate() {
            let (number, range) = plan.part(index).unwrap();
            let last = listed.iter().rev().find(|part| part.number == number);
            let proven = last.filter(|part| {
                let etag = normalize_etag(&part.etag);
                part.size == range.len() && !etag.is_empty() && confirmed.get(number) == Some(etag)
            });
            prop_assert_eq!(kept.as_deref(), proven.map(|part| part.etag.as_str()));
        }
    }
}

proptest! {
    #[test]
    fn progress_is_monotone_and_never_exceeds_the_total(
        total: u64,
        steps in prop::collection::vec((any::<u64>(), any::<u64>(), 0..10_000_u64, 0..10_u8), 1..60),
    ) {
        let mut progress = Progress::new(total);
        let (mut now, mut loaded) = (0, 0);
        for (confirmed, in_flight, wait, event) in steps {
            match event {
                0 => progress.idle(),
                1 => progress.start_at(confirmed),
                _ => {}
            }
            now += wait;
            let snapshot = progress.observe(confirmed, in_flight, Instant(now));
            prop_assert!(snapshot.loaded >= loaded && snapshot.loaded <= snapshot.total);
            prop_assert_eq!(snapshot.total, total);
            prop_assert!(snapshot.bytes_per_second >= 0.0 && snapshot.bytes_per_second.is_finite());
            prop_assert!(snapshot.seconds_left.is_none_or(|left| left >= 0.0 && left.is_finite()));
            loaded = snapshot.loaded;
        }
    }

    #[test]
    fn a_file_in_memory_is_told_of_in_the_same_pieces_as_one_that_is_read(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(0..200_usize, 0..8),
        every in 0..50_u64,
    ) {
        let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(bytes.len()) as u64).collect();
        cuts.sort_unstable();
        let ranges = cuts.chunks_exact(2).map(|cut| ByteRange { start: cut[0], end: cut[1] }).collect();
        let wanted = Wanted { md5: true, whole: true, xz: true, nvme: false };
        let reading = Reading { every, ..Reading::of(ranges, wanted) };
        prop_assert_eq!(reading.pieces_of(&bytes), Some(model::hashing::pieces(&reading, &bytes)));
        let beyond = ByteRange { start: 0, end: bytes.len() as u64 + 1 };
        prop_assert_eq!(Reading::of(vec![beyond], wanted).pieces_of(&bytes), None);
    }

    #[test]
    fn the_pool_never_exceeds_its_limit(
        fixed in prop::option::of(any::<u32>()),
        steps in prop::collection::vec((0..10_u8, 0..5_000_u64, any::<u64>()), 1..300),
    ) {
        let mut pool = Pool::new(fixed.map_or(Parallel::Auto, Parallel::Fixed), 1 << 60);
        let most = fixed.map_or(MAX_AUTO, |count| count.clamp(1, 32) as usize);
        let (mut held, mut now) = (0_usize, Instant(0));
        for (step, wait, amount) in steps {
            now = now + Millis(wait);
            let end = match step {
                0..=2 => {
                    let ends = (step == 0).then_some(Ends { at: Instant(amount % 2_000_000), lead: Millis(wait) });
                    let running = vec![InFlight { size: amount, ends }; held];
                    if pool.is_free(&running, now) {
                        prop_assert!(held < most);
                        pool.take();
                        held += 1;
                    }
                    continue;
                }
                3 => {
                    pool.hold_until(now + Millis(wait));
                    continue;
                }
                4 => {
                    let flow = Flow { bytes: amount, millis: wait, size: amount };
                    let stood_still = Movement::StoodStill { since: Instant(amount % 2_000_000) };
                    let movement = if wait < 4000 { Movement::Flowed(flow) } else { stood_still };
                    pool.moved((wait % 3 > 0).then_some(held), movement, now);
                    prop_assert!((1..=most).contains(&pool.limit()));
                    continue;
                }
                5 => SlotEnd::Done { took: Millis(wait), size: amount },
                6 => SlotEnd::Congested,
                7 => SlotEnd::Broken { since: Instant(amount), moved: wait % 2 == 0, size: amount },
                8 => SlotEnd::Failed,
                _ => SlotEnd::Cancelled,
            };
            if held > 0 {
                pool.give_back(end, now);
                held -= 1;
            }
            prop_assert!((1..=most).contains(&pool.limit()) && held <= most);
            prop_assert!(held > 0 || pool.is_free(&[], pool.wake_at(now).unwrap_or(now)), "none will ever be free");
        }
    }

    #[test]
    fn the_next_slot_goes_to_one_that_wants_it_and_holds_fewest(
        wants in prop::collection::btree_map(0..20_usize, (0..3_usize, 0..4_usize), 0..10),
        last in 0..20_usize,
    ) {
        let wants: Vec<_> = wants.into_iter().map(|(upload, (wanted, held))| (upload, wanted, held)).collect();
        let fewest = wants.iter().filter(|want| want.1 > 0).map(|want| want.2).min();
        let chosen = fairest(&wants, last);
        let held = chosen.and_then(|upload| wants.iter().find(|want| want.0 == upload && want.1 > 0)).map(|want| want.2);
        prop_assert_eq!(held, fewest);
        prop_assert_eq!(chosen.is_some(), fewest.is_some());
    }
}

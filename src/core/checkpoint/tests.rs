use super::*;
use crate::core::hash::{Md5Digest, Md5Hasher};
use crate::core::plan::PartSize;
use crate::core::store::Limits;
use crate::core::units::PartNumber;

const MIB: u64 = 1024 * 1024;
const DAY: Millis = Millis(86_400_000);
const CREATED: UnixMillis = UnixMillis(1_767_323_045_000);

fn part(number: u32) -> PartNumber {
    PartNumber::new(number).unwrap()
}

fn fingerprint(digit: char) -> Fingerprint {
    Fingerprint::parse(&digit.to_string().repeat(32)).unwrap()
}

fn header(parts: u64) -> Header {
    Header {
        fingerprint: fingerprint('a'),
        destination: "41666351787fc55d".into(),
        name: "报告 & a=b%20.bin".into(),
        key: "demo/报告 & a=b%20.bin".into(),
        upload_id: "2~u/+=&%".into(),
        size: parts * 5 * MIB,
        last_modified: 1_767_000_000_123,
        part_size: 5 * MIB,
        created: CREATED,
        md5: None,
    }
}

#[test]
fn whatever_a_header_record_says_it_says_again_when_stored() {
    let strange = Header { destination: "a&b=c%26".into(), name: "&size=1".into(), ..header(2) };
    let record = strange.record();
    let found = headers(&[(record.key.clone(), record.value.clone())]);
    assert_eq!(found, [(strange, 0)]);
    assert_eq!(found[0].0.record(), record);
}

fn md5_of(number: u32) -> String {
    let mut hasher = Md5Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.finish().to_hex()
}

fn all_confirmed(count: u32) -> Confirmed {
    let mut confirmed = Confirmed::new(count as usize);
    for number in 1..=count {
        confirmed.set(part(number), &md5_of(number), None);
    }
    confirmed
}

fn pair(record: Record) -> (String, String) {
    (record.key, record.value)
}

fn records(header: &Header, confirmed: &Confirmed, count: u32) -> Vec<(String, String)> {
    let segments =
        (1..=count).step_by(100).map(|first| confirmed.segment_record(&header.fingerprint, part(first)));
    std::iter::once(header.record()).chain(segments).map(pair).collect()
}

fn load_now(records: &[(String, String)]) -> Option<Checkpoint> {
    load(&fingerprint('a'), records, CREATED, DAY)
}

#[test]
fn an_upload_is_read_back_unchanged() {
    let header = Header { md5: Some(Md5Digest([7; 16])), ..header(250) };
    let mut confirmed = all_confirmed(250);
    confirmed.set(part(100), "", None);
    confirmed.set(part(101), "\"Opaque,:=%-2\"", Some(0));
    confirmed.set(part(102), &md5_of(102), Some(u64::MAX));
    let records = records(&header, &confirmed, 250);
    assert_eq!(records[0].0, "partwise/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/head");
    assert_eq!(records[3].0, "partwise/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2");
    assert_eq!(load_now(&records), Some(Checkpoint { header, confirmed }));
}

#[test]
fn confirmed_parts_are_compared_by_normalized_etag() {
    let mut confirmed = Confirmed::new(3);
    confirmed.set(part(1), " \"D41D8CD98F00B204E9800998ECF8427E\" ", None);
    confirmed.set(part(3), "W/\"Opaque\"", None);
    confirmed.set(part(4), "ignored", None);
    assert_eq!(confirmed.get(part(1)).as_deref(), Some("d41d8cd98f00b204e9800998ecf8427e"));
    assert_eq!(confirmed.get(part(2)), None);
    assert_eq!(confirmed.len(), 2);
    assert_eq!(confirmed.iter().map(|(number, _)| number.get()).collect::<Vec<_>>(), [1, 3]);
    confirmed.set(part(3), "\"\"", None);
    assert_eq!(confirmed.len(), 1);
}

#[test]
fn confirmed_parts_take_little_room() {
    let room = |count: u32| -> usize {
        let header = header(u64::from(count));
        records(&header, &all_confirmed(count), count)
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum()
    };
    assert!(room(1_000) < 28_000, "{}", room(1_000));
    assert!(room(10_000) < 250_000, "{}", room(10_000));
}

#[test]
fn nothing_but_plain_ascii_is_stored() {
    for (key, value) in records(&header(2), &all_confirmed(2), 2) {
        assert!(key.bytes().chain(value.bytes()).all(|byte| byte.is_ascii_graphic()), "{key} {value}");
    }
}

#[test]
fn expired_uploads_are_not_found_and_their_records_are_named() {
    let records = records(&header(2), &all_confirmed(2), 2);
    let keys: Vec<String> = records.iter().map(|(key, _)| key.clone()).collect();
    let at = |millis: u64| UnixMillis(millis);
    for now in [at(CREATED.0 + DAY.0), at(CREATED.0 - DAY.0)] {
        assert!(load(&fingerprint('a'), &records, now, DAY).is_some());
        assert!(expired_or_broken(&records, now, DAY).is_empty());
    }
    for now in [at(CREATED.0 + DAY.0 + 1), at(CREATED.0 - DAY.0 - 1)] {
        assert!(load(&fingerprint('a'), &records, now, DAY).is_none());
        assert_eq!(expired_or_broken(&records, now, DAY), keys);
    }
}

/// A header's record without its checksum.
fn fields(header: &Header) -> String {
    header.record().value.rsplit_once("&check=").unwrap().0.to_owned()
}

#[test]
fn unknown_fields_are_ignored() {
    let record = (header(2).record().key, sealed(&(fields(&header(2)) + "&new=thing")));
    assert_eq!(load_now(&[record]).map(|checkpoint| checkpoint.header), Some(header(2)));
}

#[test]
fn a_header_that_was_tampered_with_is_broken() {
    // Its parts would be taken for other bytes of the file.
    let value = header(2).record().value;
    let other = value.replace("&part=5242880", "&part=10485760");
    for value in [&other, &fields(&header(2)), &value[..value.len() - 1]] {
        assert_eq!(load_now(&[(header(2).record().key, value.to_owned())]), None, "{value}");
    }
}

#[test]
fn headers_that_cannot_be_true_are_broken() {
    let value = fields(&header(2));
    assert!(value.contains("&part=5242880&"), "{value}");
    for (from, to) in [
        ("&part=5242880", "&part=0"),
        ("&part=5242880", "&part=1"),
        ("&part=5242880", ""),
        ("&size=10485760", "&size=-1"),
        ("&size=10485760", "&size=99999999999999999999999"),
        ("&upload=2~u%2F%2B%3D%26%25", "&upload="),
        ("&key=demo", "&key=%ff"),
        ("destination=41666351787fc55d", "destination="),
        ("&md5=", "&md5=xyz"),
        ("&md5=", ""),
    ] {
        assert!(value.contains(from), "{from}");
        let records = [(header(2).record().key, sealed(&value.replace(from, to)))];
        assert_eq!(load_now(&records), None, "{to}");
        assert_eq!(expired_or_broken(&records, CREATED, DAY), [records[0].0.clone()], "{to}");
    }
}

#[test]
fn broken_segments_confirm_nothing() {
    let good = pair(all_confirmed(2).segment_record(&fingerprint('a'), part(1)));
    for value in [
        good.1.clone() + "!",
        good.1.replace(',', ";"),
        ",".repeat(100),
        "=%ff".into(),
        "=".into(),
        "1B2M2Y8AsgTpgAmY7PhCfg==".into(),
    ] {
        let records = [pair(header(2).record()), (good.0.clone(), value.clone())];
        assert_eq!(load_now(&records).map(|checkpoint| checkpoint.confirmed.len()), Some(0), "{value}");
        assert_eq!(expired_or_broken(&records, CREATED, DAY), std::slice::from_ref(&good.0), "{value}");
    }
}

#[test]
fn records_of_nobody_are_named_and_those_of_others_are_left_alone() {
    let prefix = prefix_of(&fingerprint('a'));
    let own = |place: &str| (prefix.clone() + place, String::new());
    let orphan = pair(all_confirmed(1).segment_record(&fingerprint('b'), part(1)));
    let others = [("theme".into(), "dark".into()), ("partwise/2/x".into(), "newer".into())];
    let stray = [own("00"), own("+0"), own("tail"), own(""), own("1"), own("18446744073709551615"), orphan];
    let records: Vec<_> =
        [pair(header(2).record()), own("0")].into_iter().chain(others).chain(stray.clone()).collect();
    assert_eq!(expired_or_broken(&records, CREATED, DAY), stray.map(|(key, _)| key));
    assert!(load_now(&records).is_some());
}

#[test]
fn pending_uploads_are_listed_with_their_confirmed_bytes() {
    let first = Header { size: 10 * MIB + 3, ..header(2) };
    let second = Header { fingerprint: fingerprint('b'), ..header(1) };
    let mut confirmed = Confirmed::new(3);
    confirmed.set(part(1), &md5_of(1), None);
    confirmed.set(part(3), &md5_of(3), None);
    let mut all = records(&first, &confirmed, 3);
    all.push(pair(second.record()));
    assert_eq!(headers(&all), [(first, 5 * MIB + 3), (second, 0)]);
}

fn listed(number: u32, size: u64, etag: &str) -> ListedPart {
    ListedPart { number: part(number), size, etag: etag.into() }
}

#[test]
fn only_parts_that_both_sides_know_alike_are_kept() {
    let full = 5 * MIB;
    let plan = Plan::new(6 * full + 1, PartSize::Auto, &Limits::S3).unwrap().0;
    let mut confirmed = Confirmed::new(plan.count());
    for number in [1, 3, 4, 5, 7] {
        confirmed.set(part(number), &md5_of(number), None);
    }
    let upper = ["\"", &md5_of(1).to_uppercase(), "\""].concat();
    let kept = reconcile(
        &plan,
        &confirmed,
        &[
            listed(1, full, &upper),
            // Never confirmed here: somebody else's.
            listed(2, full, &md5_of(2)),
            // Another size, another content, no ETag.
            listed(3, full - 1, &md5_of(3)),
            listed(4, full, &md5_of(99)),
            listed(5, full, ""),
            listed(7, 1, &md5_of(7)),
            listed(8, full, &md5_of(8)),
        ],
    );
    assert_eq!(kept, [Some(upper), None, None, None, None, None, Some(md5_of(7))]);
}

#[test]
fn of_a_part_listed_twice_the_last_counts() {
    let plan = Plan::new(10 * MIB, PartSize::Auto, &Limits::S3).unwrap().0;
    let confirmed = all_confirmed(2);
    let (good, bad) = (listed(1, 5 * MIB, &md5_of(1)), listed(1, 5 * MIB, &md5_of(9)));
    assert_eq!(reconcile(&plan, &confirmed, &[good.clone(), bad.clone()]), [None, None]);
    assert_eq!(reconcile(&plan, &confirmed, &[bad, good]), [Some(md5_of(1)), None]);
}

fn kept(key: &str, stored: u64) -> KeptObject {
    KeptObject {
        key: key.into(),
        etag: "d41d8cd98f00b204e9800998ecf8427e-3".into(),
        stored: UnixMillis(stored),
    }
}

fn find_now(records: &[(String, String)]) -> Option<KeptObject> {
    KeptObject::find(&fingerprint('a'), records, CREATED, DAY)
}

#[test]
fn where_a_content_was_stored_is_read_back_unchanged() {
    let object = KeptObject { etag: "\"a&b=%\"".into(), ..kept("demo/报告 & a=b%20.bin", CREATED.0 - 5) };
    let record = pair(object.record(&fingerprint('a')));
    assert_eq!(record.0, "partwise/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/kept");
    assert!(record.1.bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(find_now(std::slice::from_ref(&record)), Some(object));
    assert_eq!(find_now(&[pair(kept("k", CREATED.0).record(&fingerprint('b')))]), None);
    // It is no upload, and needs none.
    assert_eq!(
        (headers(std::slice::from_ref(&record)), load_now(std::slice::from_ref(&record))),
        (vec![], None)
    );
    assert!(expired_or_broken(&[record], CREATED, DAY).is_empty());
}

#[test]
fn what_does_not_tell_where_a_content_is_or_is_too_old_is_named() {
    let (key, value) = pair(kept("k", CREATED.0).record(&fingerprint('a')));
    let fields = value.rsplit_once("&check=").unwrap().0;
    let expired = [CREATED.0 - DAY.0 - 1, CREATED.0 + DAY.0 + 1]
        .map(|stored| pair(kept("k", stored).record(&fingerprint('a'))).1);
    let broken = [
        String::new(),
        fields.to_owned(),
        value.replace("key=k", "key=other"),
        sealed(&fields.replace("key=k", "key=")),
        sealed(&fields.replace("key=k", "key=%ff")),
        sealed(&fields.replace("&etag=", "&tag=")),
        sealed(&fields.replace("&stored=", "&stored=-")),
    ];
    for value in broken.into_iter().chain(expired) {
        let records = [(key.clone(), value)];
        assert_eq!(find_now(&records), None, "{records:?}");
        assert_eq!(expired_or_broken(&records, CREATED, DAY), std::slice::from_ref(&key), "{records:?}");
    }
}

#[test]
fn of_many_contents_the_latest_hundred_are_remembered() {
    let of = |n: u64| Fingerprint::parse(&format!("{n:032x}")).unwrap();
    let records: Vec<_> = (0..150).map(|n| pair(kept("k", CREATED.0 - n * 7 % 150).record(&of(n)))).collect();
    let named = expired_or_broken(&records, CREATED, DAY);
    let oldest: Vec<_> =
        (0..150).filter(|n| n * 7 % 150 >= 100).map(|n| records[n as usize].0.clone()).collect();
    assert_eq!(named, oldest);
}

#[test]
fn how_far_a_file_was_read_is_known_before_anything_was_sent_and_forgotten_in_time() {
    let mut whole = Md5Hasher::new();
    whole.update(&[7; 1000]);
    let at = |millis: u64| pair(whole_record(&fingerprint('a'), &whole, UnixMillis(millis)));
    let find = |record: &(String, String)| {
        let records = std::slice::from_ref(record);
        let found = load_whole(&fingerprint('a'), records, CREATED, DAY).map(|found| found.taken());
        let is_swept = !expired_or_broken(records, CREATED, DAY).is_empty();
        assert_eq!(found.is_none(), is_swept);
        found
    };
    assert_eq!(find(&at(CREATED.0 - DAY.0)), Some(1000));
    assert_eq!(find(&at(CREATED.0 - DAY.0 - 1)), None);
    let (key, value) = at(CREATED.0);
    assert_eq!(key, whole_key(&fingerprint('a')));
    for broken in [value.replace("state=", "state=A"), value.replace("saved=1", "saved=2"), "state=".into()] {
        assert_eq!(find(&(key.clone(), broken)), None);
    }
    assert!(load_whole(&fingerprint('b'), &[(key, value)], CREATED, DAY).is_none());
}

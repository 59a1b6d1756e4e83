//! Records of unfinished uploads, as anybody could have edited them: a line with the date and the time they live, then
//! lines of key and value in turn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partwise::core::checkpoint::{
    Confirmed, Header, KeptObject, PREFIX, expired_or_broken, headers, load, reconcile, sealed,
};
use partwise::core::fingerprint::Fingerprint;
use partwise::core::plan::Plan;
use partwise::core::store::Limits;
use partwise::core::store::ListedPart;
use partwise::core::units::{Millis, PartNumber, UnixMillis};
use partwise_fuzz::bounded;

type Pairs = Vec<(String, String)>;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut first = lines.next().unwrap_or_default().split(' ').map(|number| number.parse().unwrap_or(0));
    let now = UnixMillis(first.next().unwrap_or(0));
    let life = Millis(first.next().unwrap_or(0));
    let mut records = Pairs::new();
    while let (Some(key), Some(value)) = (lines.next(), lines.next()) {
        // A storage has each key once.
        if records.len() < 64 && records.iter().all(|(known, _)| known != key) {
            // Nobody guesses a checksum.
            let is_sealed = key.ends_with("/head") || key.ends_with("/kept");
            let value = if is_sealed { sealed(value) } else { value.to_owned() };
            records.push((key.to_owned(), value));
        }
    }
    // Room for 10 000 ETags for each header.
    let found = bounded(text.len() * (1 + records.len()) + records.len() * 10_000, 128, || headers(&records));
    for (header, bytes) in &found {
        assert!(*bytes <= header.size);
        survives_being_stored(header);
    }
    // Each costs as much as all the rest.
    found.iter().take(2).for_each(|(header, _)| taken_over(header, &records));
    swept(&records, now, life, &found);
    remembered(&records, now, life);
});

/// Where contents were stored.
fn remembered(records: &Pairs, now: UnixMillis, life: Millis) {
    let contents = records.iter().filter_map(|(key, _)| {
        Fingerprint::parse(key.strip_prefix(PREFIX)?.strip_suffix("/kept")?)
    });
    for content in contents {
        if let Some(object) = KeptObject::find(&content, records, now, life) {
            let record = object.record(&content);
            assert!(record.value.is_ascii() && !object.key.is_empty() && !object.etag.is_empty());
            let stored = [(record.key, record.value)];
            assert_eq!(KeptObject::find(&content, &stored, now, life), Some(object));
            assert_eq!(expired_or_broken(&stored, now, life), Vec::<String>::new());
        }
    }
}

fn survives_being_stored(header: &Header) {
    let record = header.record();
    assert!(record.key.starts_with(PREFIX) && record.value.is_ascii());
    let stored = headers(&[(record.key, record.value.clone())]);
    assert_eq!(stored.first().map(|(header, _)| header), Some(header));
    assert_eq!(stored.first().map(|(header, _)| header.record().value), Some(record.value));
}

fn taken_over(header: &Header, records: &Pairs) {
    let now = header.created;
    let checkpoint = load(&header.fingerprint, records, now, Millis(0)).expect("it does not expire at once");
    assert_eq!(&checkpoint.header, header);
    let confirmed = &checkpoint.confirmed;
    assert!(confirmed.len() <= 10_000 && confirmed.iter().count() == confirmed.len());

    let mut again: Pairs = vec![(header.record().key, header.record().value)];
    // An empty file may be an upload of one part.
    let parts = header.size.div_ceil(header.part_size).max(1);
    let segments = (1..=10_000).step_by(100).take(parts.div_ceil(100) as usize);
    for segment in segments.filter_map(PartNumber::new) {
        let record = confirmed.segment_record(&header.fingerprint, segment);
        assert!(record.value.is_ascii());
        if !record.value.is_empty() {
            again.push((record.key, record.value));
        }
    }
    let stored = load(&header.fingerprint, &again, now, Millis(0)).expect("a record of our own");
    assert_eq!(&stored, &checkpoint);

    if let Some(plan) = Plan::resume(header.size, header.part_size, &Limits::S3) {
        reconciled(&plan, confirmed);
    }
}

fn reconciled(plan: &Plan, confirmed: &Confirmed) {
    let listed = |wrong: u64| -> Vec<ListedPart> {
        let part = |(number, etag)| ListedPart { number, size: plan.len_of(number) + wrong, etag };
        confirmed.iter().map(part).collect()
    };
    let kept = reconcile(plan, confirmed, &listed(0));
    assert_eq!(kept.len(), plan.count());
    assert_eq!(kept.iter().flatten().count(), confirmed.len(), "what the store lists as recorded is kept");
    assert_eq!(reconcile(plan, confirmed, &listed(1)).iter().flatten().count(), 0, "other sizes are not");
    assert_eq!(reconcile(plan, confirmed, &[]).iter().flatten().count(), 0);
}

fn swept(records: &Pairs, now: UnixMillis, life: Millis, found: &[(Header, u64)]) {
    let useless = expired_or_broken(records, now, life);
    assert!(useless.iter().all(|key| key.starts_with(PREFIX)));
    let left: Pairs = records.iter().filter(|(key, _)| !useless.contains(key)).cloned().collect();
    assert_eq!(expired_or_broken(&left, now, life), Vec::<String>::new());
    let live = found.iter().filter(|(header, _)| now.0.abs_diff(header.created.0) <= life.0);
    assert_eq!(headers(&left), live.cloned().collect::<Vec<_>>());
}

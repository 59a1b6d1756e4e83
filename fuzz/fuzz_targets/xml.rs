//! XML documents, and every reply of a store that is read from one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partwise::core::backend::{Backend, Done, Next, StepReply};
use partwise::core::error::{Code, Operation};
use partwise::core::http::HttpReply;
use partwise::core::retry::{Asked, decide, describe};
use partwise::core::store::{Kind, store_error};
use partwise::core::text::xml::{Element, MAX_DEPTH, MAX_ELEMENTS, escape, parse};
use partwise_fuzz::{Upload, bounded};

fuzz_target!(|text: &str| {
    if let Ok(root) = bounded(text.len(), 512, || parse(text)) {
        let (mut elements, mut bytes) = (0, 0);
        measure(&root, 1, &mut elements, &mut bytes);
        assert!(elements <= MAX_ELEMENTS);
        assert!(bytes <= text.len(), "{bytes} bytes were made of {}", text.len());
        if has_plain_names(&root) {
            let mut written = String::new();
            write(&root, &mut written);
            assert_eq!(parse(&written).as_ref(), Ok(&root), "{written}");
        }
    }
    let headers = vec![("content-length".to_owned(), text.to_owned()), ("etag".to_owned(), text.to_owned())];
    let status = if text.len() % 4 == 3 { 403 } else { 200 };
    let reply = HttpReply { status, headers, body: text.to_owned() };
    for kind in [Kind::S3, Kind::Oss, Kind::Cos] {
        replies(kind, &reply);
    }
});

fn measure(element: &Element, depth: usize, elements: &mut usize, bytes: &mut usize) {
    assert!(depth <= MAX_DEPTH);
    *elements += 1;
    *bytes += element.name.len() + element.text.len();
    for child in &element.children {
        measure(child, depth + 1, elements, bytes);
    }
}

fn has_plain_names(element: &Element) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    element.name.chars().all(plain) && element.children.iter().all(has_plain_names)
}

fn write(element: &Element, to: &mut String) {
    to.push_str(&["<", &element.name, ">", &escape(&element.text)].concat());
    element.children.iter().for_each(|child| write(child, to));
    to.push_str(&["</", &element.name, ">"].concat());
}

fn replies(kind: Kind, reply: &HttpReply) {
    let size = reply.body.len();
    if let Ok(created) = kind.created(reply) {
        assert!(!created.key.is_empty() && !created.upload_id.is_empty());
        assert_eq!(created.upload_id.trim(), created.upload_id);
    }
    if let Ok(page) = kind.listed(reply) {
        assert!(page.parts.len() <= MAX_ELEMENTS / 3);
        assert!(page.parts.iter().all(|part| (1..=10_000).contains(&part.number.get())));
        assert!(page.parts.iter().map(|part| part.etag.len()).sum::<usize>() <= size);
    }
    if let Ok(completed) = kind.completed(reply) {
        assert!(completed.location.is_none_or(|location| !location.contains(['?', '#'])));
        assert!(completed.etag.is_none_or(|etag| !etag.is_empty()));
    }
    if let Ok(page) = kind.uploads_listed(reply) {
        assert!(page.uploads.iter().all(|upload| !upload.upload_id.is_empty()));
    }
    let error = store_error(reply);
    assert!(error.message.chars().count() <= 500);

    let upload = Upload::default();
    for op in upload.operations() {
        match Backend::Direct(kind).next(&op, &upload.context(), StepReply::Http(reply.clone())) {
            Ok(Next::Done(Done::Created(created))) => {
                assert!(created.key.len() <= 1024 && created.upload_id.len() <= 1024);
            }
            Ok(_) => {}
            Err(fault) => {
                let _ = decide(op.operation(), Asked::Store, &fault);
                let error = describe(Operation::Complete, Asked::Store, Code::Store, &fault);
                assert!(error.message.chars().count() <= 1200);
            }
        }
    }
}

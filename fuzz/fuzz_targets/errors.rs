//! Secrets in what pages, servers and stores say. Each `§` of the input becomes a signature, a token or a signed
//! address; whatever stands around it, no error tells it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partwise::core::backend::companion::Companion;
use partwise::core::backend::{Backend, StepReply};
use partwise::core::error::{Code, Operation};
use partwise::core::http::HttpReply;
use partwise::core::retry::{Asked, Fault, describe};
use partwise::core::store::Kind;
use partwise::core::text::json::quote;
use partwise::core::text::redact::{MAX_MESSAGE, redact};
use partwise::core::text::{percent_encode, xml};
use partwise_fuzz::{Upload, bounded};

const SIGNATURE: &str = "4f1d2c3b4a59687766554433221100ffeeddccbbaa99887766554433221100ff";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEBMaCXVzLWVhc3QtMSJHMEUCIQDx7Xk2";
/// Recognised by its surroundings only. It neither begins nor ends like what stands around it, so that no other text makes it up.
const SHORT: &str = "zYxW9Q";

fuzz_target!(|text: &str| {
    let signed = format!(
        "https://h/b/k?X-Amz-Credential=AKID%2F{SHORT}&X-Amz-Security-Token={TOKEN}&X-Amz-Signature={SIGNATURE}"
    );
    let secrets = [
        SIGNATURE.to_owned(),
        TOKEN.to_owned(),
        format!(" Authorization: Bearer {SHORT} "),
        format!("\"token\":\"{SHORT}\" "),
        format!("&X-Amz-Signature={SIGNATURE}"),
        percent_encode(&signed),
        percent_encode(&percent_encode(&signed)),
        quote(&signed).replace('&', "\\u0026"),
        xml::escape(&signed),
        signed,
    ];
    // The input says which, since trying all of them each time would be ten times slower.
    if text.len() <= 4096 && !text.contains(SHORT) {
        told_by_nobody(&text.replace('§', &secrets[text.len() % secrets.len()]), text.len() / 2);
    }
    let redacted = bounded(text.len(), 16, || redact(text));
    assert!(redacted.chars().count() <= MAX_MESSAGE + 1);
    assert!(redacted.len() <= text.len() + '…'.len_utf8() * (MAX_MESSAGE + 1));
});

fn told_by_nobody(message: &str, choice: usize) {
    let upload = Upload::default();
    let companion = Backend::Companion(Companion::new("/s3"));
    let json = ["{\"message\":", &quote(message), ",\"requestId\":", &quote(message), "}"].concat();
    let xml = ["<Error><Message>", &xml::escape(message), "</Message></Error>"].concat();
    let status = [200, 403, 500][choice % 3];
    let operations = upload.operations();
    let op = &operations[choice % operations.len()];
    for (backend, asked, body) in [
        (&companion, Asked::Backend, &json),
        (&companion, Asked::Backend, &xml),
        (&Backend::Direct(Kind::S3), Asked::Store, &xml),
        (&Backend::Direct(Kind::Bos), Asked::Store, &json),
    ] {
        let reply = HttpReply { status, headers: Vec::new(), body: body.clone() };
        if let Err(fault) = backend.next(op, &upload.context(), StepReply::Http(reply)) {
            silent(op.operation(), asked, &fault);
        }
    }
    let fault = Fault::Page { status: Some(500), message: message.to_owned(), cause: None };
    silent(Operation::Sign, Asked::Backend, &fault);
}

fn silent(operation: Operation, asked: Asked, fault: &Fault) {
    let error = describe(operation, asked, Code::Backend, fault);
    let told = format!("{error} {}", error.hint);
    // Which of two opaque words is a request's id nobody can tell, but that it is one word and short.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/+=".contains(c);
    assert!(error.request_id.as_ref().is_none_or(|id| id.len() <= 128 && id.chars().all(plain)));
    for secret in [SIGNATURE, TOKEN, SHORT] {
        assert!(!told.contains(secret), "{told}");
    }
}

//! The classes as a page uses them, against the echo server and a backend of page functions.

use crate::javascript::page;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn listeners_may_call_back_into_everything() {
    page(
        "const uploader = make(options());
         const upload = uploader.add(file(12));
         let others = [];
         let calls = 0;
         for (const event of ['state', 'progress', 'part'])
             upload.on(event, () => {
                 // Each of these makes state events, in whose listeners we already are.
                 if ((calls += 1) % 5 === 1) upload.pause();
                 upload.resume();
                 check(uploader.uploads.length > 0, 'it is listed');
                 check(upload.progress.loaded >= 0 && upload.state && upload.id && upload.file, 'it can be read');
                 if (others.length < 2) others.push(uploader.add(file(1, 'b' + others.length)));
             });
         const result = await upload.finished;
         check(result.key === 'a.bin' && result.location === 'there', 'the result');
         await Promise.all(others.map((other) => other.finished));
         uploader.dispose();",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_listener_may_unsubscribe_itself_and_others() {
    page(
        "const uploader = make(options());
         const upload = uploader.add(file(12));
         let mine = 0, other = 0;
         const offs = [];
         offs.push(upload.on('part', () => { mine += 1; offs.forEach((off) => off()); }));
         offs.push(upload.on('part', () => { other += 1; }));
         await upload.finished;
         check(mine === 1 && other <= 1, 'both were unsubscribed');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_is_reported_and_stops_nothing() {
    page(
        "let reported = 0;
         const report = (event) => { reported += 1; event.preventDefault(); event.stopImmediatePropagation(); };
         addEventListener('error', report, true);
         addEventListener('unhandledrejection', report, true);
         const uploader = make(options());
         const upload = uploader.add(file(12));
         upload.on('part', () => { throw new Error('mine'); });
         await upload.finished;
         await until(() => reported > 0);
         removeEventListener('error', report, true);
         removeEventListener('unhandledrejection', report, true);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn disposing_in_flight_aborts_and_rejects_and_may_be_done_twice() {
    page(
        "const id = 'dispose' + Math.random();
         const uploader = make(options('reply=never&id=' + id));
         const upload = uploader.add(file(12));
         await until(async () => (await seen(id)).begun > 0);
         const finished = caught(upload.finished);
         uploader.dispose();
         uploader.dispose();
         check((await finished).code === 'cancelled', 'finished rejects');
         await until(async () => (await seen(id)).aborted > 0);
         upload.pause(); upload.resume(); await upload.cancel();
         check(uploader.uploads.length === 0, 'nothing is listed');
         const refused = await caught((async () => uploader.add(file(1)))());
         check(refused.code === 'bad-option' && refused.hint, 'a disposed uploader takes nothing');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn disposing_inside_a_listener_is_safe() {
    page(
        "for (const event of ['state', 'progress', 'part', 'done']) {
             const uploader = make(options());
             const upload = uploader.add(file(12));
             const finished = caught(upload.finished);
             await new Promise((go) => upload.on(event, () => { uploader.dispose(); go(); }));
             await finished;
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn cancelling_removes_the_upload_at_the_backend_and_settles_everything() {
    page(
        "const id = 'cancel' + Math.random();
         const uploader = make(options('reply=never&id=' + id));
         const upload = uploader.add(file(12));
         await until(async () => (await seen(id)).begun > 0);
         const finished = caught(upload.finished);
         await Promise.all([upload.cancel(), upload.cancel()]);
         check(log.join() === 'aborted', 'aborted once');
         check(upload.state === 'cancelled' && (await finished).code === 'cancelled', 'it ended');
         check((await caught(upload.finished)).code === 'cancelled', 'asking late rejects too');
         const unstarted = uploader.add(file(12));
         await unstarted.cancel();
         check(unstarted.state === 'cancelled', 'cancelled before it began');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn discarding_tells_when_the_backend_refuses_and_keeps_the_record() {
    page(
        "const id = 'discard' + Math.random();
         const setup = { ...options('reply=never&id=' + id), storage: 'local', destination: id };
         const first = make(setup);
         first.add(file(12));
         await until(async () => (await seen(id)).begun > 0);
         first.dispose();
         const abort = setup.backend.abortMultipartUpload;
         setup.backend.abortMultipartUpload = async () => { throw Object.assign(new Error('no'), { status: 403 }); };
         const second = make(setup);
         const [pending] = await second.pending();
         check(pending?.name === 'a.bin', 'it is remembered');
         check((await caught(second.discard(pending.id))).code === 'denied', 'refused');
         check((await second.pending()).length === 1, 'still remembered');
         setup.backend.abortMultipartUpload = abort;
         await second.discard(pending.id);
         check(log.join() === 'aborted' && (await second.pending()).length === 0, 'gone');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn discarding_what_is_no_id_and_after_dispose_is_refused_with_an_error_of_ours() {
    page(
        "const uploader = make(options());
         for (const id of [5, {}, null, undefined, ['x']]) {
             const error = await caught(uploader.discard(id));
             check(error.code === 'bad-option' && error.message.includes('pending()'), String(id));
         }
         await uploader.discard('unknown');
         uploader.dispose();
         const error = await caught(uploader.discard('unknown'));
         check(error.code === 'bad-option' && error.message.includes('disposed'), 'disposed');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_paused_upload_has_no_speed() {
    page(
        "const uploader = make(options('reply=never'));
         const upload = uploader.add(file(12));
         await until(() => upload.progress.bytesPerSecond > 0 || upload.progress.loaded > 0);
         upload.pause();
         const { bytesPerSecond, secondsLeft } = upload.progress;
         check(bytesPerSecond === 0 && secondsLeft === null, 'speed');
         await upload.cancel();",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_failed_upload_goes_on_after_resume_with_a_new_promise() {
    page(
        "const setup = options();
         let broken = true;
         const sign = setup.backend.signPart;
         setup.backend.signPart = async () => {
             if (broken) throw Object.assign(new Error('not signed in'), { status: 403 });
             return sign();
         };
         const uploader = make(setup);
         const upload = uploader.add(file(12));
         const error = await caught(upload.finished);
         check(error.code === 'denied' && error.status === 403 && error.operation === 'sign', 'why it failed');
         check(error.message.includes('not signed in') && upload.error === error, 'the page sees its own words');
         check(upload.state === 'failed', 'state');
         broken = false;
         upload.resume();
         check((await upload.finished).key === 'a.bin', 'it arrived');
         check(upload.error === undefined, 'no error left');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn errors_are_upload_errors_and_hold_no_signature() {
    page(
        "const uploader = make({ ...options('status=400'), retryFor: 0 });
         const upload = uploader.add(file(12));
         const texts = [];
         for (const event of ['error', 'retry', 'warning'])
             upload.on(event, (detail) => texts.push(JSON.stringify(detail) + detail.message + detail.stack));
         const error = await caught(upload.finished);
         check(error instanceof Error && error.name === 'UploadError', 'its class');
         check(error.code === 'store' && error.status === 400 && error.partNumber >= 1, 'its fields');
         check(texts.length > 0 && !texts.join().includes('SECRET'), 'no signature in ' + texts);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn bad_options_are_named() {
    page(
        "const refused = (given) => { try { make(given); } catch (error) { return error; } };
         const cases = [
             [undefined, 'object'],
             [{}, 'exactly one'],
             [{ endpoint: '/s3', signRequest() {} }, 'exactly one'],
             [{ endpoint: '' }, 'endpoint'],
             [{ endpoint: '/s3', partsize: 1 }, 'partsize'],
             [{ endpoint: '/s3', partSize: 1 }, 'partSize'],
             [{ endpoint: '/s3', parallel: 0 }, 'parallel'],
             [{ endpoint: '/s3', storage: 'disk' }, 'storage'],
             [{ endpoint: '/s3', guardUnload: 1 }, 'guardUnload'],
             [{ signRequest() {}, headers: {} }, 'headers'],
             [{ backend: { createMultipartUpload() {} } }, 'backend.signPart'],
             [{ endpoint: 'localhost:3020/s3' }, 'endpoint'],
             [{ endpoint: 'ftp://x' }, 'endpoint'],
             [{ endpoint: '/s3', headers: 'x' }, 'headers'],
             [{ endpoint: '/s3', workerUrl: 5 }, 'workerUrl'],
             [{ store: { kind: 'gcs' } }, 'store.kind'],
             [{ store: { bucket: 'b' } }, 'store.kind'],
             [{ store: { kind: 'oss', bucket: 'b', region: 'r', endPoint: 'x' } }, 'store.endPoint'],
             [{ store: { kind: 'cos', bucket: 'b-1', credentials() {} } }, 'store.region'],
             [{ store: { kind: 'bos', bucket: 'b', region: 'bj', accelerate: true, credentials() {} } }, 'store.accelerate'],
             [{ store: { kind: 's3', bucket: 'b', region: 'r', signatureVersion: 'v4', credentials() {} } }, 'signatureVersion'],
             [{ store: { kind: 'oss', bucket: 'b', region: 'r', signatureVersion: 'v2', credentials() {} } }, 'signatureVersion'],
             [{ signRequest() {}, kind: 'gcs' }, 'kind'],
             [{ endpoint: '/s3', kind: 's3' }, 'kind'],
             [{ form: {} }, 'form.target'],
             [{ form: { target: '/u', chunkSize: 1 } }, 'form.chunkSize'],
             [{ form: { target: '/u', preset: 'fine' } }, 'form.preset'],
             [{ form: { target: '/u', testChunks: 'twice' } }, 'form.testChunks'],
             [{ form: { target: '/u', merge: 5 } }, 'form.merge'],
             [{ form: { target: '/u', query() {} } }, 'form.query'],
             [{ store: { kind: 'cos', bucket: 'name', region: 'r', credentials() {} } }, 'store.bucket'],
             [{ store: { kind: 'oss', bucket: 'my bucket', region: 'r', credentials() {} } }, 'store.bucket'],
             [{ form: { target: '/u', parameters: { chunk: 'n' } } }, 'form.parameters.chunk'],
             [{ form: { target: '/u', successStatuses: [20] } }, 'form.successStatuses'],
             [{ form: { target: '/u' }, verify: 'etag' }, 'verify'],
             [{ endpoint: '/s3', instant: 'before' }, 'instant'],
             [{ form: { target: '/u' }, hash: 'md5', instant: 'before' }, 'instant'],
             [{ ...options(), hash: 'md5', instant: 'before' }, 'backend.findExisting'],
             [{ endpoint: '/s3', key: 'a' }, 'key'],
             [{ store: { kind: 's3', bucket: 'b', region: 'r' } }, 'store.credentials'],
             [{ store: { kind: 's3', bucket: 'b', region: 'r', endpoint: 'x', credentials() {} } }, 'store.endpoint'],
         ];
         for (const [given, name] of cases) {
             const error = refused(given);
             check(error?.code === 'bad-option' && error.message.includes(name), name + ': ' + error?.message);
         }
         for (const instant of ['off', 'before', 'during']) make({ signRequest() {}, hash: 'md5', instant });
         const uploader = make(options());
         for (const key of ['', 'a/../b', './a', 'x'.repeat(1025)]) {
             const error = await caught((async () => uploader.add(file(1), { key }))());
             check(error.code === 'bad-key', key.slice(0, 9));
         }
         check((await caught((async () => uploader.add({})) ())).code === 'bad-option', 'no file');
         const typo = await caught((async () => uploader.add(file(1), { Key: 'a' }))());
         check(typo.code === 'bad-option' && typo.message.includes('Key'), 'an unknown option of add()');
         const upload = uploader.add(file(1));
         for (const [event, listener] of [['progres', () => {}], ['done', undefined]]) {
             const error = await caught((async () => upload.on(event, listener))());
             check(error.code === 'bad-option', event);
         }
         make({ endpoint: new URL('http://127.0.0.1/s3') }).dispose();",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_denied_storage_is_a_warning_and_the_upload_arrives() {
    page(
        "const original = Object.getOwnPropertyDescriptor(window, 'localStorage');
         Object.defineProperty(window, 'localStorage', {
             configurable: true,
             get() { throw new DOMException('denied', 'SecurityError'); },
         });
         try {
             const uploader = make({ ...options(), storage: 'local' });
             const upload = uploader.add(file(12));
             const warnings = [];
             upload.on('warning', (warning) => warnings.push(warning.code));
             await upload.finished;
             check(warnings.filter((code) => code.startsWith('storage')).length === 1, 'one warning: ' + warnings);
         } finally {
             Object.defineProperty(window, 'localStorage', original);
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn the_page_is_asked_before_it_is_left_only_while_something_is_unfinished() {
    page(
        "const asked = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }));
         const uploader = make({ ...options(), guardUnload: true });
         check(!asked(), 'nothing to lose');
         const upload = uploader.add(file(12));
         await until(() => upload.state === 'uploading');
         check(asked(), 'unfinished');
         await upload.finished;
         await until(() => !asked());",
    )
    .await;
}

#[wasm_bindgen_test]
async fn the_same_file_in_two_uploaders_is_sent_once_and_done_in_both() {
    page(
        "const id = 'twice' + Math.random();
         const setup = { ...options('id=' + id), storage: 'local', destination: id, parallel: 1 };
         const create = setup.backend.createMultipartUpload;
         setup.backend.createMultipartUpload = (...all) => { log.push('created'); return create(...all); };
         const [first, second] = [make(setup), make(setup)];
         const same = file(52);
         const sending = first.add(same);
         await until(() => sending.state === 'uploading');
         const waiting = second.add(same);
         const states = [], shown = [];
         waiting.on('state', ({ state }) => states.push(state));
         waiting.on('progress', ({ loaded }) => shown.push([loaded, waiting.state]));
         const own = [];
         sending.on('progress', ({ loaded }) => own.push(loaded));
         await until(() => states.includes('hashing'));
         const results = await Promise.all([sending.finished, waiting.finished]);
         check(JSON.stringify(results[0]) === JSON.stringify(results[1]), 'the same result');
         check(log.join() === 'created', 'created once');
         check(states.join() === 'hashing,queued,done', states.join());
         check(shown.slice(0, -1).every(([, state]) => state === 'queued'), 'shown while waiting');
         check(shown.at(-1)[0] === 52 * 1048576, 'all of it');
         check((await seen(id)).begun === 11, 'every part once');
         first.dispose(); second.dispose();",
    )
    .await;
}

#[wasm_bindgen_test]
async fn who_waits_takes_over_when_the_sender_is_gone() {
    page(
        "const id = 'heir' + Math.random();
         const setup = { ...options('reply=never&id=' + id), storage: 'local', destination: id };
         const first = make(setup);
         const same = file(12);
         first.add(same);
         await until(async () => (await seen(id)).begun > 0);
         const heir = make({ ...setup, backend: backend('id=' + id) });
         const upload = heir.add(same);
         await until(() => upload.state === 'queued' && upload.progress.loaded > 0);
         first.dispose();
         await upload.finished;
         check(upload.state === 'done', 'done');
         heir.dispose();",
    )
    .await;
}

#[wasm_bindgen_test]
async fn what_is_being_sent_cannot_be_discarded() {
    page(
        "const id = 'busy' + Math.random();
         const setup = { ...options('reply=never&id=' + id), storage: 'local', destination: id };
         const first = make(setup);
         first.add(file(12));
         await until(async () => (await seen(id)).begun > 0);
         const second = make(setup);
         const [pending] = await second.pending();
         check((await caught(second.discard(pending.id))).code === 'locked', 'refused');
         check(log.length === 0, 'not removed');
         first.dispose();
         await second.discard(pending.id);
         check(log.join() === 'aborted', 'removed');
         second.dispose();",
    )
    .await;
}

//! The page's own functions: what they are given, and what comes of what they give or throw.

use crate::javascript::page;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn functions_are_given_the_file_and_what_it_is_about() {
    page(
        "const given = {};
         const setup = options();
         for (const name of Object.keys(setup.backend)) {
             const real = setup.backend[name];
             setup.backend[name] = (file, about) => { given[name] = [file, about]; return real(file, about); };
         }
         const uploader = make(setup);
         const chosen = file(12);
         await uploader.add(chosen, { key: 'k', metadata: { author: 'Ann' }, contentType: 'a/b' }).finished;
         for (const [file, { signal }] of Object.values(given)) {
             check(file.name === 'a.bin' && file.size === chosen.size && file.type === 'a/b', 'the file');
             check(file.metadata.author === 'Ann' && file.data === chosen, 'the file itself');
             check(signal instanceof AbortSignal && !signal.aborted, 'a signal');
         }
         check(given.createMultipartUpload[1].key === 'k', 'the key');
         const part = given.signPart[1];
         check(part.uploadId === 'U' && part.key === 'k' && part.body.size === part.size, 'the part');
         const { parts } = given.completeMultipartUpload[1];
         check(parts.map((one) => one.PartNumber).join() === '1,2,3' && parts.every((one) => one.ETag), 'the parts');
         uploader.dispose();",
    )
    .await;
}

#[wasm_bindgen_test]
async fn parts_are_signed_in_batches_in_either_shape_and_holes_are_asked_for_again() {
    page(
        "for (const shape of ['list', 'map', 'holes']) {
             const setup = { ...options(), parallel: 1 };
             const asked = [];
             setup.backend.signPart = () => { throw new Error('not one by one'); };
             setup.backend.signParts = async (file, { uploadId, key, parts, signal }) => {
                 check(uploadId === 'U' && key && signal, 'what is asked');
                 asked.push(parts.map((part) => part.partNumber));
                 const urls = parts.map((part, i) => (shape === 'holes' && i > 0 ? undefined : url()));
                 return shape === 'map' ? Object.fromEntries(parts.map((part, i) => [part.partNumber, urls[i]])) : urls;
             };
             const uploader = make(setup);
             await uploader.add(file(40)).finished;
             const most = Math.max(...asked.map((numbers) => numbers.length));
             check(most > 1 && most <= 8, shape + ' batches of ' + most);
             if (shape !== 'holes') check(asked.length < 8, shape + ' in few calls');
             uploader.dispose();
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn what_they_throw_is_the_cause_and_its_status_decides() {
    page(
        "const thrown = Object.assign(new Error('quota exceeded for Ann'), { status: 413, detail: { left: 5 } });
         const setup = options();
         setup.backend.createMultipartUpload = async () => { throw thrown; };
         const uploader = make(setup);
         const error = await caught(uploader.add(file(12)).finished);
         check(error.code === 'too-large' && error.status === 413 && error.operation === 'create', error.code);
         check(error.cause === thrown && error.message.includes('quota exceeded for Ann'), 'its cause');
         let calls = 0;
         setup.backend.createMultipartUpload = async (file, { key }) => {
             if ((calls += 1) < 3) throw Object.assign(new Error('busy'), { status: 503 });
             return { uploadId: 'U', key };
         };
         const upload = make(setup).add(file(12));
         const retries = [];
         upload.on('retry', (notice) => retries.push(notice));
         await upload.finished;
         check(retries.length === 2 && retries.every((e) => e.code === 'throttled' && e.message.includes('busy')), 'retries');
         const plain = { ...options(), retryFor: 0 };
         plain.backend.signPart = async () => { throw 'just text'; };
         const other = await caught(make(plain).add(file(12)).finished);
         check(other.cause === 'just text' && other.message.includes('just text'), 'what is no error');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn signals_fire_when_nobody_waits_any_more() {
    page(
        "for (const end of ['pause', 'cancel', 'dispose']) {
             const setup = options();
             const signals = [];
             setup.backend.signPart = (file, { signal }) => { signals.push(signal); return new Promise(() => {}); };
             const uploader = make(setup);
             const upload = uploader.add(file(12));
             upload.finished.catch(() => {});
             await until(() => signals.length > 0);
             check(signals.every((signal) => !signal.aborted), 'nothing was given up');
             if (end === 'dispose') uploader.dispose(); else upload[end]();
             await until(() => signals.every((signal) => signal.aborted));
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn content_that_is_there_already_is_not_sent() {
    page(
        "const digests = [];
         for (const instant of ['before', 'during']) {
             const setup = { ...options(), hash: 'md5', instant, verify: 'etag' };
             let sent = 0;
             const sign = setup.backend.signPart;
             setup.backend.signPart = async (file, part) => {
                 sent += 1;
                 // Slow enough that the answer comes first.
                 if (instant === 'during') await new Promise((go) => setTimeout(go, 10_000));
                 return sign(file, part);
             };
             setup.backend.findExisting = async (file, { md5, key }) => {
                 check(key === 'a.bin' && file.size === 12 * 1048576, 'what is asked');
                 digests.push(md5);
                 return { key: 'old/a.bin', location: 'https://there/old/a.bin' };
             };
             const uploader = make(setup);
             const result = await uploader.add(file(12)).finished;
             check(result.instant === true && result.key === 'old/a.bin', instant + ' ' + JSON.stringify(result));
             if (instant === 'before') check(sent === 0, 'nothing was sent'); else check(log.includes('aborted'), 'removed');
             uploader.dispose();
         }
         check(digests.join() === Array(2).fill('efeebdda98ec1d7fb2ad83d23f0713bf').join(), 'the MD5 ' + digests);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn content_that_is_not_there_or_cannot_be_asked_for_is_sent() {
    page(
        "for (const answer of [null, undefined, false, new Error('no index')]) {
             const setup = { ...options(), hash: 'md5', instant: 'before' };
             setup.backend.findExisting = async () => { if (answer) throw Object.assign(answer, { status: 400 }); return answer; };
             const uploader = make(setup);
             const upload = uploader.add(file(12));
             const warnings = [];
             upload.on('warning', ({ code }) => { if (code !== 'worker-unavailable') warnings.push(code); });
             const result = await upload.finished;
             check(result.instant === false && result.key === 'a.bin', 'it was sent');
             check(warnings.join() === (answer ? 'instant-unavailable' : ''), 'warnings: ' + warnings);
             uploader.dispose();
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn keys_are_strings_functions_or_made() {
    page(
        "const asked = [];
         const signRequest = async ({ key, method, operation, query, headers }, { signal }) => {
             check(signal && method && operation && query && headers, 'what is to be signed');
             asked.push(key);
             return url();
         };
         const setup = { signRequest, storage: 'memory', verify: 'off' };
         const uploader = make({ ...setup, key: (file) => 'ann/' + file.name });
         check((await uploader.add(file(1)).finished).key === 'ann/a.bin', 'of the uploader');
         check((await uploader.add(file(1), { key: 'k' }).finished).key === 'k', 'a string');
         const own = await uploader.add(file(1), { key: ({ size }) => 'size-' + size }).finished;
         check(own.key === 'size-1048576', 'of the file');
         const other = make(setup);
         const made = await Promise.all([1, 2].map(async () => (await other.add(file(1, 'a b.bin')).finished).key));
         check(made.every((key) => /^\\d{8}T\\d{6}Z-[a-z0-9]{10}-a b\\.bin$/.test(key)), made.join());
         check(made[0] !== made[1], 'each is another');
         for (const key of [() => { throw new Error('no'); }, () => 5, () => 'a/../b']) {
             const error = await caught((async () => uploader.add(file(1), { key }))());
             check(['bad-option', 'bad-key'].includes(error.code), String(error.code));
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn overwrite_false_looks_first_and_asks_to_keep_at_the_end() {
    page(
        "const asked = [];
         const signRequest = async ({ method, headers }) => { asked.push([method, headers]); return url('status=404'); };
         const uploader = make({ signRequest, overwrite: false, storage: 'memory', verify: 'off', retryFor: 0 });
         await caught(uploader.add(file(1), { key: 'k' }).finished);
         check(asked[0][0] === 'HEAD', 'looks first');
         check(asked[1][0] === 'PUT' && asked[1][1]['If-None-Match'] === '*', JSON.stringify(asked));
         const refused = (given) => { try { make(given); } catch (error) { return error.message; } };
         check(refused({ endpoint: '/s3', overwrite: false }).includes('overwrite'), 'only where the page says the key');
         check(refused({ signRequest, overwrite: 0 }).includes('overwrite'), 'true or false');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn headers_come_as_objects_of_any_kind_and_nothing_else() {
    page(
        "for (const headers of [{ 'X-Own': 'yes' }, new Headers({ 'X-Own': 'yes' }), async () => new Headers({ 'X-Own': 'yes' })]) {
             const before = (await seen('headers')).begun;
             const uploader = make({ endpoint: origin + '/?id=headers&echo=', headers, storage: 'memory', retryFor: 0 });
             await caught(uploader.add(file(1)).finished);
             check((await seen('headers')).begun > before, 'it was asked');
             uploader.dispose();
         }
         const uploader = make({ endpoint: origin, headers: async () => 'Bearer x', storage: 'memory', retryFor: 0 });
         const error = await caught(uploader.add(file(1)).finished);
         check(error.code === 'backend' && error.message.includes('headers'), error.message);",
    )
    .await;
}

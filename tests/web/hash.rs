//! `hashFile`, as a page calls it.

use crate::javascript::page;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn digests_are_spelled_as_stores_tell_them() {
    page(
        "{ const digits = new Blob(['123456789']);
         const all = await hashFile(digits, { algorithms: ['crc64xz', 'crc64nvme'] });
         check(all.crc64xz === '11051210869376104954', 'xz ' + all.crc64xz);
         check(all.crc64nvme === 'rosUhgp5mIg=', 'nvme ' + all.crc64nvme);
         check(!('md5' in all) && !('parts' in all) && all.size === 9, JSON.stringify(all));
         const only = await hashFile(new Blob(['abc']));
         check(JSON.stringify(only) === JSON.stringify({ size: 3, md5: '900150983cd24fb0d6963f7d28e17f72' }), 'md5');
         const nothing = await hashFile(new Blob([]), { algorithms: ['parts', 'md5'] });
         check(nothing.md5 === 'd41d8cd98f00b204e9800998ecf8427e' && nothing.parts.join() === nothing.md5, 'nothing'); }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn parts_and_everything_else_agree_however_they_are_read() {
    page(
        "{ const file = new Blob([new Uint8Array(12e6).map((_, at) => at * 7)]);
         const md5 = async (from, to) => (await hashFile(file.slice(from, to))).md5;
         const algorithms = ['md5', 'crc64xz', 'crc64nvme', 'parts'];
         const workerUrl = '/pkg-template/worker.js';
         const all = await hashFile(file, { algorithms, partSize: 5e6 });
         for (const given of [algorithms, algorithms.slice(1), ['parts']]) {
           const inWorkers = await hashFile(file, { algorithms: given, partSize: 5e6, hashWorkers: 2, workerUrl });
           for (const name of ['etag', ...given])
             check(String(inWorkers[name]) === String(all[name]), name + ' of ' + given + ' in workers');
         }
         check(all.parts.join() === [await md5(0, 5e6), await md5(5e6, 10e6), await md5(10e6)].join(), 'parts');
         check(all.md5 === (await md5(0)) && all.partSize === 5e6 && /^[0-9a-f]{32}-3$/.test(all.etag), 'all');
         const apart = await hashFile(file, { algorithms: algorithms.slice(1), partSize: 5e6 });
         const sums = ({ crc64xz, crc64nvme, etag }) => [crc64xz, crc64nvme, etag].join();
         check(sums(apart) === sums(all), sums(apart) + ' is not ' + sums(all));
         const whole = await hashFile(file, { algorithms: ['crc64xz'] });
         check(whole.crc64xz === all.crc64xz, 'one sum');
         check((await hashFile(file, { algorithms: ['parts'] })).partSize === 5 * 1048576, 'auto'); }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn progress_ends_at_the_size_and_a_signal_ends_it_all() {
    page(
        "{ const file = new Blob([new Uint8Array(8e6)]);
         const told = [];
         await hashFile(file, { onProgress: ({ loaded, total }) => told.push(Object.assign([loaded, total], { timeStamp: performance.now() })) });
         check(told.every(([loaded, total], at) => total === 8e6 && loaded > (told[at - 1]?.[0] ?? 0)), told);
         check(told.at(-1)[0] === 8e6, told);
         for (const [at, { timeStamp }] of told.slice(1, -1).entries())
           check(timeStamp - told[at].timeStamp >= 90, 'too often: ' + told.map(({ timeStamp }) => timeStamp));
         const ended = new AbortController();
         let last = 0;
         const onProgress = ({ loaded }) => { last = loaded; ended.abort(new Error('enough')); };
         const stopped = await caught(hashFile(new Blob([new Uint8Array(200e6)]), { signal: ended.signal, onProgress }));
         check(stopped.message === 'enough' && last < 200e6, stopped.message + last);
         const before = await caught(hashFile(file, { signal: AbortSignal.abort() }));
         check(before.name === 'AbortError', before.name);
         const thrown = await caught(hashFile(file, { onProgress: () => { throw new Error('oops'); } }));
         check(thrown.message === 'oops', thrown); }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn what_is_wrong_is_named() {
    page(
        "{ const file = new Blob(['abc']);
         const wrong = [
           [undefined, undefined, 'the file'],
           ['text', undefined, 'the file'],
           [file, 5, 'options'],
           [file, { algorithm: 'md5' }, 'algorithm'],
           [file, { algorithms: [] }, 'algorithms'],
           [file, { algorithms: ['sha1'] }, 'algorithms'],
           [file, { partSize: 5 }, 'partSize'],
           [file, { algorithms: ['parts'], partSize: 0 }, 'partSize'],
           [file, { algorithms: ['parts'], partSize: 'large' }, 'partSize'],
           [new Blob([new Uint8Array(10001)]), { algorithms: ['parts'], partSize: 1 }, 'partSize'],
           [file, { onProgress: 5 }, 'onProgress'],
           [file, { signal: 5 }, 'signal'],
           [file, { hashWorkers: 0 }, 'hashWorkers'],
           [file, { hashWorkers: 17 }, 'hashWorkers'],
           [file, { workerUrl: 5 }, 'workerUrl'],
         ];
         for (const [of, options, named] of wrong) {
           const error = await caught(hashFile(of, options));
           const right = error?.code === 'bad-option' && error.operation === 'hash';
           check(right && error.message.includes(named), named + ': ' + error?.message);
         } }",
    )
    .await;
}

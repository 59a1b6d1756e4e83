/** The store behind the bindings, with an uploader that does what a test says. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test';
import { createUploadStore, trackUpload, uploadStore } from '../../pkg-template/store.js';
import { FakeUpload, fakeUploaders } from './bindings/fake.mjs';

/** @typedef {import('../../pkg-template/store.js').UploadStoreOptions} Options */

const file = (name = 'a.txt', content = 'hello') => new File([content], name);

/** Lets everything happen that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** @param {any} [options] */
function make(options) {
  const uploaders = fakeUploaders(options);
  const { createUploader } = uploaders;
  const store = createUploadStore({ endpoint: '/s3', createUploader, ...options?.with });
  return { store, ...uploaders };
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

describe('loading', () => {
  test('nothing is loaded before something mounts or is added', async () => {
    const { store, made } = make();
    store.subscribe(() => {})();
    await turn();
    assert.equal(made.length, 0);
    assert.equal(store.getSnapshot(), store.getServerSnapshot());
  });

  test('mounting twice, as StrictMode does, makes one uploader and leaves no listener', async () => {
    const { store, made } = make();
    let told = 0;
    const mount = () => {
      store.load();
      return store.subscribe(() => told++);
    };
    mount()();
    const stop = mount();
    await turn();
    assert.equal(made.length, 1);
    assert.equal(told, 1, 'the first of the two has stopped');
    assert.equal(store.getSnapshot().ready, true);
    stop();
    store.add(file());
    await turn();
    assert.equal(told, 1);
    assert.equal(made[0]?.disposed, 0, 'it outlives who looked at it');
  });

  test('files added before wait, in their order, paused ones too', async () => {
    const { store, made } = make();
    const [first, second] = store.add([file('1'), file('2')], { metadata: { by: 'me' } });
    const third = store.add(file('3'));
    second?.pause();
    third.cancel();
    assert.deepEqual(
      store.getSnapshot().uploads.map(({ state }) => state),
      ['queued', 'paused', 'cancelled'],
    );
    await turn();
    const names = made[0]?.uploads.map(({ file }) => file.name);
    assert.deepEqual(names, ['1', '2']);
    assert.deepEqual(
      made[0]?.uploads.map(({ calls }) => calls.join()),
      ['', 'pause'],
    );
    assert.deepEqual(made[0]?.uploads[0]?.options, { metadata: { by: 'me' } });
    assert.equal(first && trackUpload(first).getSnapshot().upload, made[0]?.uploads[0]);
  });

  test('a failure is told, and tried again when that is asked for', async () => {
    const failure = new Error('offline');
    const { store, made } = make({ failures: [failure] });
    store.add(file());
    await turn();
    assert.equal(store.getSnapshot().error, failure);
    assert.equal(store.getSnapshot().uploads[0]?.state, 'queued');
    store.getSnapshot().retry();
    assert.equal(store.getSnapshot().error, undefined);
    await turn();
    assert.equal(store.getSnapshot().ready, true);
    assert.equal(made[0]?.uploads.length, 1, 'what was added meanwhile is sent');
  });

  test('what is added after a failure tries again, too', async () => {
    const { store, made } = make({ failures: [new Error('offline')] });
    store.load();
    await turn();
    store.add([file(), file()]);
    await turn();
    assert.equal(store.getSnapshot().error, undefined);
    assert.equal(made[0]?.uploads.length, 2);
  });
});

describe('options', () => {
  test('functions and headers are always the latest ones', async () => {
    const { createUploader, made } = fakeUploaders();
    const options = (/** @type {string} */ who) => ({
      createUploader,
      headers: { Authorization: who },
      key: (/** @type {File} */ { name }) => `${who}/${name}`,
      store: Object.freeze({
        ...{ kind: /** @type {const} */ ('s3'), bucket: 'b', region: 'r' },
        credentials: () => ({ accessKeyId: who, secretAccessKey: '' }),
      }),
    });
    const store = createUploadStore(/** @type {any} */ (Object.freeze(options('ann'))));
    store.load();
    await turn();
    const given = made[0]?.options;
    const { key } = given;
    const { credentials } = given.store;
    assert.equal(key(file()), 'ann/a.txt');
    store.update(/** @type {any} */ (options('bob')));
    assert.equal(key(file()), 'bob/a.txt');
    assert.equal(credentials().accessKeyId, 'bob');
    assert.deepEqual(given.headers(), { Authorization: 'bob' });
    store.update(/** @type {any} */ ({ ...options('bob'), headers: () => ({ Authorization: 'eve' }) }));
    assert.deepEqual(given.headers(), { Authorization: 'eve' });
    assert.deepEqual(Object.keys(given).sort(), ['headers', 'key', 'store']);
    assert.deepEqual([given.store.bucket, Object.keys(given.store).length], ['b', 4]);
    assert.equal(made.length, 1);
  });

  test('a backend may be an object of a class', async () => {
    class Server {
      name = 'server';
      signPart() {
        return this.name;
      }
    }
    const { store, made } = make({ with: { endpoint: undefined, backend: new Server() } });
    store.load();
    await turn();
    assert.equal(made[0]?.options.backend.signPart(), 'server');
    assert.equal(made[0]?.options.backend.signParts, undefined);
  });

  describe('in a page', () => {
    before(() => Object.assign(globalThis, { document: {} }));
    after(() => Reflect.deleteProperty(globalThis, 'document'));

    test('equal options lead to one store, however they are written', () => {
      const store = uploadStore({ endpoint: '/a', parallel: 2, key: () => '1' });
      assert.equal(uploadStore({ key: () => '2', parallel: 2, endpoint: '/a', hash: undefined }), store);
      assert.equal(uploadStore(store), store);
    });

    test('another endpoint, another store, another destination is another store', () => {
      const credentials = () => ({ accessKeyId: '', secretAccessKey: '' });
      const s3 = { kind: /** @type {const} */ ('s3'), bucket: 'b', region: 'r', credentials };
      const signRequest = () => ({ url: '' });
      const stores = [
        { endpoint: '/b' },
        { endpoint: new URL('http://127.0.0.1/b') },
        { endpoint: '/b', headers: {} },
        { endpoint: '/b', key: () => '' },
        { store: s3 },
        { store: { ...s3, bucket: 'c' } },
        { signRequest },
        { signRequest, destination: 'c' },
        { signRequest, offlineTimeout: Infinity },
      ].map(uploadStore);
      assert.equal(new Set(stores).size, stores.length);
    });
  });

  test('a server shares nothing', () => {
    assert.notEqual(uploadStore({ endpoint: '/c' }), uploadStore({ endpoint: '/c' }));
  });
});

describe('uploads', () => {
  /** One upload that has begun. */
  async function begun() {
    const it = make();
    const handle = it.store.add(file());
    await turn();
    const upload = it.made[0]?.uploads[0];
    assert.ok(upload);
    return { ...it, handle, upload, now: () => trackUpload(handle).getSnapshot() };
  }

  test('snapshots never change; what stays the same is the same object', async () => {
    const { store, made } = make();
    store.add([file('1'), file('2')]);
    await turn();
    const before = store.getSnapshot();
    made[0]?.uploads[1]?.become('uploading');
    const after = store.getSnapshot();
    assert.notEqual(after, before);
    assert.equal(after.uploads[0], before.uploads[0]);
    assert.deepEqual([before.uploads[1]?.state, after.uploads[1]?.state], ['queued', 'uploading']);
    assert.equal(store.getSnapshot(), after);
    for (const frozen of [after, after.uploads, after.uploads[0], after.totals])
      assert.ok(Object.isFrozen(frozen));
  });

  test('the end is told with its result, once for both events', async () => {
    const { store, handle, upload, now } = await begun();
    /** @type {unknown[]} */
    const seen = [];
    trackUpload(handle).subscribe(() => seen.push([now().state, now().result?.key]));
    store.subscribe(() => seen.push(store.getSnapshot().totals.done));
    upload.finish({ key: 'k', instant: false });
    await turn();
    assert.deepEqual(seen, [1, ['done', 'k']]);
    assert.deepEqual(await handle.finished, { key: 'k', instant: false });
  });

  test('a failure is told, and retry goes on with the same upload', async () => {
    const { handle, upload, now } = await begun();
    const error = Object.assign(new Error('no'), { code: 'denied' });
    const { finished } = handle;
    upload.become('failed', error);
    assert.equal(now().error, error);
    await assert.rejects(finished, error);
    handle.retry();
    assert.deepEqual([now().state, now().error, upload.calls.join()], ['uploading', undefined, 'resume']);
    const again = handle.finished;
    upload.finish({ key: 'k' });
    assert.equal((await again).key, 'k');
  });

  test('what cannot be added has failed', async () => {
    const { store } = make();
    store.load();
    await turn();
    const refused = store.add(file(), { key: '..' });
    assert.deepEqual([refused.state, refused.error?.code], ['failed', 'bad-key']);
    await refused.cancel();
    assert.equal(store.getSnapshot().uploads[0]?.state, 'cancelled');
  });

  test('several files cannot have one key or one handle', async () => {
    const { store, made } = make();
    const several = [file('1'), file('2')];
    const handle = /** @type {FileSystemFileHandle} */ ({});
    const refused = [...store.add(several, { key: 'k' }), ...store.add(several, { handle })];
    store.add([file('3')], { key: 'k' });
    store.add(several, { key: ({ name }) => name });
    await turn();
    const errors = refused.map((each) => trackUpload(each).getSnapshot().error?.message);
    assert.deepEqual(
      errors,
      ['key', 'key', 'handle', 'handle'].map((name) => `option ${name} cannot be the same for several files`),
    );
    assert.deepEqual(
      made[0]?.uploads.map(({ file }) => file.name),
      ['3', '1', '2'],
    );
  });

  test('a cancelled upload may start again, from the beginning', async () => {
    const { made, handle, upload, now } = await begun();
    upload.load(3);
    await handle.cancel();
    await assert.rejects(handle.finished, { code: 'cancelled' });
    assert.equal(upload.heard, 7);
    handle.retry();
    assert.equal(upload.heard, 0);
    assert.deepEqual([now().state, now().progress.loaded, made[0]?.uploads.length], ['queued', 0, 2]);
  });

  test('a retry is told until bytes advance', async () => {
    const { upload, now } = await begun();
    upload.emit('retry', { attempt: 1, delay: 500 });
    upload.load(0);
    assert.equal(now().retrying?.attempt, 1);
    upload.load(1);
    assert.equal(now().retrying, undefined);
  });

  test('progress of many files is told ten times a second', async () => {
    const { store, made } = make();
    store.add(Array.from({ length: 50 }, () => file()));
    await turn();
    let told = 0;
    store.subscribe(() => told++);
    for (let at = 0; at < 1000; at += 50) {
      for (const upload of made[0]?.uploads ?? []) upload.load(at / 200);
      mock.timers.tick(50);
      await turn();
    }
    assert.ok(told >= 9 && told <= 10, String(told));
    made[0]?.uploads[0]?.become('paused');
    await turn();
    assert.ok(told <= 11, 'a change of state is told at once');
    assert.equal(store.getSnapshot().uploads[0]?.state, 'paused');
  });

  test('totals are those of all files but cancelled ones', async () => {
    const { store, made } = make();
    store.add([file('1', '12345678'), file('2', '1234'), file('3', '12')]);
    await turn();
    const [first, second, third] = made[0]?.uploads ?? [];
    first?.become('uploading');
    first?.load(2, 3);
    second?.load(4);
    second?.finish({ key: 'k' });
    third?.become('cancelled');
    const { totals } = store.getSnapshot();
    const bytes = { loaded: 6, total: 12, percent: 50, bytesPerSecond: 3, secondsLeft: 2 };
    assert.deepEqual(totals, { files: 2, active: 1, paused: 0, done: 1, failed: 0, ...bytes });
  });

  test('all are paused, resumed, cancelled and cleared at once', async () => {
    const { store, made } = make();
    store.add([file('1'), file('2'), file('3')]);
    await turn();
    const [done, ...others] = made[0]?.uploads ?? [];
    done?.finish({ key: 'k' });
    const calls = () => others.map(({ calls }) => calls.join()).join(';');
    store.pauseAll();
    store.resumeAll();
    await store.cancelAll();
    assert.equal(calls(), 'pause,resume,cancel;pause,resume,cancel');
    assert.deepEqual(done?.calls, []);
    store.clear();
    assert.deepEqual(store.getSnapshot().uploads, []);
  });

  test('what is taken off the list is cancelled unless it is done', async () => {
    const { store, handle, upload } = await begun();
    handle.remove();
    assert.deepEqual(upload.calls, ['cancel']);
    assert.deepEqual(store.getSnapshot().uploads, []);
  });

  test('nothing is added from an empty input', () => {
    const { store } = make();
    assert.deepEqual([store.add(null), store.add([])], [[], []]);
  });

  test('one that was added elsewhere can be followed, too', async () => {
    const upload = new FakeUpload(file(), undefined);
    const { subscribe, getSnapshot } = trackUpload(/** @type {any} */ (upload));
    assert.equal(trackUpload(/** @type {any} */ (upload)).getSnapshot(), getSnapshot());
    let told = 0;
    const stop = subscribe(() => told++);
    upload.load(2);
    await turn();
    assert.deepEqual([getSnapshot().progress.loaded, told], [2, 1]);
    stop();
    upload.load(3);
    await turn();
    assert.equal(told, 1);
  });
});

describe('what is pending', () => {
  test('it is looked up when the uploader is ready, and after what may change it', async () => {
    const { store, made } = make();
    store.load();
    await turn();
    const [uploader] = made;
    assert.ok(uploader);
    uploader.unfinished = [{ id: 'p', name: 'a.txt' }];
    mock.timers.tick(1000);
    await turn();
    const { pending } = store.getSnapshot();
    assert.deepEqual(pending, [{ id: 'p', name: 'a.txt' }]);
    store.add(file());
    uploader.uploads[0]?.become('uploading');
    mock.timers.tick(1000);
    await turn();
    assert.equal(store.getSnapshot().pending, pending, 'the same list while it says the same');
    await store.discard(store.getSnapshot().pending[0] ?? '');
    assert.deepEqual([uploader.discarded, store.getSnapshot().pending], [['p'], []]);
  });
});

describe('resuming what is pending', () => {
  test('what goes on is in the list, and pending no more', async () => {
    const { store, made } = make();
    assert.equal(await store.resume('p'), undefined, 'without an uploader there is nothing to go on');
    store.load();
    await turn();
    const [uploader] = made;
    assert.ok(uploader);
    uploader.unfinished = [{ id: 'p', name: 'p.txt' }];
    mock.timers.tick(1000);
    await turn();
    const upload = await store.resume(store.getSnapshot().pending[0] ?? '');
    assert.equal(upload?.file.name, 'p.txt');
    assert.deepEqual(store.getSnapshot().pending, []);
    uploader.uploads[0]?.become('uploading');
    const [shown, ...others] = store.getSnapshot().uploads;
    assert.deepEqual([shown?.id, shown?.state, others], [upload?.id, 'uploading', []]);
  });

  test('what cannot be read is an error, and stays', async () => {
    const { store, made } = make();
    store.load();
    await turn();
    const [uploader] = made;
    assert.ok(uploader);
    uploader.unfinished = [{ id: 'lost', name: 'lost.txt' }];
    await assert.rejects(store.resume('lost'), { code: 'file-unreadable' });
    const { pending, uploads } = store.getSnapshot();
    assert.deepEqual([pending, uploads], [[{ id: 'lost', name: 'lost.txt' }], []]);
  });
});

describe('disposing', () => {
  test('it stops everything, and what is added then makes a new uploader', async () => {
    const { store, made } = make();
    const { finished } = store.add(file());
    await turn();
    store.dispose();
    await assert.rejects(finished, { code: 'cancelled' });
    assert.deepEqual([made[0]?.disposed, made[0]?.uploads[0]?.heard], [1, 0]);
    const { ready, uploads } = store.getSnapshot();
    assert.deepEqual([ready, uploads], [false, []]);
    store.add(file());
    await turn();
    assert.deepEqual([made.length, store.getSnapshot().ready], [2, true]);
  });

  test('an uploader that arrives too late is let go of', async () => {
    const { store, made } = make();
    store.load();
    store.dispose();
    await turn();
    assert.deepEqual([made[0]?.disposed, store.getSnapshot().ready], [1, false]);
  });
});

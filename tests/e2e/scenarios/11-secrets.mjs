/** The check that runs after every scenario, on a page that leaks. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { credentials } from '../support/s3.mjs';
import { leaks } from '../support/secrets.mjs';
import { TOKEN } from '../support/signer.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'secrets: what a page logs, is told or stores is searched, and an upload leaves none',
    async run(world) {
      const tab = await world.uploader();
      const upload = await tab.upload(await randomFile(6 * MiB));
      await upload.done();
      assert.deepEqual(await leaks(world), []);

      const signed = world.bucket.url('GET', 'key');
      /** @type {[string, (secret: string) => unknown, RegExp[]][]} */
      const ways = [
        [TOKEN, (secret) => localStorage.setItem('x', secret), [/bearer token in localStorage/]],
        [
          signed,
          (url) => {
            localStorage.setItem('y', url);
            localStorage.removeItem('y');
          },
          [/a signature in written/],
        ],
        [
          credentials.secretKey,
          (secret) => new BroadcastChannel('z').postMessage({ secret }),
          [/secret key in written/],
        ],
        [credentials.secretKey, (secret) => console.warn({ secret }), [/secret key in console/]],
        [
          signed,
          (url) =>
            new Promise((resolve, reject) => {
              const request = indexedDB.open('leak', 1);
              request.onupgradeneeded = () => request.result.createObjectStore('s').put({ url }, 1);
              request.onerror = reject;
              request.onsuccess = () => {
                request.result.close();
                resolve(null);
              };
            }),
          [/access key in indexedDB/, /a signature in indexedDB/, /X-Amz-Credential in indexedDB/],
        ],
        [
          signed,
          (url) => {
            const error = new Error('outer', { cause: new Error(`of ${url}`) });
            return import(`${location.origin}/witness.js`).then(({ note }) => note(error));
          },
          [/a signature in told/],
        ],
      ];
      for (const [secret, leak, expected] of ways) {
        await tab.evaluate(leak, secret);
        const found = (await leaks(world)).join('\n');
        for (const pattern of expected) assert.match(found, pattern);
      }
      // The scenario itself is searched afterwards like any other.
      await tab.evaluate(() => {
        localStorage.clear();
        return new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase('leak');
          request.onerror = reject;
          request.onsuccess = () =>
            resolve(import(`${location.origin}/witness.js`).then(({ forget }) => forget()));
        });
      });
      tab.console.length = 0;
    },
  },
];

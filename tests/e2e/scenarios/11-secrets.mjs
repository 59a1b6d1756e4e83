/** The check that runs after every scenario, on a page that leaks. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { Proxy, parts } from '../support/proxy.mjs';
import { credentials } from '../support/s3.mjs';
import { leaks } from '../support/secrets.mjs';
import { TOKEN } from '../support/signer.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'secrets: what a page logs, is told or stores is searched, and an upload leaves none',
    async run(world) {
      const tab = await world.uploader();
      const file = await randomFile(6 * MiB);
      const { key } = await (await tab.upload(file)).done();
      await world.holds(key, file);
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
        [TOKEN, (secret) => sessionStorage.setItem('s', secret), [/bearer token in sessionStorage/]],
        [credentials.accessKey, (secret) => (document.cookie = `c=${secret}`), [/access key in cookies/]],
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
        sessionStorage.clear();
        document.cookie = 'c=; max-age=0';
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
  {
    name: 'secrets: a store that repeats a signed request in its refusal is quoted without what is secret in it',
    async run(world) {
      const signed = world.bucket.url('PUT', 'key');
      const { accessKey } = credentials;
      const body = `<Error><Code>SignatureDoesNotMatch</Code><Message>Seen ${signed.replaceAll('&', '&amp;')} instead</Message><AWSAccessKeyId>${accessKey}</AWSAccessKeyId></Error>`;
      await world.proxy.rules({ match: parts, action: { do: 'reply', status: 403, body } });
      const tab = await world.uploader();
      const upload = await tab.upload(await randomFile(6 * MiB));
      const error = await upload.failed();
      assert.equal(error.code, 'denied');
      assert.match(error.message, /Seen .* instead/);
    },
  },
  {
    name: 'secrets: a server that repeats the token in its refusal is quoted without it',
    async run(world) {
      const signer = await world.signer();
      const server = await Proxy.start(new URL(signer.endpoint).origin, world.scope);
      const body = JSON.stringify({ message: `Seen Authorization: Bearer ${TOKEN} instead` });
      await server.rules({
        match: { method: 'POST' },
        action: { do: 'reply', status: 400, headers: { 'content-type': 'application/json' }, body },
      });
      const tab = await world.tab();
      await tab.create({ ...signer, endpoint: `${server.origin}/s3` });
      const upload = await tab.upload(await randomFile(6 * MiB));
      const error = await upload.failed();
      assert.equal(error.status, 400);
      assert.match(error.message, /Seen .* instead/);
    },
  },
];

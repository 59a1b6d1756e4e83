/** The signing server goes away, forgets who we are, or is hidden behind someone else's page. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { freePort } from '../support/ports.mjs';
import { Proxy, rate } from '../support/proxy.mjs';
import { TOKEN, runSigner } from '../support/signer.mjs';
import { stays } from '../support/until.mjs';

/** Found by the same search for secrets. */
const NEXT_TOKEN = `${TOKEN.replace(/\d+$/, '')}renewed`;

/**
 * A signing server that can be stopped and started at its address.
 *
 * @param {import('../support/world.mjs').World} world
 */
async function signing(world) {
  const port = await freePort();
  const options = { store: world.proxy.origin, bucket: world.bucket.name, scope: world.scope, port };
  let running = await runSigner(options);
  return {
    origin: running.origin,
    stop: () => running.stop(),
    /** @param {string} [token] */
    async start(token) {
      running = await runSigner({ ...options, token });
    },
  };
}

/**
 * What a signing server behind a broken gateway sends.
 *
 * @type {object}
 */
const html = {
  do: 'reply',
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Sign in</title><form method="post"></form>',
};

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'signing: a signing server that is restarted during the upload is waited for',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const server = await signing(world);
      const tab = await world.tab();
      await tab.create({ endpoint: `${server.origin}/s3`, headers: { Authorization: `Bearer ${TOKEN}` } });
      await world.proxy.rules(rate(6 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(10);
      await server.stop();
      await upload.until(
        'signing to be missed',
        ({ retries }) => retries.filter(({ operation }) => operation === 'sign').length >= 3,
      );
      await server.start();
      const report = await upload.done();
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      const { waste } = await world.account(report, file);
      assert.equal(waste, 0);
    },
  },
  {
    name: 'signing: while the token is refused the refresh hook is asked again, until it has a new one',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const server = await signing(world);
      let token = TOKEN;
      let asked = 0;
      const headers = await world.hook(() => {
        asked += 1;
        return { Authorization: `Bearer ${token}` };
      });
      const tab = await world.tab();
      await tab.create({ endpoint: `${server.origin}/s3`, headers });
      await world.proxy.rules(rate(6 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(10);
      await server.stop();
      await server.start(NEXT_TOKEN);
      await upload.until('the token to be refused', ({ retries }) =>
        retries.some(({ status }) => status === 401),
      );
      const askedBefore = asked;
      // Signing in takes its time.
      const alive = async () => !['done', 'failed'].includes((await upload.report()).state);
      await stays(alive, { what: 'an upload that waits for a new token', during: 8_000, every: 200 });
      assert.ok(asked > askedBefore, 'the hook was not asked again');
      token = NEXT_TOKEN;
      const report = await upload.done();
      await world.holds(report.key, file);
      world.figures.push(`${report.retries.filter(({ status }) => status === 401).length} times refused`);
      await world.account(report, file);
    },
  },
  {
    name: 'signing: HTML in place of JSON for a while is waited out',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const server = await signing(world);
      const gateway = await Proxy.start(server.origin, world.scope);
      const tab = await world.tab();
      await tab.create({ endpoint: `${gateway.origin}/s3`, headers: { Authorization: `Bearer ${TOKEN}` } });
      await world.proxy.rules(rate(6 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(10);
      await gateway.rules({ match: { method: 'GET' }, times: 6, action: html });
      const report = await upload.done();
      await world.holds(report.key, file);
      const unusable = report.retries.filter(({ code }) => code === 'backend');
      assert.ok(unusable.length > 0);
      await world.account(report, file);
    },
  },
  {
    name: 'signing: HTML from the start is an error that says what is wrong',
    async run(world) {
      const server = await signing(world);
      const gateway = await Proxy.start(server.origin, world.scope);
      await gateway.rules(...['GET', 'POST'].map((method) => ({ match: { method }, action: html })));
      const tab = await world.tab();
      await tab.create({ endpoint: `${gateway.origin}/s3`, headers: { Authorization: `Bearer ${TOKEN}` } });
      const file = await randomFile(6 * MiB);
      const upload = await tab.upload(file);
      const error = await upload.failed(60_000);
      await world.account(await upload.report(), file);
      assert.equal(error.code, 'backend');
      assert.match(error.message, /no JSON/);
      assert.deepEqual(await world.bucket.keys(), []);
    },
  },
];

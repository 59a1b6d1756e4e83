/** The page sleeps, and its signed URLs do not live as long. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { Proxy, isPart, rate } from '../support/proxy.mjs';
import { stays, until } from '../support/until.mjs';

/** Milliseconds. */
const NIGHT = 120_000;
/** Seconds. */
const URL_EXPIRES = 20;

/**
 * @param {import('../support/world.mjs').World} world
 * @param {(tab: import('../support/tab.mjs').Tab, asleep: boolean) => unknown} sleep
 * @param {boolean} onlyPage the browser itself stays awake
 */
async function sleepThrough(world, sleep, onlyPage) {
  const file = await randomFile(100 * MiB);
  const tab = await world.tab();
  const signer = await world.signer({ urlExpires: URL_EXPIRES });
  const signing = await Proxy.start(new URL(signer.endpoint).origin, world.scope);
  await tab.create({ ...signer, endpoint: `${signing.origin}/s3` });
  // So slow that a busy machine, too, sees it before it ends.
  await world.proxy.rules(rate(2 * MiB));
  const upload = await tab.upload(file);
  await upload.reached(30);
  const confirmed = (await upload.report()).parts.map(({ partNumber }) => partNumber);
  await sleep(tab, true);
  const asleepAt = Date.now();
  const sent = async () => (await world.proxy.log()).filter(isPart).length;
  // What the network process had taken over may still arrive.
  const idle = async () => (await world.proxy.open()) === 0 && Date.now() > asleepAt + 1_000;
  if (onlyPage) await until(idle, { what: 'the requests under way to end', within: 30_000 });
  const count = await sent();
  const silent = async () => (await sent()) === count;
  await stays(silent, { what: 'no request starts', during: asleepAt + NIGHT - Date.now(), every: 1_000 });
  const awakeAt = Date.now();
  await sleep(tab, false);
  await world.proxy.rules();
  const report = await upload.done();
  await world.holds(report.key, file);
  assert.equal(report.badProgress, null);
  const later = (await world.proxy.parts()).filter(({ start }) => start >= awakeAt);
  const first = later.find(({ status }) => status === 200);
  const signed = (await signing.log()).filter(({ start }) => start >= awakeAt && start < (first?.start ?? 0));
  assert.ok(signed.length > 0, 'a part was taken with a URL of the evening before');
  const again = later.filter(({ partNumber }) => confirmed.includes(partNumber ?? 0));
  assert.deepEqual(again, [], 'confirmed parts were sent again');
  world.figures.push(`went on ${(((first?.start ?? Infinity) - awakeAt) / 1000).toFixed(1)} s after waking`);
  const expired = (await world.proxy.parts()).filter(({ status }) => status === 403 || status === 400).length;
  world.figures.push(`${expired} expired URLs used`);
  await world.account(report, file);
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'sleep: a page that was frozen for 2 minutes, its URLs expired, continues',
    long: true,
    waits: true,
    needs: ['freeze'],
    run: (world) => sleepThrough(world, (tab, asleep) => tab.freeze(asleep), true),
  },
  {
    name: 'sleep: a browser that stood still for 2 minutes, as with the lid closed, its URLs expired, continues',
    long: true,
    waits: true,
    run: (world) => sleepThrough(world, (tab, asleep) => tab.browser.suspend(asleep), false),
  },
];

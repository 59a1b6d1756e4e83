/** The browser goes away without a word. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';

/**
 * Browsers write localStorage to disk late, Chromium five seconds after the first change and then about once a minute:
 * after ten seconds little of what was remembered there is on disk, after two seconds nothing.
 *
 * @type {import('../run.mjs').Scenario[]}
 */
export default [
  { seconds: 10, rate: 12 * MiB },
  { seconds: 2, rate: 60 * MiB },
].map(({ seconds, rate }) => ({
  name: `crash: after SIGKILL at 40 %, ${seconds} s after the start, no confirmed part is sent again`,
  async run(world) {
    const file = await randomFile(300 * MiB);
    const options = await world.signer();
    const profile = await world.profile();
    await world.proxy.only(40, rate);

    const first = await world.browser(profile);
    const tab = await world.tab(first);
    await tab.create(options);
    const before = await (await tab.upload(file)).reached(40);
    await tab.killBrowser();
    const confirmed = before.parts.map(({ partNumber }) => partNumber);
    assert.ok(confirmed.length >= 10, `only ${confirmed.length} parts were confirmed`);
    const sentBefore = Math.max(...(await world.proxy.log()).map(({ id }) => id));
    await world.proxy.rules();

    const again = await world.tab(await world.browser(profile));
    await again.create(options);
    const [pending] = await again.call('pending');
    assert.equal(pending?.key, before.key, 'the unfinished upload is known');
    const report = await (await again.upload(file)).done();
    await world.account([before, report], file);
    assert.equal(report.key, before.key);
    await world.holds(report.key, file);

    const sentAfter = (await world.proxy.parts()).filter(({ id }) => id > sentBefore);
    const twice = sentAfter.map(({ partNumber }) => partNumber ?? 0).filter((n) => confirmed.includes(n));
    assert.deepEqual(twice, [], `of ${confirmed.length} confirmed parts these were sent again`);
    assert.deepEqual(await again.stored(), []);
    assert.deepEqual(await world.bucket.unfinished(), []);
  },
}));

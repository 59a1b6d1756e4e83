/** The element in every browser; what it looks like and does is in tests/packaging. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { rate } from '../support/proxy.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'element: it lists a file, shows its progress, and has its key as its value once it has arrived',
    async run(world) {
      const file = await randomFile(12 * MiB);
      const tab = await world.tab();
      await world.proxy.rules(rate(8 * MiB));
      await tab.choose(file);
      const shown = await tab.evaluate(use, await world.signer());
      assert.equal(shown.keys.length, 1);
      await world.holds(shown.keys[0], file);
      assert.ok(shown.progress.some((percent) => percent > 0 && percent < 100));
      assert.ok(shown.text.includes(file.name) && shown.text.includes('Done'), shown.text);
      assert.ok(shown.width > 200 && shown.height > 100, `${shown.width} × ${shown.height}`);
    },
  },
];

/**
 * Puts the element into the page and the chosen file into it; run in the page.
 *
 * @param {import('partwise').UploaderOptions} options
 */
async function use(options) {
  const address = '/partwise/element.js';
  await import(address);
  const element = document.createElement('partwise-uploader');
  element.lang = 'en';
  element.options = options;
  document.body.append(element);
  /** @type {number[]} */
  const progress = [];
  element.addEventListener('partwise-progress', ({ detail }) => progress.push(detail.percent));
  const complete = new Promise((resolve) => element.addEventListener('partwise-complete', resolve));
  await element.add(document.querySelector('input')?.files ?? []);
  await complete;
  const { width, height } = element.getBoundingClientRect();
  const text = element.shadowRoot?.querySelector('.uploads')?.textContent ?? '';
  return { keys: element.value, progress, text, width, height };
}

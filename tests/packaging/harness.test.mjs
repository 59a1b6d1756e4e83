/** What the end-to-end tests rely on themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from '../e2e/support/process.mjs';

test('a program is ready however much it says right after the line that tells', async () => {
  const program = `process.stdout.write('listening on 8080\\n' + 'x'.repeat(60_000)); setInterval(() => {}, 1000)`;
  const { ready, output, stop } = await start(process.execPath, ['-e', program], {
    ready: /listening on (\d+)/,
    within: 10_000,
  });
  await stop();
  assert.equal(ready[1], '8080');
  assert.ok(output().length <= 4000, `${output().length} characters kept`);
});

/** What the end-to-end tests rely on themselves. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary } from '../e2e/support/binaries.mjs';
import { root } from '../e2e/support/paths.mjs';
import { start } from '../e2e/support/process.mjs';
import { until } from '../e2e/support/until.mjs';

/** Milliseconds that `scripts/lib/run.mjs` leaves a program to end, before it kills it without its children. */
const PATIENCE = 5_000;

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

test('end-to-end tests that are told to end leave no process behind, and nothing in the folder for temporary files', async (t) => {
  // Now, and not while the clock runs.
  await binary('partwise-test-support', 'fault-proxy');
  await binary('partwise-demo-server');
  const args = ['tests/e2e/run.mjs', '--store', 'rgw', '--grep', 'crash', '--lanes', '2'];
  const temporary = mkdtempSync(join(tmpdir(), 'partwise-'));
  t.after(() => rmSync(temporary, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: temporary };
  const runner = spawn(process.execPath, args, { cwd: root, stdio: 'ignore', env });
  const ended = new Promise((resolve) => runner.once('exit', resolve));
  const family = new Family(Number(runner.pid));
  try {
    const what = 'the store and two browsers to run';
    const runs = () => family.count(/^radosgw$/) >= 1 && family.count(/^chromium$/) >= 10;
    await until(runs, { what, within: 120_000 });
  } finally {
    runner.kill('SIGTERM');
    const over = () => family.alive().length === 0;
    await until(over, { what: 'all of them to end', within: PATIENCE }).catch((error) => {
      const left = family.alive();
      left.forEach(({ pid }) => kill(pid));
      throw new Error(`${error.message}; left: ${left.map(({ name }) => name).join(', ')}`);
    });
  }
  await ended;
  assert.deepEqual(readdirSync(temporary), []);
});

/** Others may have ended with its parent meanwhile. @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/**
 * @typedef {object} Member
 * @property {number} pid
 * @property {string} name
 * @property {number} parent
 * @property {string} since with `pid`, what no other process has
 */

/** A process and all that came from it, also those whose parents have ended since. */
class Family {
  /** @type {Map<number, string>} */
  #known;

  /** @param {number} pid */
  constructor(pid) {
    const first = processes().find((one) => one.pid === pid);
    assert.ok(first, 'it has ended early');
    this.#known = new Map([[pid, first.since]]);
  }

  alive() {
    const all = processes();
    const is = (/** @type {Member} */ { pid, since }) => this.#known.get(pid) === since;
    // A child may come before its parent in the list.
    for (let before = 0; before !== this.#known.size;) {
      before = this.#known.size;
      const parents = new Set(all.filter(is).map(({ pid }) => pid));
      for (const { pid, parent, since } of all) if (parents.has(parent)) this.#known.set(pid, since);
    }
    return all.filter(is);
  }

  /** @param {RegExp} name */
  count(name) {
    return this.alive().filter((one) => name.test(one.name)).length;
  }
}

/** @returns {Member[]} all that have not ended */
function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name is in parentheses and may itself have some; a zombie waits for its parent only.
        const stat = readFileSync(join('/proc', pid, 'stat'), 'latin1');
        const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
        const fields = rest.split(' ');
        if (fields[0] === 'Z') return [];
        return [{ pid: Number(pid), name, parent: Number(fields[1]), since: String(fields[19]) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

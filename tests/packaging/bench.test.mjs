/** The upload bench: a small run of it says what a large one would, and its plots and tables can be made of that. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { draw, merged } from '../../bench/upload/plot.mjs';
import { inRound, scenarios } from '../../bench/upload/scenarios.mjs';
import { markdown } from '../../bench/upload/tables.mjs';
import { root } from '../../scripts/lib/project.mjs';

const only = 'raw_parts,partwise';

/** @param {string} scenario @param {string} scale @returns {Promise<import('../../bench/upload/plot.mjs').Report>} */
async function bench(scenario, scale) {
  const program = join(root, 'bench', 'upload', 'run.mjs');
  const args = ['--json', '--scenario', scenario, '--only', only, '--scale', scale, '--rounds', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { cwd: root });
  return JSON.parse(stdout);
}

/** @type {import('../../bench/upload/plot.mjs').Report | undefined} */
let report;

test('a small run of the upload bench ends with everything stored as it is', async () => {
  report = await bench('loopback', '0.01');
  const [{ results } = { results: [] }] = report.scenarios;
  assert.deepEqual(
    results.map(({ contender, row, finished, errors }) => ({ contender, row, finished, errors })),
    [
      { contender: 'raw_parts', row: 'equal', finished: 1, errors: [] },
      { contender: 'partwise', row: 'defaults', finished: 1, errors: [] },
      { contender: 'partwise', row: 'equal', finished: 1, errors: [] },
    ],
  );
  for (const { figures } of results) {
    assert.equal(figures?.sent.median, 1);
    assert.ok((figures?.requests.median ?? 0) > 4 && (figures?.cpu.median ?? 0) > 0);
  }
});

test('its plots and tables tell who has taken part', () => {
  assert.ok(report);
  const svg = draw(report)['time.svg'] ?? '';
  const text = markdown(report);
  for (const label of ['bare parts', 'partwise']) {
    assert.match(svg, new RegExp(`>${label}<`));
    assert.match(text, new RegExp(label));
  }
  assert.match(text, /figures mean nothing/);
});

test('of the results of several runs the last of each scenario counts, and where it comes from is told', () => {
  assert.ok(report);
  const outcome = report.scenarios[0];
  assert.ok(outcome);
  const outcomes = (/** @type {string[]} */ ...names) => names.map((name) => ({ ...outcome, name }));
  const earlier = {
    ...report,
    command: 'a',
    machine: 'slow',
    gzip: { raw_parts: 1, partwise: 2 },
    scenarios: outcomes('wan', 'lossy'),
  };
  const later = {
    ...report,
    command: 'b',
    machine: 'fast',
    gzip: { partwise: 3 },
    scenarios: outcomes('wan'),
  };
  const both = merged([merged([earlier]), later]);
  assert.deepEqual(
    both.scenarios.map(({ name, command, machine }) => [name, command, machine]),
    [
      ['wan', 'b', 'fast'],
      ['lossy', 'a', 'slow'],
    ],
  );
  assert.equal(both.command, 'b\na');
  assert.deepEqual(both.gzip, { raw_parts: 1, partwise: 3 });
  assert.throws(() => merged([earlier, { ...later, scale: 1 }]), /--scale/);
  assert.match(markdown(both), /fast \(wan\); slow \(lossy\)\./);
  assert.doesNotMatch(markdown(merged([earlier])), /\(wan/);
});

test('a link breaks a little later in each round, and else is the same in all', () => {
  const [outage, lossy] = ['outage', 'lossy'].map((name) => scenarios.find((one) => one.name === name));
  assert.ok(outage && lossy);
  const after = [1, 2, 3].map((round) => inRound(outage, round).link?.outage?.after);
  assert.deepEqual(after, [5, 5.35, 5.7]);
  assert.deepEqual(inRound(outage, 1), outage);
  assert.deepEqual(inRound(lossy, 3), lossy);
});

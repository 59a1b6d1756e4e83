/** The guard of the package's size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeProblem } from '../../scripts/lib/size-limit.mjs';

const changelog = (/** @type {string} */ line) => `# Changelog

## [Unreleased]

- ${line}

## [0.1.0]

- Size: 900 000 bytes gzip, because it was so long ago.
`;

test('it may grow by two in a hundred without a word', () => {
  const given = { landed: 200_000, changelog: changelog('Nothing.') };
  assert.equal(sizeProblem({ ...given, total: 204_000 }), undefined);
  assert.match(
    sizeProblem({ ...given, total: 204_001 }) ?? '',
    /204001 bytes .* it was 200000, and may be 204000/,
  );
});

test('the changelog can allow more, if it says why, for what is not released', () => {
  const given = { landed: 200_000, total: 210_000 };
  const problem = (/** @type {string} */ line) => sizeProblem({ ...given, changelog: changelog(line) });
  assert.equal(problem('Size: 210 000 bytes gzip, because it does more.'), undefined);
  assert.ok(problem('Size: 209 999 bytes gzip, because it does more.'));
  assert.ok(problem('Size: 210 000 bytes gzip.'));
});

/** How large the package may be: as large as it last was, and a little more, unless the changelog says why. */

/** The share by which it may grow without a word. */
const GROWTH = 0.02;

/**
 * What is wrong with the size of the default entry; nothing when all is well.
 *
 * @param {object} given
 * @param {number} given.total bytes
 * @param {number} given.landed bytes when it was last accepted
 * @param {string} given.changelog where a line `Size: N bytes gzip, because …` below `[Unreleased]` allows so many
 */
export function sizeProblem({ total, landed, changelog }) {
  const limit = Math.floor(landed * (1 + GROWTH));
  const [, unreleased = ''] = /## \[Unreleased\]([^]*?)(?=\n## \[|$)/.exec(changelog) ?? [];
  const allowed = Math.max(
    limit,
    ...[...unreleased.matchAll(/\bSize: ([\d ]+) bytes gzip, because \S/g)].map(([, digits = '']) =>
      Number(digits.replaceAll(' ', '')),
    ),
  );
  if (total <= allowed) return undefined;
  return (
    `The default entry is ${total} bytes (gzip); it was ${landed}, and may be ${allowed}. Make it smaller, or say why under ` +
    `[Unreleased] in CHANGELOG.md: “Size: ${total} bytes gzip, because …”.`
  );
}

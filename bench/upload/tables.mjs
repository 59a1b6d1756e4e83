/** Tables of a report, as Markdown: what was reached and what was not, then every figure. */
import { contenders } from './contenders.mjs';
import { judge } from './targets.mjs';

/** @typedef {import('./report.mjs').Spread} Spread */

/** @param {import('./plot.mjs').Report} report */
export function markdown(report) {
  const { command, browser, versions, scale, gzip, scenarios } = report;
  return [
    `\`\`\`sh\n${command}\n\`\`\``,
    `${browser}, ${machines(report)}. ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    ...(scale === 1
      ? []
      : [`**Only ${scale * 100} % of each scenario was run: these figures mean nothing.**`]),
    '### What partwise is to reach',
    rows(
      ['scenario', 'figure', 'target', 'measured', ''],
      judge(scenarios).map(({ scenario, what, target, value, reached }) => [
        scenario,
        what,
        target,
        value === null ? 'not measured' : value.toFixed(2),
        value === null ? '' : reached ? 'reached' : '**missed**',
      ]),
    ),
    ...scenarios.flatMap(({ name, about, results }) => [
      `### ${name}: ${about}`,
      rows(
        [
          ...[
            '',
            'parts',
            'finished',
            'seconds',
            'of the link',
            'bytes sent ÷ size',
            'requests (preflights)',
          ],
          ...['first byte, ms', 'longest task, ms', 'main thread, s', 'browser, s of CPU', 'memory, MiB'],
        ],
        results.map((result) => cells(result)),
      ),
      ...failures(results),
    ]),
    '### What a page loads',
    rows(
      ['', 'KB, gzip'],
      Object.entries(gzip)
        .sort(([, a], [, b]) => a - b)
        .map(([name, bytes]) => [labelOf(name), (bytes / 1000).toFixed(1)]),
    ),
  ].join('\n\n');
}

/** All on one, or which scenarios on which. @param {import('./plot.mjs').Report} report */
function machines({ machine, scenarios }) {
  /** @type {Map<string, string[]>} */
  const on = new Map();
  for (const one of scenarios) {
    const its = one.machine ?? machine;
    on.set(its, [...(on.get(its) ?? []), one.name]);
  }
  const told = [...on].map(([one, names]) => (on.size > 1 ? `${one} (${names.join(', ')})` : one));
  return told.join('; ');
}

/** @param {import('./report.mjs').Result} result */
function cells({ contender, parts, finished, rounds, figures }) {
  const label = contender === 'partwise' ? `**${labelOf(contender)}**` : labelOf(contender);
  const start = [label, parts, `${finished}/${rounds}`];
  if (!figures || finished === 0) return [...start, ...Array(9).fill('–')];
  const {
    seconds,
    ofLink,
    sent,
    requests,
    preflights,
    refused,
    firstByte,
    longestTask,
    mainThread,
    cpu,
    memory,
  } = figures;
  return [
    ...start,
    spread(seconds, 2),
    ofLink.median === null ? '–' : `${(ofLink.median * 100).toFixed(1)} %`,
    spread(sent, 3),
    `${requests.median} (${preflights.median})${refused.median ? `, ${refused.median} refused` : ''}`,
    spread(firstByte, 0),
    longestTask.max === null || longestTask.max < 50 ? '< 50' : longestTask.max.toFixed(0),
    spread(mainThread, 2),
    spread(cpu, 2),
    memory.max === null ? '–' : (memory.max / 1024 / 1024).toFixed(0),
  ];
}

/** @param {readonly import('./report.mjs').Result[]} results */
function failures(results) {
  const lines = results.flatMap(({ contender, row, errors }) =>
    [...new Set(errors)].map(
      (error) => `- ${labelOf(contender)} (${row}): \`${error.replaceAll('`', "'")}\``,
    ),
  );
  return lines.length ? [`What those that failed have said:\n\n${lines.join('\n')}`] : [];
}

/** The median, and the least and the most where they differ. @param {Spread} spread @param {number} digits */
function spread({ median, min, max }, digits) {
  if (median === null || min === null || max === null) return '–';
  const [middle, least, most] = [median, min, max].map((value) => value.toFixed(digits));
  return least === most ? `${middle}` : `${middle} (${least}–${most})`;
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} body */
function rows(head, body) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** @param {string} contender */
const labelOf = (contender) => contenders[contender]?.label ?? contender;

/** What partwise is to reach beside the others, as ratios within one run. */
import { scenarios } from './scenarios.mjs';

/**
 * @typedef {import('./report.mjs').Result} Result
 * @typedef {import('./report.mjs').Spreads} Spreads
 * @typedef {{ name: string, results: readonly Result[] }} Outcome of a scenario
 *
 * @typedef {object} Target
 * @property {string} scenario
 * @property {string} what for the reader
 * @property {'most' | 'least'} is whether the figure may be `bound` at most or at least
 * @property {number} bound
 * @property {(outcome: Field) => number | null} figure `null` where something is missing
 */

/** MiB. */
const MIB = 1024 * 1024;
/** What is no library, and what is partwise itself. */
const REFERENCES = ['raw_xhr', 'raw_forms', 'raw_parts'];

/** Who has taken part in a scenario. */
class Field {
  #results;

  /** @param {readonly Result[]} results */
  constructor(results) {
    this.#results = results;
  }

  /**
   * The median of one contender's figure; `null` unless all of its rounds ended well.
   *
   * @param {keyof Spreads} figure
   * @param {string} contender
   * @param {{ row?: string, of?: 'median' | 'max' }} [which] `max`: of the worst round
   */
  of(figure, contender, { row = 'defaults', of = 'median' } = {}) {
    const result = this.#results.find((result) => result.contender === contender && result.row === row);
    return result && result.finished === result.rounds ? (result.figures?.[figure][of] ?? null) : null;
  }

  /** partwise's, by its defaults. @param {keyof Spreads} figure */
  ours(figure) {
    return this.of(figure, 'partwise');
  }

  /** The same of its worst round. @param {keyof Spreads} figure */
  worst(figure) {
    return this.of(figure, 'partwise', { of: 'max' });
  }

  /** The least among the other libraries that finish every round, by their defaults. @param {keyof Spreads} figure */
  best(figure) {
    const figures = this.#peers().flatMap(({ contender }) => this.of(figure, contender) ?? []);
    return figures.length ? Math.min(...figures) : null;
  }

  /** The same, or infinite when others have tried and none of them finishes. @param {keyof Spreads} figure */
  bestIfAny(figure) {
    return this.#peers().length ? (this.best(figure) ?? Infinity) : null;
  }

  #peers() {
    return this.#results.filter(
      ({ contender, row }) =>
        row === 'defaults' && !REFERENCES.includes(contender) && !contender.startsWith('partwise'),
    );
  }

  /** The share of rounds that partwise has ended well. */
  finished() {
    const ours = this.#results.find(({ contender, row }) => contender === 'partwise' && row === 'defaults');
    return ours ? ours.finished / ours.rounds : null;
  }
}

/** @param {number | null} a @param {number | null} b */
const ratio = (a, b) => (a === null || b === null ? null : a / b);

/** @type {readonly Target[]} */
const targets = [
  {
    scenario: 'loopback',
    what: 'speed ÷ bare parts, both 8 MiB × 4',
    is: 'least',
    bound: 0.97,
    figure: (field) =>
      ratio(
        field.of('seconds', 'raw_parts', { row: 'equal' }),
        field.of('seconds', 'partwise', { row: 'equal' }),
      ),
  },
  {
    scenario: 'loopback',
    what: 'speed ÷ the fastest other library',
    is: 'least',
    bound: 1.05,
    figure: (field) => ratio(field.best('seconds'), field.ours('seconds')),
  },
  {
    scenario: 'wan',
    what: 'time ÷ one bare PUT',
    is: 'most',
    bound: 1.02,
    figure: (field) => ratio(field.ours('seconds'), field.of('seconds', 'raw_xhr')),
  },
  ...['lossy', 'reload', 'outage'].flatMap((scenario) => [
    {
      scenario,
      what: 'rounds finished',
      is: /** @type {const} */ ('least'),
      bound: 1,
      figure: (/** @type {Field} */ field) => field.finished(),
    },
    {
      scenario,
      what: 'bytes sent ÷ size',
      is: /** @type {const} */ ('most'),
      bound: 1.05,
      figure: (/** @type {Field} */ field) => field.ours('sent'),
    },
    {
      scenario,
      what: 'time ÷ the fastest other library (0: no other finishes)',
      is: /** @type {const} */ ('most'),
      bound: 1,
      figure: (/** @type {Field} */ field) => ratio(field.ours('seconds'), field.bestIfAny('seconds')),
    },
  ]),
  {
    scenario: 'many',
    what: 'speed ÷ the fastest other library',
    is: 'least',
    bound: 1.3,
    figure: (field) => ratio(field.best('seconds'), field.ours('seconds')),
  },
  {
    scenario: 'throttle',
    what: 'rounds finished',
    is: 'least',
    bound: 1,
    figure: (field) => field.finished(),
  },
  {
    scenario: 'throttle',
    what: 'time ÷ one bare PUT',
    is: 'most',
    bound: 1.05,
    figure: (field) => ratio(field.ours('seconds'), field.of('seconds', 'raw_xhr')),
  },
  {
    scenario: 'throttle',
    what: 'bodies that were refused, so had to be sent twice',
    is: 'most',
    bound: 0,
    figure: (field) => field.worst('refused'),
  },
  {
    scenario: 'huge',
    what: 'MiB of memory above idle',
    is: 'most',
    bound: 64,
    figure: (field) => ratio(field.worst('memory'), MIB),
  },
  ...scenarios.flatMap(({ name: scenario }) => [
    {
      scenario,
      what: 'longest main-thread task, ms (0: none of 50 or more)',
      is: /** @type {const} */ ('most'),
      bound: 49,
      figure: (/** @type {Field} */ field) => field.worst('longestTask'),
    },
    {
      scenario,
      what: 'main-thread seconds ÷ the least of the other libraries',
      is: /** @type {const} */ ('most'),
      bound: 1,
      figure: (/** @type {Field} */ field) => ratio(field.ours('mainThread'), field.bestIfAny('mainThread')),
    },
  ]),
];

/**
 * How far partwise is from each target of the scenarios that were run.
 *
 * @param {readonly Outcome[]} outcomes
 */
export function judge(outcomes) {
  return outcomes.flatMap(({ name, results }) =>
    targets
      .filter(({ scenario }) => scenario === name)
      .map(({ scenario, what, is, bound, figure }) => {
        const value = figure(new Field(results));
        const reached = value !== null && (is === 'most' ? value <= bound : value >= bound);
        return { scenario, what, target: `${is === 'most' ? '≤' : '≥'} ${bound}`, value, reached };
      }),
  );
}

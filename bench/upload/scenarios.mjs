/** What every contender goes through. */
import { MiB } from '../../tests/e2e/support/files.mjs';

/** Bits per second. */
const Mbit = 1_000_000;

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about for the reader
 * @property {number} size bytes of each file
 * @property {number} count files
 * @property {boolean} [sparse] what is on the disk is next to nothing
 * @property {import('./link.mjs').Shape} [link] none: the machine's own loopback
 * @property {number} [atOnce] requests that the store serves at a time
 * @property {readonly number[]} [kills] shares at which the tab's process is killed, and the page opened again
 * @property {boolean} [warmUp] a round that does not count comes first: what is measured is so fast that caches matter
 * @property {number} patience seconds after which a contender is given up
 */

const long = { rate: 40 * Mbit, roundTrip: 200 };

/** @type {readonly Scenario[]} */
export const scenarios = [
  {
    name: 'loopback',
    about: '1 GiB, nothing in the way',
    size: 1024 * MiB,
    count: 1,
    warmUp: true,
    patience: 120,
  },
  {
    name: 'wan',
    about: '100 MiB over 40 Mbit/s with 200 ms round trip',
    size: 100 * MiB,
    count: 1,
    link: long,
    patience: 120,
  },
  {
    name: 'lossy',
    about: '100 MiB over 40 Mbit/s with 200 ms round trip, all connections cut every 5 s',
    size: 100 * MiB,
    count: 1,
    link: { ...long, cutEvery: 5 },
    patience: 180,
  },
  {
    name: 'reload',
    about: '500 MiB over 200 Mbit/s, the tab killed at 25, 50 and 75 %',
    size: 500 * MiB,
    count: 1,
    link: { rate: 200 * Mbit, roundTrip: 10 },
    kills: [0.25, 0.5, 0.75],
    patience: 180,
  },
  {
    name: 'many',
    about: '1 000 files of 64 KiB, nothing in the way',
    size: MiB / 16,
    count: 1000,
    warmUp: true,
    patience: 120,
  },
  {
    name: 'throttle',
    about: '100 MiB over 200 Mbit/s to a store that answers 503 above 3 requests at a time',
    size: 100 * MiB,
    count: 1,
    link: { rate: 200 * Mbit, roundTrip: 10 },
    atOnce: 3,
    patience: 120,
  },
  {
    name: 'huge',
    about: '8 GiB, nothing in the way',
    size: 8192 * MiB,
    count: 1,
    sparse: true,
    patience: 600,
  },
  {
    name: 'outage',
    about:
      '100 MiB over 40 Mbit/s with 200 ms round trip, 30 s without network, after 5 s and 0.35 s more in each round',
    size: 100 * MiB,
    count: 1,
    link: { ...long, outage: { after: 5, lasts: 30 } },
    patience: 240,
  },
];

/**
 * A smaller one, to see whether all works: with less to send, and what happens on the way happens as much earlier, but not so early
 * that nothing gets through.
 *
 * @param {Scenario} scenario
 * @param {number} by 1: as it is
 * @returns {Scenario}
 */
export function scaled(scenario, by) {
  const { size, count, link } = scenario;
  return {
    ...scenario,
    ...(count > 1
      ? { count: Math.max(1, Math.round(count * by)) }
      : { size: Math.max(1, Math.round((size * by) / MiB)) * MiB }),
    link: link && {
      ...link,
      cutEvery: link.cutEvery && Math.max(2, link.cutEvery * by),
      outage: link.outage && {
        after: Math.max(1, link.outage.after * by),
        lasts: Math.max(3, link.outage.lasts * by),
      },
    },
  };
}

/**
 * Seconds. Where in its parts a link breaks is luck, and at the same moment everybody would have the same luck in all rounds: three
 * of them are spread over the time that this link takes for 5 MiB.
 */
const LATER = 0.35;

/**
 * As it is in one of the rounds.
 *
 * @param {Scenario} scenario
 * @param {number} round counted from 1
 * @returns {Scenario}
 */
export function inRound(scenario, round) {
  const { link } = scenario;
  if (!link?.outage) return scenario;
  const { after, lasts } = link.outage;
  return { ...scenario, link: { ...link, outage: { after: after + LATER * (round - 1), lasts } } };
}

/** Bytes of all files. @param {Scenario} scenario */
export const bytesOf = ({ size, count }) => size * count;

/**
 * `node bench/upload/timeline.mjs FILE…`: what one contender has asked the sink, request after request, from a file that
 * `npm run bench:upload -- --journal FOLDER` has left; then for how long how many requests with content were open at the same time.
 * With a link in between these are the moments of the sink: bytes and replies travel for half a round trip.
 */
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Exchange as `sink/src/journal.rs` describes it
 * @property {string} method
 * @property {string} path
 * @property {number | null} part
 * @property {number} bytes
 * @property {number} began
 * @property {number} received
 * @property {number | null} status
 */

/** Bytes from which on a body is content and no list of parts. */
const CONTENT = 16 * 1024;

/** @param {readonly Exchange[]} exchanges */
function lines(exchanges) {
  const start = Math.min(...exchanges.map(({ began }) => began));
  const sorted = [...exchanges].sort((a, b) => a.began - b.began);
  return sorted.map(({ method, path, part, bytes, began, received, status }) =>
    [
      (began - start).toFixed(0).padStart(7),
      (received - began).toFixed(0).padStart(6),
      String(bytes).padStart(10),
      String(status ?? 'broke').padStart(6),
      `${method.padEnd(8)}${path}${part === null ? '' : ` part ${part}`}`,
    ].join(' '),
  );
}

/**
 * Milliseconds in which so many requests with content were open, by their number, from the first of them to the end of the last.
 *
 * @param {readonly Exchange[]} exchanges
 */
function concurrency(exchanges) {
  const steps = exchanges
    .filter(({ bytes }) => bytes >= CONTENT)
    .flatMap(({ began, received }) => [
      { at: began, by: 1 },
      { at: received, by: -1 },
    ])
    .sort((a, b) => a.at - b.at);
  /** @type {number[]} */
  const millis = [];
  let open = 0;
  for (const [index, { at, by }] of steps.entries()) {
    open += by;
    millis[open] = (millis[open] ?? 0) + ((steps[index + 1]?.at ?? at) - at);
  }
  return [...millis].map((time) => time ?? 0);
}

for (const path of process.argv.slice(2)) {
  /** @type {Exchange[]} */
  const exchanges = JSON.parse(readFileSync(path, 'utf8'));
  const told = concurrency(exchanges).map((time, open) => `${open}: ${time.toFixed(0)} ms`);
  console.log(`${path}\n  began   took      bytes status`);
  console.log(lines(exchanges).join('\n'));
  console.log(`requests with content at a time: ${told.join(', ')}\n`);
}

/** One contender, once: from a page that has just been opened to what the sink says has arrived. */
import { inTime } from '../../tests/e2e/support/until.mjs';
import { cpuSeconds } from '../lib/meter.mjs';
import { Costs } from './costs.mjs';
import { bytesOf } from './scenarios.mjs';

/** Milliseconds in which a page must be there, or be gone. */
const PAGE_PATIENCE = 60_000;

/**
 * Milliseconds between the moment at which a library tells of enough progress and the kill: some tell only when a part is through, and
 * would be killed just when they have nothing to lose.
 */
const GRACE = 300;

/**
 * @typedef {object} World
 * @property {import('../../tests/e2e/support/chromium/browser.mjs').Chromium} browser
 * @property {import('./sink.mjs').Sink} sink
 * @property {import('./link.mjs').Link | null} link
 * @property {string} site origin of the pages
 * @property {number} patience how often the scenario's own
 *
 * @typedef {object} Entry
 * @property {string} contender
 * @property {import('./contenders.mjs').Row} row
 * @property {import('./contenders.mjs').Equal | null} equal if the part size and the parallel parts are not its own
 *
 * @typedef {object} Figures of one round
 * @property {boolean} finished it said that it was done, and all that was to be stored is
 * @property {string | null} error what it said when it gave up, or what was wrong
 * @property {number} seconds until then
 * @property {number} rate bytes of files per second
 * @property {number | null} ofLink that, as a share of what the link carries
 * @property {number} sent bytes sent for each byte of the files
 * @property {number} requests
 * @property {number} preflights among them
 * @property {number} refused answered 503
 * @property {number | null} firstByte milliseconds until it had arrived
 * @property {number} longestTask milliseconds; 0 when none took 50
 * @property {number} frozen milliseconds in all tasks that took 50 and more
 * @property {number} mainThread seconds of processor time of the page's main thread
 * @property {number} cpu seconds of processor time of the whole browser
 * @property {number} memory bytes that the page took above what it took before, at the worst moment
 * @property {number} hashed bytes that the sink had not hashed before
 * @property {number} sinkCpu seconds of processor time of the sink: with 2 cores, what it takes the browser may miss
 */

/** @typedef {{ began: number, millis: number, longestTask: number, longTasks: number, error: string | null }} Told */

/**
 * @param {World} world
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {Entry} entry
 * @param {readonly import('./sink.mjs').BenchFile[]} files
 * @returns {Promise<Figures>}
 */
export async function once(world, scenario, entry, files) {
  const { browser, sink, link } = world;
  const way = scenario.link && link ? link : sink;
  const opened = inTime(browser.newContext(), { what: 'the browser', within: PAGE_PATIENCE });
  const context = await opened.catch(async (error) => {
    // Another one is launched for the next.
    await browser.kill();
    throw error;
  });
  const costs = new Costs(browser.profile);
  const visit = new Visit(world.site, () => browser.newPage(context), entry.contender, files);
  try {
    await visit.open();
    // Only now: requests of a context that has just been closed may still arrive.
    const { hashedBytes } = await sink.stats();
    if (scenario.link) await link?.reset(scenario.link);
    await sink.reset({ files, store: way.store, atOnce: scenario.atOnce });
    const sinkBefore = cpuSeconds([sink.pid]);
    const told = await upload(world, scenario, { entry, way, visit, costs });
    const stats = await sink.stats();
    const sent = scenario.link && link ? await link.sent() : fromStats(stats);
    const right = stats.right === files.length && stats.wrong === 0;
    const bytes = bytesOf(scenario);
    const seconds = told.millis / 1000;
    const finished = told.error === null && right;
    return {
      finished,
      error: told.error ?? (right ? null : `stored ${stats.right} of ${files.length}, ${stats.wrong} wrong`),
      seconds,
      rate: finished ? bytes / seconds : 0,
      ofLink: finished && scenario.link ? (bytes * 8) / seconds / scenario.link.rate : null,
      sent: sent.bytes / bytes,
      requests: sent.methods.length,
      preflights: sent.methods.filter((method) => method === 'OPTIONS').length,
      refused: stats.refused,
      firstByte: stats.firstByte === null ? null : stats.firstByte - told.began,
      longestTask: told.longestTask,
      frozen: told.longTasks,
      mainThread: costs.mainThread,
      cpu: costs.cpu,
      memory: costs.memory,
      hashed: stats.hashedBytes - hashedBytes,
      sinkCpu: cpuSeconds([sink.pid]) - sinkBefore,
    };
  } finally {
    // Gone with its browser, if a contender has killed that; and what is not to be closed must not go on beside the next one.
    const closed = inTime(browser.closeContext(context), { what: 'its end', within: PAGE_PATIENCE });
    await closed.catch(() => browser.kill());
    await link?.calm();
  }
}

/** @param {import('./sink.mjs').Stats} stats */
function fromStats({ contentBytes, requests }) {
  const methods = Object.entries(requests).flatMap(([method, count]) => Array(count).fill(method));
  return { bytes: contentBytes, methods };
}

/**
 * Has the contender, whose page is open, send the files, killing its tab as the scenario asks for.
 *
 * @param {World} world
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {{ entry: Entry, way: { store: string, backend: string }, visit: Visit, costs: Costs }} how
 * @returns {Promise<Told>}
 */
async function upload({ link, patience }, scenario, { entry, way, visit, costs }) {
  const kills = [...(scenario.kills ?? []), null];
  const settings = {
    store: way.store,
    backend: way.backend,
    equal: entry.equal,
    remembers: kills.length > 1,
  };
  const within = scenario.patience * patience * 1000;
  let [longestTask, longTasks] = [0, 0];
  let first = NaN;
  let from = NaN;
  costs.begin();
  if (scenario.link) link?.disturb(scenario.link);
  for (const tellAt of kills) {
    from ||= performance.now();
    first ||= Date.now();
    const left = within - (performance.now() - from);
    const { ended, told } = await visit.run({ ...settings, tellAt }, left);
    if (ended && tellAt !== null) told.error ??= `came to its end before it was killed at ${tellAt}`;
    if (!ended) await new Promise((resolve) => setTimeout(resolve, GRACE));
    costs.end();
    longestTask = Math.max(longestTask, told.longestTask);
    longTasks += told.longTasks;
    if (ended) {
      const whole = kills.length > 1 ? { began: first, millis: performance.now() - from } : {};
      return { ...told, ...whole, longestTask, longTasks };
    }
    await visit.kill();
    await visit.open();
    costs.begin();
  }
  throw new Error('the last of the runs has no end but its own');
}

/** The tab of a contender, and those that follow it when it dies. */
class Visit {
  #site;
  #newPage;
  #contender;
  #files;
  /** @type {import('../../tests/e2e/support/chromium/page.mjs').ChromiumPage | undefined} */
  #page;

  /**
   * @param {string} site
   * @param {() => Promise<import('../../tests/e2e/support/chromium/page.mjs').ChromiumPage>} newPage
   * @param {string} contender
   * @param {readonly import('./sink.mjs').BenchFile[]} files
   */
  constructor(site, newPage, contender, files) {
    this.#site = site;
    this.#newPage = newPage;
    this.#contender = contender;
    this.#files = files;
  }

  /** Until the files are chosen and the contender's code is there. */
  async open() {
    const opened = async () => {
      this.#page = await this.#newPage();
      await this.#page.open(`${this.#site}/${this.#contender}`);
      await this.#page.choose(this.#files.map(({ path }) => path));
      await this.#page.evaluate('ready()');
    };
    await inTime(opened(), { what: 'the page', within: PAGE_PATIENCE });
  }

  /**
   * @param {{ tellAt: number | null }} settings
   * @param {number} within milliseconds after which it is given up
   * @returns {Promise<{ ended: boolean, told: Told }>} `ended`: it has come to an end, and not only to where it was to tell
   */
  async run(settings, within) {
    const page = this.#page;
    if (!page) throw new Error('there is no page');
    const tells = settings.tellAt !== null;
    if (tells) {
      await page.send('Runtime.enable');
      await page.send('Runtime.addBinding', { name: 'reached' });
    }
    const reached = tells ? [page.event('Runtime.bindingCalled').then(() => null)] : [];
    const ended = page.evaluate(`run(${JSON.stringify(settings)})`);
    const late = new Promise((resolve) => setTimeout(resolve, within, 'late').unref());
    const first = await Promise.race([ended, late, ...reached]);
    if (first !== null && first !== 'late') return { ended: true, told: first };
    const told = await inTime(page.evaluate('soFar()'), { what: 'the page to tell', within: PAGE_PATIENCE });
    if (first === null) return { ended: false, told };
    return { ended: true, told: { ...told, error: `not done after ${Math.round(within / 1000)} s` } };
  }

  /** What it was asked is refused then, and nobody waits for it. */
  async kill() {
    await inTime(this.#page?.kill() ?? Promise.resolve(), { what: 'the tab to die', within: PAGE_PATIENCE });
  }
}

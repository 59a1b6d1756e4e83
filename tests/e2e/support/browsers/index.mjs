/** The browsers every scenario runs in. */
import { chromium } from './chromium.mjs';
import { firefox } from './firefox.mjs';
import { webkit } from './webkit.mjs';

/**
 * @typedef {object} Engine
 * @property {Capabilities} can
 * @property {(profile: string, scope: import('../cleanup.mjs').Scope) => Promise<Browser>} launch what the profile's
 *   folder holds from before is found again
 */

/**
 * What can be done to a page of this browser beyond what WebDriver offers.
 *
 * @typedef {object} Capabilities
 * @property {boolean} throttle slow its network down in the browser; the fault proxy does it for the others
 * @property {boolean} freeze stop the page's tasks as for a tab that is put to sleep; `Browser.suspend` works everywhere
 * @property {boolean} longTasks the browser itself reports long tasks; for the others a worker's clock does
 * @property {boolean} killTab kill the page's process and no other page's; for the others the tab is closed, which it is
 *   not told either
 * @property {boolean} blockStorage its user can forbid pages to store anything; for the others a script in the page does
 */

/**
 * @typedef {object} Browser
 * @property {() => Promise<Page>} newPage never in the background
 * @property {() => boolean} alive
 * @property {() => Promise<void>} kill ends it with SIGKILL: nothing is saved, nobody is told
 * @property {(asleep: boolean) => void} suspend stops all of its processes, as a laptop does that is closed, or wakes
 *   them; nothing can be asked of it meanwhile
 */

/**
 * @typedef {object} Page
 * @property {(url: string) => Promise<void>} open
 * @property {(expression: string) => Promise<any>} evaluate the value of an expression, awaited if it is a promise
 * @property {(paths: string[]) => Promise<void>} choose files for the page's one input, in place of those chosen before
 * @property {() => Promise<void>} close as the user does
 * @property {(write: (line: string) => void) => Promise<void>} [watchLog] what the browser says of the page, and what its
 *   workers log
 * @property {(bytesPerSecond: number) => Promise<void>} [throttle] -1: not any more
 * @property {(offline: boolean) => Promise<void>} [setOffline] it, and in Firefox all pages with it
 * @property {boolean} [offlineIsReal] requests fail then; to other browsers loopback is no network
 * @property {(frozen: boolean) => Promise<void>} [freeze]
 * @property {() => Promise<void>} [kill]
 * @property {() => Promise<void>} [collectGarbage] so that what is left is what is still used
 */

/** How each of them is started. @type {Record<string, Engine>} */
export const browsers = { chromium, firefox, webkit };

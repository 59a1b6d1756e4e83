/** The examples, and what each has running in front of the demo server. */

/** @typedef {readonly [string, ...string[]]} Command run in the repository's root */

/** @param {string} name @returns {Command} */
const vite = (name) => ['node', 'node_modules/vite/bin/vite.js', `examples/${name}`];
/** @param {string} file @returns {Command} */
const node = (file) => ['node', `examples/${file}`];

/** Those without a command are pages that the demo server serves by itself. @type {Record<string, readonly Command[]>} */
export const examples = {
  'script-tag': [],
  element: [],
  hash: [],
  react: [vite('react')],
  vue: [vite('vue')],
  next: [['node', 'scripts/next.mjs']],
  csp: [node('csp/server.js')],
  'node-signing': [node('node-signing/server/main.js'), vite('node-signing')],
};

/** Options of the demo server for an example. @param {string} name */
export const demoOptions = (name) => (examples[name]?.length ? [] : ['--page', `examples/${name}`]);

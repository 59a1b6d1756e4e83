import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the packages are. */
const workshop = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export default { output: 'export', turbopack: { root: workshop }, outputFileTracingRoot: workshop };

/** Where things are. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
/** Everything these tests write; nothing in it is worth keeping. */
export const scratch = join(root, 'target', 'e2e');
/** Programs that `npm run setup` installs for this repository only. */
export const toolsDir = join(root, '.tools');
/** The page the browser opens. */
export const pageDir = join(root, 'tests', 'e2e', 'support', 'page');

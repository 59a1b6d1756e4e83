/** Documents as they are in the package: for whoever has installed it, and has no repository around it. */
import { documents } from './manifest.mjs';

/** What only concerns the repository stands between these. */
const REPOSITORY_ONLY = /<!-- repository -->\n[^]*?<!-- \/repository -->\n+/g;
const LINK = /\]\((?!https?:|#|mailto:)([^)\s]+)\)/g;

/**
 * @param {string} text
 * @param {string} repository its address
 */
export function forPackage(text, repository) {
  return text
    .replace(REPOSITORY_ONLY, '')
    .replace(LINK, (link, path) => (documents.includes(path) ? link : `](${repository}/blob/HEAD/${path})`));
}

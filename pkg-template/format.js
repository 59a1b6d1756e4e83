/** How far an upload is, in words: for pages that show it themselves. */
export { formatBytes, formatDuration, formatPercent, formatProgress, formatSpeed } from './text/format.js';

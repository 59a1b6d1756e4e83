/**
 * `partwise` as a classic script: `<script src="…/global.js"></script>` defines `window.partwise`.
 *
 * @packageDocumentation
 */
export type * from './index.js';

declare global {
  var partwise: typeof import('./index.js');
}

/** Defines `<partwise-uploader>`. Importing it loads no WebAssembly, and does nothing on a server. */
import { PartwiseUploader as Element } from './element/uploader-element.js';

/** @type {typeof import('./element.js').PartwiseUploader} */
export const PartwiseUploader = Element;

if (globalThis.customElements && !customElements.get('partwise-uploader'))
  customElements.define('partwise-uploader', PartwiseUploader);

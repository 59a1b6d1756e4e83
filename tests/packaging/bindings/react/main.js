/** Takes over what the server has rendered. */
import { StrictMode, createElement as h } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { App } from './app.js';

globalThis.takeOver = (selector) => {
  hydrateRoot(document.querySelector(selector) ?? document.body, h(StrictMode, null, h(App)));
};
globalThis.takeOver('#app');

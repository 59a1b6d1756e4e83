/** Takes over what the server has rendered. */
import { createSSRApp } from 'vue';
import { App } from './app.js';

globalThis.takeOver = (selector) => {
  createSSRApp(App).mount(selector);
};
globalThis.takeOver('#app');

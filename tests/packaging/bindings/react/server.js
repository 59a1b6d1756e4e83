/** Prints what a server renders. */
import { StrictMode, createElement as h } from 'react';
import { renderToString } from 'react-dom/server';
import { App } from './app.js';

process.stdout.write(renderToString(h(StrictMode, null, h(App))));

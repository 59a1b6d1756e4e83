/** What a page does with the element: signs in, and keeps what it is told. */
import '/partwise/element.js';

const element = document.querySelector('partwise-uploader');
const session = () => fetch('/session').then((reply) => reply.json());

element.options = { headers: async () => ({ Authorization: `Bearer ${(await session()).token}` }) };
globalThis.told = [];
for (const name of ['added', 'refused', 'state', 'progress', 'done', 'error', 'removed', 'complete'])
  // On the document: events leave the element and everything around it.
  document.addEventListener(`partwise-${name}`, ({ detail }) => globalThis.told.push({ name, detail }));
globalThis.ready = true;

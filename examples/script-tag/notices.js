import { byId, fromTemplate } from './dom.js';
import { onLanguageChange, say, translate } from './language.js';

const shown = new Map();
let unnamed = 0;

/**
 * Tells something that belongs to no single upload, until it is dismissed. `text` is a function, so that it follows a change of
 * language; the same `name` is told once.
 */
export function notice(text, name = `notice-${(unnamed += 1)}`) {
  if (shown.has(name)) return;
  const element = fromTemplate('notice-template');
  const paint = () => {
    translate(element);
    element.querySelector('[data-part=text]').textContent = text();
  };
  element.querySelector('[data-part=dismiss]').addEventListener('click', () => {
    element.remove();
    shown.delete(name);
    byId('choose').focus({ preventScroll: true });
  });
  shown.set(name, paint);
  paint();
  byId('notices').append(element);
  speak([text()]);
}

onLanguageChange(() => shown.forEach((paint) => paint()));

/** Changes that are worth interrupting for; the others can be seen. */
const TOLD = new Set(['uploading', 'paused', 'offline', 'done', 'failed', 'cancelled']);
const waiting = new Map();
let timer;

/** Announces a change of state to screen readers. Many at once are summed up. */
export function announce(state, name) {
  if (!TOLD.has(state)) return;
  waiting.set(state, [...(waiting.get(state) ?? []), name]);
  timer ??= setTimeout(() => {
    timer = undefined;
    const lines = [...waiting].flatMap(([told, names]) =>
      names.length > 3
        ? [say.announceMany(say.states[told], names.length)]
        : names.map((each) => say.announce(say.states[told], each)),
    );
    waiting.clear();
    speak(lines);
  }, 1000);
}

function speak(lines) {
  byId('announcer').textContent = lines.join('\n');
}

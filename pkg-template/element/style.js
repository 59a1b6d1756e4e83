/**
 * How the element looks. Colours are mixed from the system's, so that they follow the `color-scheme` of the page, dark or light,
 * by themselves; the page's own come in by variables.
 */

const CSS = `
:host {
  display: block;
  box-sizing: border-box;
  container-type: inline-size;
  /* A container has no width of its own: where its surroundings give it none, it would vanish. */
  min-inline-size: min(100%, 280px);
  color: var(--partwise-text, CanvasText);
  font-family: var(--partwise-font, system-ui, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', sans-serif);
  font-size: var(--partwise-font-size, 16px);
  line-height: 1.5;
  text-align: start;
}
:host([hidden]) { display: none; }

.root {
  --text: var(--partwise-text, CanvasText);
  --surface: var(--partwise-surface, Canvas);
  --accent: var(--partwise-accent, color-mix(in srgb, #0c8f7d 76%, CanvasText));
  --on-accent: var(--partwise-on-accent, Canvas);
  --bad: var(--partwise-danger, color-mix(in srgb, #e0352b 76%, CanvasText));
  --warn: var(--partwise-warning, color-mix(in srgb, #b56b00 70%, CanvasText));
  --quiet: var(--partwise-quiet, color-mix(in srgb, var(--text) 68%, var(--surface)));
  --line: var(--partwise-line, color-mix(in srgb, var(--text) 14%, var(--surface)));
  --edge: color-mix(in srgb, var(--text) 46%, var(--surface));
  --track: var(--partwise-track, color-mix(in srgb, var(--text) 11%, var(--surface)));
  --hover: color-mix(in srgb, var(--text) 7%, var(--surface));
  --tint: color-mix(in srgb, var(--accent) 9%, var(--surface));
  --round: var(--partwise-radius, 14px);
  --gap: var(--partwise-gap, 16px);
  display: flex;
  flex-direction: column;
  gap: calc(var(--gap) * 1.5);
  min-inline-size: 0;
  margin: 0;
  padding: 0;
  border: 0;
}

*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, h2, ul { margin: 0; padding: 0; }
ul { list-style: none; }
code { font-family: ui-monospace, 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: .929em; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.unseen {
  position: absolute;
  inline-size: 1px;
  block-size: 1px;
  margin: -1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.icon {
  flex: none;
  inline-size: 20px;
  block-size: 20px;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.7;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.phrase { display: inline-block; }

.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: 8px;
  min-block-size: 40px;
  padding: 8px 16px;
  border: 1px solid var(--edge);
  border-radius: calc(var(--round) * .7);
  background: var(--surface);
  color: var(--text);
  font: inherit;
  font-size: .9375em;
  line-height: 1.4;
  text-align: center;
  cursor: pointer;
  touch-action: manipulation;
  transition: background-color 120ms;
}
.button:hover { background: var(--hover); }
.button:disabled { opacity: .5; cursor: default; }
.button.primary {
  border-color: transparent;
  background: var(--accent);
  color: var(--on-accent);
  font-weight: 600;
}
.button.primary:hover { background: color-mix(in srgb, var(--accent) 86%, var(--text)); }
.button.small { min-block-size: 36px; padding: 6px 12px; border-color: var(--line); font-size: .875em; }
.button.small .icon { inline-size: 16px; block-size: 16px; margin-inline-start: -2px; }
.button.quiet { border-color: transparent; background: none; color: var(--quiet); }
.button.quiet:hover { background: var(--hover); }
.button.bare { inline-size: 40px; padding: 0; border-color: transparent; background: none; color: var(--quiet); }
.button.bare:hover { background: var(--hover); color: var(--text); }
.button.bare span { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.zone {
  position: relative;
  display: flex;
  flex-direction: column;
  align-items: center;
  gap: var(--gap);
  padding: calc(var(--gap) * 2.5) var(--gap);
  border: 1.5px dashed var(--edge);
  border-radius: var(--round);
  background: var(--surface);
  text-align: center;
  cursor: pointer;
  transition: background-color 120ms, border-color 120ms;
}
.root:disabled .zone { cursor: default; opacity: .7; }
.zone[data-dragging] { border-color: var(--accent); border-style: solid; background: var(--tint); }
.zone-icon {
  display: grid;
  place-items: center;
  inline-size: 56px;
  block-size: 56px;
  border-radius: 50%;
  background: var(--tint);
  color: var(--accent);
}
.zone-icon .icon { inline-size: 26px; block-size: 26px; stroke-width: 1.5; }
.zone-text { min-inline-size: 0; text-wrap: balance; }
.lead { font-size: 1.0625em; font-weight: 600; }
.about, .limits { color: var(--quiet); font-size: .875em; }
.choices { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
.zone .button { min-block-size: 44px; padding-inline: 20px; }
.busy { color: var(--quiet); font-size: .875em; }

/* With uploads in it, they are what matters: the zone becomes a line. */
[data-filled] .zone { flex-direction: row; flex-wrap: wrap; padding: var(--gap); text-align: start; }
[data-filled] .zone-icon { inline-size: 40px; block-size: 40px; }
[data-filled] .zone-icon .icon { inline-size: 20px; block-size: 20px; }
[data-filled] .zone-text { flex: 1; }
[data-filled] .lead { font-size: 1em; }
[data-filled] .about { display: none; }

.veil {
  position: fixed;
  inset: 0;
  z-index: 2147483647;
  display: none;
  place-items: center;
  border: 4px solid var(--accent);
  background: color-mix(in srgb, var(--tint) 94%, transparent);
  color: var(--accent);
  font-size: 1.75em;
  font-weight: 650;
  pointer-events: none;
}
.veil[data-page][data-dragging] { display: grid; }

.notices:empty { display: none; }
.notices { display: grid; gap: 8px; }
.notice {
  display: flex;
  align-items: flex-start;
  gap: 8px;
  padding: 8px;
  padding-inline-start: var(--gap);
  border-radius: var(--round);
  background: color-mix(in srgb, var(--warn) 10%, var(--surface));
}
.notice-body { flex: 1; min-inline-size: 0; padding-block: 8px; overflow-wrap: anywhere; }
.notice-text { font-weight: 600; }
.notice-lines { margin-block-start: 4px; font-size: .875em; }
.notice .small { margin-block-start: 10px; }

.title { font-size: 1.0625em; font-weight: 650; line-height: 1.4; }
.title-about { margin-block: 2px 12px; color: var(--quiet); font-size: .875em; }
.list { border: 1px solid var(--line); border-radius: var(--round); background: var(--surface); overflow: clip; }

.item {
  --state: var(--accent);
  display: grid;
  grid-template-columns: auto minmax(0, 1fr) auto auto;
  align-items: center;
  column-gap: 12px;
  padding: 14px var(--gap);
}
.item + .item { border-block-start: 1px solid var(--line); }
/* In a long list, what is out of sight costs nothing. */
.list:has(> :nth-child(40)) .item { content-visibility: auto; contain-intrinsic-size: auto 98px; }
.item:is([data-state='paused'], [data-state='queued'], [data-state='cancelled']) { --state: var(--quiet); }
.item[data-state='offline'] { --state: var(--warn); }
.item[data-state='failed'] { --state: var(--bad); }

.sign {
  grid-row: 1 / span 3;
  align-self: start;
  display: grid;
  place-items: center;
  inline-size: 40px;
  block-size: 40px;
  margin-block-start: 3px;
  border-radius: calc(var(--round) * .7);
  background: color-mix(in srgb, var(--state) 11%, var(--surface));
  color: var(--state);
}
.name { grid-column: 2 / 4; grid-row: 1; font-weight: 600; line-height: 1.4; overflow-wrap: anywhere; }
.actions {
  grid-column: 4;
  grid-row: 1 / span 3;
  display: flex;
  align-items: center;
  justify-content: flex-end;
  min-inline-size: 80px;
  margin-inline-end: -8px;
}
.text { grid-column: 2 / 4; grid-row: 2; color: var(--quiet); font-size: .875em; font-variant-numeric: tabular-nums; }
/* As high as a line of text, which takes its place in the end: rows keep their height. */
.track { grid-column: 2 / 4; grid-row: 3; display: flex; align-items: center; gap: 8px; font-size: .875em; line-height: 1.5; }
.track .bar { flex: 1; }
.percent { min-inline-size: 3.1em; font-weight: 600; font-variant-numeric: tabular-nums; text-align: end; }
.item:is([data-state='done'], [data-state='cancelled']) .track { display: none; }
.note, .result, .item > .error { grid-column: 2 / -1; font-size: .875em; overflow-wrap: anywhere; }
.result { grid-column: 2 / 4; }
.note, .result { color: var(--quiet); }
.note { margin-block-start: 6px; }
.item > .error { margin-block-start: 12px; }
.note[data-warning] { color: var(--warn); }
.item[data-state='failed'] .text { color: var(--bad); }
.item[data-state='cancelled'] .name { color: var(--quiet); font-weight: 400; }

.bar { position: relative; block-size: 6px; overflow: hidden; border-radius: 3px; background: var(--track); }
.fill, .hashed {
  position: absolute;
  inset-block: 0;
  inset-inline-start: 0;
  inline-size: var(--full, 0%);
  border-radius: inherit;
  background: var(--state, var(--accent));
  transition: inline-size 200ms linear;
}
.hashed { background: color-mix(in srgb, var(--accent) 28%, var(--track)); }

.error { padding: 12px 14px; border-radius: calc(var(--round) * .7); background: color-mix(in srgb, var(--bad) 8%, var(--surface)); }
.error-title { color: var(--bad); font-weight: 600; }
.more { margin-block-start: 4px; font-size: .9375em; }
.more summary { inline-size: fit-content; border-radius: 4px; color: var(--quiet); cursor: pointer; }
.more > p { margin-block-start: 6px; overflow-wrap: anywhere; }
.where { color: var(--quiet); }

.pending .all { margin-block-end: 12px; }
.pending .item { grid-template-columns: minmax(0, 1fr) auto; }
.pending .name { grid-column: 1 / -1; }
.pending .text, .pending .track, .pending .note, .pending .choices { grid-column: 1 / -1; }
.pending .choices { justify-content: start; margin-block-start: 8px; }

.summary {
  display: grid;
  grid-template-columns: auto minmax(0, 1fr) auto;
  align-items: center;
  gap: 0 var(--gap);
  padding-block-end: var(--gap);
  font-variant-numeric: tabular-nums;
}
.summary-percent { grid-row: 1 / span 2; min-inline-size: 2.6em; font-size: 1.75em; font-weight: 700; line-height: 1.2; letter-spacing: -.02em; }
.summary-files { align-self: end; font-weight: 600; line-height: 1.4; }
.summary-bytes { grid-column: 2 / -1; grid-row: 2; align-self: start; min-block-size: 1.5em; color: var(--quiet); font-size: .875em; }
.summary-actions { grid-column: 3; grid-row: 1; display: flex; flex-wrap: wrap; gap: 8px; }
.summary > .bar { grid-column: 1 / -1; margin-block-start: 12px; }

/* Nothing can be dropped by a finger. */
@media (hover: none) {
  .lead { display: none; }
  .button, .button.small { min-block-size: 44px; }
  .button.bare { inline-size: 44px; }
}

@container (max-width: 560px) {
  .zone { padding-block: calc(var(--gap) * 2); }
  .zone .choices { align-self: stretch; }
  .zone .choices .button { flex: 1 1 auto; }
  [data-filled] .zone-icon { display: none; }
  [data-filled] .zone .choices { flex: 1 1 100%; }
  .summary { grid-template-columns: auto minmax(0, 1fr); }
  .summary > .bar { grid-row: 3; }
  .summary-actions { grid-column: 1 / -1; grid-row: 4; margin-block-start: 14px; }
  .summary-actions .button { flex: 1; }
  .summary-percent { grid-row: 1; }
  .summary-files { align-self: center; }
  .summary-bytes { grid-column: 1 / -1; min-block-size: 3em; margin-block-start: 4px; }
  .item { grid-template-columns: minmax(0, 1fr) auto auto; padding-inline: 14px; column-gap: 8px; }
  .sign { display: none; }
  .name { grid-column: 1 / 3; }
  .actions { grid-column: 3; grid-row: 1; min-inline-size: 0; }
  .text, .track, .note, .result, .item > .error { grid-column: 1 / -1; }
  /* Speed and time come and go; there is room for them. */
  .item:is([data-state='uploading'], [data-state='starting'], [data-state='paused'], [data-state='offline'], [data-state='completing']) .text { min-block-size: 3em; }
  .pending .choices .button { flex: 1 1 auto; }
}

@container (max-width: 360px) {
  [data-do='again'] { inline-size: 40px; padding: 0; }
  [data-do='again'] span { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  [data-do='again'] .icon { margin: 0; }
}

@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { transition: none !important; }
}

@media (forced-colors: active) {
  .bar { border: 1px solid CanvasText; }
  .fill { background: Highlight; forced-color-adjust: none; }
  .hashed { background: none; }
  .button.primary { border-color: ButtonText; background: ButtonFace; color: ButtonText; }
  .notice, .error, .sign { border: 1px solid CanvasText; }
}
`;

/** @type {CSSStyleSheet | undefined} */
let shared;

/** One for all elements, made when the first is: on a server there is none. */
export function sheet() {
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(CSS);
  }
  return shared;
}

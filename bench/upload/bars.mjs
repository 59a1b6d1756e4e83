/** Bars as SVG, readable on light and dark pages: one panel for each scenario, the best on top. */

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number | null} value `null`: it has none, and `note` says why
 * @property {number} [min]
 * @property {number} [max]
 * @property {string} note behind the bar
 * @property {'ours' | 'peer' | 'reference'} kind
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} subtitle
 * @property {readonly Bar[]} bars
 * @property {number} least what a whole bar stands for at least: next to nothing is not to look like a lot
 */

const COLUMNS = 2;
const PANEL = { width: 480, padding: 16, head: 60, row: 22, label: 130, note: 150 };
/** Characters of a subtitle that fit into a line. */
const LINE = 64;

/** Colours of text and bars; a page that embeds the picture tells by the reader's preference which of them are seen. */
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.strong { font-weight: 600 }
.faint { fill: #57606a }
.ours { fill: #0969da } .peer { fill: #8c959f } .reference { fill: #d0d7de }
.whisker { stroke: #24292f; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .faint { fill: #9198a1 }
  .ours { fill: #4493f8 } .peer { fill: #6e7681 } .reference { fill: #3d444d }
  .whisker { stroke: #e6edf3 }
}`;

/**
 * @param {string} title
 * @param {readonly Panel[]} panels
 * @returns {string} the file
 */
export function bars(title, panels) {
  const heights = Array(COLUMNS).fill(PANEL.padding);
  const drawn = panels.map((panel) => {
    const column = heights.indexOf(Math.min(...heights));
    const y = heights[column];
    heights[column] += PANEL.head + panel.bars.length * PANEL.row + PANEL.padding;
    return `<g transform="translate(${column * PANEL.width + PANEL.padding} ${y})">${drawPanel(panel)}</g>`;
  });
  const width = PANEL.width * Math.min(COLUMNS, panels.length) + PANEL.padding;
  const height = Math.max(...heights);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title><style>${STYLE}</style>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** @param {Panel} panel */
function drawPanel({ title, subtitle, bars, least }) {
  const most = Math.max(...bars.map(({ value, max }) => Math.max(value ?? 0, max ?? 0)), least);
  const room = PANEL.width - PANEL.padding - PANEL.label - PANEL.note;
  const x = (/** @type {number} */ value) => PANEL.label + (value / most) * room;
  const sorted = [...bars].sort((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity));
  const rows = sorted.map((bar, index) => drawBar(bar, PANEL.head + index * PANEL.row, x));
  return [
    `<text class="title" y="12">${escape(title)}</text>`,
    ...lines(subtitle).map(
      (line, index) => `<text class="faint" y="${29 + index * 15}">${escape(line)}</text>`,
    ),
    ...rows,
  ].join('\n');
}

/** @param {string} text */
function lines(text) {
  return text.split(' ').reduce((/** @type {string[]} */ lines, word) => {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim();
    return lines.length && longer.length <= LINE ? [...lines.slice(0, -1), longer] : [...lines, word];
  }, []);
}

/**
 * @param {Bar} bar
 * @param {number} y
 * @param {(value: number) => number} x
 */
function drawBar({ label, value, min, max, note, kind }, y, x) {
  const middle = y + PANEL.row / 2;
  const end = x(value ?? 0);
  const spread =
    min !== undefined && max !== undefined && max > min
      ? `<line class="whisker" x1="${fixed(x(min))}" x2="${fixed(x(max))}" y1="${middle}" y2="${middle}"/>`
      : '';
  const behind = Math.max(end, x(max ?? 0)) + 6;
  return [
    `<text x="${PANEL.label - 8}" y="${middle + 4}" text-anchor="end"${kind === 'ours' ? ' class="strong"' : ''}>${escape(label)}</text>`,
    `<rect class="${kind}" x="${PANEL.label}" y="${y + 3}" width="${fixed(Math.max(end - PANEL.label, 1))}" height="${PANEL.row - 6}" rx="2"/>`,
    `${spread}<text class="faint" x="${fixed(behind)}" y="${middle + 4}">${escape(note)}</text>`,
  ].join('');
}

/** @param {number} value */
const fixed = (value) => value.toFixed(1);

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

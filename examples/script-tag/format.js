import { say } from './language.js';

/** Smallest number of bytes shown in a unit; megabytes and gigabytes run on to 9999 so that a file's progress stays in one unit. */
const UNITS = [
  ['terabyte', 1e12, 1e13],
  ['gigabyte', 1e9, 1e10],
  ['megabyte', 1e6, 1e6],
  ['kilobyte', 1e3, 1e3],
  ['byte', 1, 0],
];

const formats = new Map();

function number(value, options) {
  const key = say.locale + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(say.locale, options));
  return formats.get(key).format(value);
}

export const count = (value) => number(value, {});

/** A size in decimal units, or in the unit that fits `scale` so that two sizes can be compared. */
export function bytes(value, scale = value) {
  const [unit, size] = UNITS.find(([, , from]) => scale >= from);
  if (unit === 'byte') return say.bytes(count(value));
  return number(value / size, {
    style: 'unit',
    unit,
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    useGrouping: false,
  });
}

export const speed = (bytesPerSecond) => `${bytes(bytesPerSecond, Math.max(bytesPerSecond, 1e3))}/s`;

/** Rounded down: 100 % is said only when it is true. `value` from 0 to 100. */
export const percent = (value) => number(Math.floor(value) / 100, { style: 'percent' });

/** The two largest units of a duration. */
export function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  const days = Math.floor(whole / 86400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  const shown = (value, visible) => (value > 0 && visible ? count(value) : '');
  return say.duration({
    days: shown(days, true),
    hours: shown(hours, true),
    minutes: shown(minutes, days === 0),
    seconds: shown(whole % 60, days === 0 && hours === 0),
  });
}

/** How long ago a moment (milliseconds since 1970) was, in the largest unit that fits. */
export function ago(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ].find(([name, length]) => -seconds >= length || name === 'second');
  return new Intl.RelativeTimeFormat(say.locale, { numeric: 'auto' }).format(Math.ceil(seconds / size), unit);
}

/** The widest name shown, in columns of a Latin letter. */
const WIDEST = 60;
const TAIL = 20;

/** A name too long to read loses its middle: beginnings and endings tell files apart. */
export function elide(name) {
  const letters = [...name];
  const width = (letter) => (/[\u1100-\uffdc]|[^\u0000-\uffff]/u.test(letter) ? 2 : 1);
  if (letters.reduce((sum, letter) => sum + width(letter), 0) <= WIDEST) return name;
  const fit = (list, columns) => {
    let left = columns;
    return list.slice(
      0,
      list.findIndex((letter) => (left -= width(letter)) < 0),
    );
  };
  const tail = fit([...letters].reverse(), TAIL).reverse();
  return `${fit(letters, WIDEST - TAIL - 1).join('')}…${tail.join('')}`;
}

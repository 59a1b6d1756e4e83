/**
 * Sizes, speeds, durations and progress, written for people. Loads nothing else.
 *
 * Every function takes a language tag such as `'zh-CN'`; by default the browser's language. English and Chinese, Simplified and
 * Traditional, are built in. In another language everything is English, unless `words` has its phrases: then numbers and units are
 * written as `Intl` knows it for that language.
 *
 * @packageDocumentation
 */

/** What is said, with the names of values in braces (`'{duration} left'`), or a function of the values, for plurals. */
export type Phrase = string | ((values: Readonly<Record<string, string>>) => string);

/** The phrases of {@link formatProgress}. */
export interface ProgressWords {
  /** `{loaded}` and `{total}`. */
  sent: Phrase;
  /** `{duration}`. */
  left: Phrase;
  /** `{size}`, per second. Default: as `Intl` says it. */
  rate?: Phrase;
  /** `{count}`; so are the next ones. Default: as `Intl` says it. */
  byte?: Phrase;
  day?: Phrase;
  hour?: Phrase;
  minute?: Phrase;
  second?: Phrase;
}

/**
 * One line: `Uploaded 768.2 MB of 2164.9 MB · 3.5 MB/s · 6 min 39 sec left`, or
 * `上传进度 768.2 MB / 2164.9 MB · 3.5 MB/s · 剩余 6 分 39 秒`. Both sizes are in the same unit, always with one decimal. Speed and
 * time are left out while nothing moves.
 *
 * @param progress what the event `progress` of an upload tells, or `upload.progress`
 */
export function formatProgress(
  progress: {
    readonly loaded: number;
    readonly total: number;
    readonly bytesPerSecond?: number;
    readonly secondsLeft?: number | null;
  },
  locale?: string,
  words?: Partial<ProgressWords>,
): string;

/** `2164.9 MB`: in decimal units, so that 1 MB is 1 000 000 bytes. */
export function formatBytes(bytes: number, locale?: string, words?: Partial<ProgressWords>): string;

/** `3.5 MB/s`, at least in kilobytes. */
export function formatSpeed(bytesPerSecond: number, locale?: string, words?: Partial<ProgressWords>): string;

/** `6 min 39 sec`: the two largest units, at least a second. */
export function formatDuration(seconds: number, locale?: string, words?: Partial<ProgressWords>): string;

/** `35%`, rounded down: 100 % is said only when it is true. @param percent 0 to 100 */
export function formatPercent(percent: number, locale?: string, words?: Partial<ProgressWords>): string;

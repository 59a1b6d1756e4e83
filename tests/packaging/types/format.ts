/** Progress in words, from an event or from numbers of one's own. */
import { formatBytes, formatDuration, formatPercent, formatProgress, formatSpeed } from 'partwise/format';
import type { Progress } from 'partwise';

declare const progress: Progress;
export const lines: string[] = [
  formatProgress(progress),
  formatProgress({ loaded: 1, total: 2 }, 'zh-CN'),
  formatProgress(progress, 'de', { sent: '{loaded} von {total}', day: ({ count }) => `${count} Tage` }),
  ...[formatBytes(5), formatSpeed(5, 'en'), formatDuration(5, 'en'), formatPercent(5)],
];
// @ts-expect-error
formatProgress({ loaded: 1 });
// @ts-expect-error
formatProgress(progress, 'de', { finished: '' });
// @ts-expect-error
formatProgress(progress, { locale: 'de' });
// @ts-expect-error
formatBytes('5');
// @ts-expect-error
formatDuration(progress.secondsLeft);

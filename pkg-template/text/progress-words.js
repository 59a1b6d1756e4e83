/** The few words around sizes and durations. What is not here is said by `Intl`. */

/** @type {Readonly<Record<import('./language.js').Language, import('../format.js').ProgressWords>>} */
export const PROGRESS_WORDS = {
  en: {
    sent: 'Uploaded {loaded} of {total}',
    left: '{duration} left',
  },
  'zh-Hans': {
    sent: '上传进度 {loaded} / {total}',
    left: '剩余 {duration}',
    rate: '{size}/s',
    byte: '{count} 字节',
    day: '{count} 天',
    hour: '{count} 小时',
    minute: '{count} 分',
    second: '{count} 秒',
  },
  'zh-Hant': {
    sent: '上傳進度 {loaded} / {total}',
    left: '剩餘 {duration}',
    rate: '{size}/s',
    byte: '{count} 位元組',
    day: '{count} 天',
    hour: '{count} 小時',
    minute: '{count} 分',
    second: '{count} 秒',
  },
};

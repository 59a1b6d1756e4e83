/** What is told of files that were not added. */

/**
 * @typedef {import('./speech.js').Speech} Speech
 * @typedef {import('./limits.js').Limits} Limits
 * @typedef {import('../element.js').PartwiseEvents['partwise-refused']} Refused
 */

/**
 * Names each file with the reason.
 *
 * @param {readonly Refused[]} refused
 * @param {Limits} limits those that were broken
 * @returns {import('./notices.js').Notice}
 */
export function refusedNotice(refused, limits) {
  const [first, ...others] = refused;
  return {
    name: 'refused',
    text: (speech) => speech.say('refused.title', { count: speech.count(refused.length) }),
    lines: (speech) => refused.map((each) => speech.on(each.path, reasonOf(speech, each, limits))),
    error: others.length === 0 ? first?.error : undefined,
  };
}

/**
 * @param {Speech} speech
 * @param {Refused} refused
 * @param {Limits} limits
 */
function reasonOf(speech, { reason, file, error, message }, { minSize, maxSize, maxFiles }) {
  if (reason === 'custom') return message ?? '';
  if (reason === 'error') return speech.problem(error);
  /** @type {Partial<Record<Refused['reason'], string>>} */
  const limits = {
    'too-large': speech.limit(maxSize ?? 0),
    'too-small': speech.limit(minSize ?? 0),
    'too-many': speech.count(maxFiles ?? 0),
  };
  const values = { size: speech.bytes(file?.size ?? 0), limit: limits[reason] ?? '' };
  return speech.say(`refused.${reason}`, values);
}

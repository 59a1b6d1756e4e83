/** No signed URL, token or credential may reach events, errors, the console or storage: checked after every scenario. */
import { credentials } from './s3.mjs';
import { TOKEN } from './signer.mjs';
import { inTime } from './until.mjs';

/** Milliseconds a page may take to answer on a busy machine. */
const PATIENCE = 60_000;

/** What browsers themselves write about a request that failed, with its URL: no page can prevent it. */
const BROWSERS_OWN = /^\w+: (Access to \w+ at |Failed to load resource)/;

/** What must be found nowhere, by a name that can be printed. @type {Record<string, RegExp>} */
const secrets = {
  'the bearer token': new RegExp(TOKEN.replace(/\d+$/, '')),
  'the access key': new RegExp(credentials.accessKey),
  'the secret key': new RegExp(credentials.secretKey),
  'credentials of a cloud': /AKID[0-9a-f]{24}|SKe2e|STSe2e/,
  'a signature': /signature=/i,
  'X-Amz-Credential': /x-amz-credential/i,
  'X-Amz-Signature': /x-amz-signature/i,
  'X-Amz-Security-Token': /x-amz-security-token/i,
};

/**
 * What the pages of a world were told or keep that they should not, in words.
 *
 * @param {import('./world.mjs').World} world
 */
export async function leaks({ tabs }) {
  const found = tabs.map(async (tab) => {
    const evidence = await inTime(tab.evidence(), { what: 'the page to tell', within: PATIENCE });
    const lines = tab.console.filter((line) => !BROWSERS_OWN.test(line));
    return Object.entries({ ...evidence, console: lines.join('\n') }).flatMap(([place, text]) =>
      Object.keys(secrets).flatMap((name) => {
        const hit = secrets[name]?.exec(text);
        return hit
          ? [`${name} in ${place}: …${text.slice(Math.max(0, hit.index - 80), hit.index + 10)}…`]
          : [];
      }),
    );
  });
  return (await Promise.all(found)).flat();
}

/** Fails when there are any. @param {import('./world.mjs').World} world */
export async function keepsSecrets(world) {
  const found = await leaks(world);
  if (found.length > 0) throw new Error(`secrets leaked:\n${found.join('\n')}`);
}

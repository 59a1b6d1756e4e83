/** Who uploads, as told by the demo server. A real page would use its own sign-in. */

let current;

/** The signed-in user and the token for the signing server, asked for again when it has run out. */
export async function session() {
  const known = await (current ?? renew());
  return Date.now() < known.until ? known : renew();
}

/** Asks the server again, for instance after it refused the token. */
export function renew() {
  current = ask().catch((error) => {
    current = undefined;
    throw error;
  });
  return current;
}

async function ask() {
  const reply = await fetch('/session', { cache: 'no-store' });
  if (!reply.ok) throw new Error(`GET /session: HTTP ${reply.status}`);
  // `expires`: seconds, or null for a token that lives as long as the server.
  const { user, token, expires } = await reply.json();
  return { user, token, until: expires === null ? Infinity : Date.now() + expires * 1000 };
}

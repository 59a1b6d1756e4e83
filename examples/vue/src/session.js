/** The demo server's sign-in; an app has its own. */

/** The token for the signing server. */
export async function token() {
  const reply = await fetch('/session', { cache: 'no-store' });
  if (!reply.ok)
    throw Object.assign(new Error(`GET /session: HTTP ${reply.status}`), { status: reply.status });
  return (await reply.json()).token;
}

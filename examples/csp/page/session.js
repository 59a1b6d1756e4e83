/** The headers of calls to the signing server. A real page would use its own sign-in. */
export async function headers() {
  const reply = await fetch('/session', { cache: 'no-store' });
  if (!reply.ok) throw Object.assign(new Error(`GET /session: ${reply.status}`), { status: reply.status });
  return { Authorization: `Bearer ${(await reply.json()).token}` };
}

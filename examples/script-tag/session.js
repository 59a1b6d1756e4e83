/** Who uploads, as told by the demo server. A real page would use its own sign-in. */
export async function session() {
  const reply = await fetch('/session', { cache: 'no-store' });
  if (!reply.ok) throw Object.assign(new Error(`GET /session: ${reply.status}`), { status: reply.status });
  return reply.json();
}

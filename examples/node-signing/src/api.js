/** What the page asks its own server. A cookie says who it is. */

export async function whoAmI() {
  return (await ask('/api/me')).user;
}

/** For the uploader. @type {import('partwise').SignRequestOptions['signRequest']} */
export function signRequest({ method, key, query, headers }, { signal }) {
  return ask('/api/sign', { method: 'POST', body: JSON.stringify({ method, key, query, headers }), signal });
}

async function ask(path, options) {
  const reply = await fetch(path, options);
  if (!reply.ok) throw Object.assign(new Error(`${path}: HTTP ${reply.status}`), { status: reply.status });
  return reply.json();
}

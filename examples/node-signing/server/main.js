/**
 * Says who asks, signs for them, and tells them what has arrived. Content never comes by here, and no key ever leaves.
 *
 * GET /api/me          {user}
 * POST /api/sign       {method, key, query, headers} → {url, expires}
 * GET /api/confirmed   text/event-stream of {key, bytes}
 */
import { randomBytes, createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { confirmed, take } from './confirmed.js';
import { EXPIRES, isAllowed, presign } from './store.js';

const { SIGNING_SERVER = 'http://127.0.0.1:8082' } = process.env;
const routes = { 'GET /api/me': me, 'POST /api/sign': sign, 'GET /api/confirmed': tell };

const server = createServer(async (request, response) => {
  const [path] = request.url.split('?');
  const route = routes[`${request.method} ${path}`];
  try {
    if (route) await route(request, response, userOf(request));
    else answer(response, 404, { error: 'no such route' });
  } catch (error) {
    console.error(error);
    if (!response.headersSent) answer(response, 500, { error: 'the server made a mistake' });
  }
});
server.listen(Number(new URL(SIGNING_SERVER).port), '127.0.0.1', () =>
  console.log(`signing server: ${SIGNING_SERVER}`),
);

/** Takes whoever comes, and knows them again by a cookie that nobody else can guess. A real server has a sign-in. */
function me(request, response, user) {
  if (user) return answer(response, 200, { user });
  const session = randomBytes(16).toString('hex');
  response.setHeader(
    'Set-Cookie',
    `partwise-session=${session}; HttpOnly; SameSite=Strict; Path=/api; Max-Age=31536000`,
  );
  answer(response, 200, { user: userIn(session) });
}

async function sign(request, response, user) {
  if (!user) return answer(response, 401, { error: 'sign in first' });
  const asked = await json(request);
  if (!isAllowed(asked, user)) return answer(response, 403, { error: 'not yours, or no upload' });
  take(asked, user);
  answer(response, 200, { url: await presign(asked), expires: EXPIRES });
}

async function tell(request, response, user) {
  if (!user) return answer(response, 401, { error: 'sign in first' });
  response
    .writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    .flushHeaders();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  for await (const news of confirmed(user, gone.signal)) response.write(`data: ${JSON.stringify(news)}\n\n`);
}

function userOf({ headers: { cookie = '' } }) {
  const session = /(?:^|; )partwise-session=([\da-f]{32})(?:;|$)/.exec(cookie)?.[1];
  return session && userIn(session);
}

function userIn(session) {
  return createHash('sha256').update(session).digest('hex').slice(0, 16);
}

/** The request's body; `undefined` when it is too long or no JSON. */
async function json(request) {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) {
    text += piece;
    if (text.length > 65_536) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

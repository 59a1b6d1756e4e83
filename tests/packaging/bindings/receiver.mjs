/** A signing server and a store in one: files smaller than a part, in one request each. */
import { createHash } from 'node:crypto';

/**
 * @returns {{ objects: Map<string, Buffer>, users: string[], hold: Promise<void> | undefined, answer: import('../site.mjs').Answer }}
 *   `objects`: what has arrived; `users`: who asked for a URL; `hold`: what replies to content wait for
 */
export function receiver() {
  /** @type {ReturnType<typeof receiver>} */
  const state = {
    objects: new Map(),
    users: [],
    hold: undefined,
    async answer(request, response) {
      const { pathname, searchParams, origin } = new URL(
        request.url ?? '/',
        `http://${request.headers.host}`,
      );
      if (pathname === '/s3/params') {
        state.users.push(request.headers.authorization ?? '');
        const key = `${request.headers.authorization}/${searchParams.get('filename')}`;
        const url = `${origin}/store/${key}`;
        const reply = { method: 'PUT', url, headers: {}, expires: 60, key };
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply));
      } else if (pathname.startsWith('/store/')) {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks);
        await state.hold;
        state.objects.set(pathname.slice('/store/'.length), body);
        const etag = createHash('md5').update(body).digest('hex');
        response.writeHead(200, { ETag: `"${etag}"` }).end();
      } else return false;
      return true;
    },
  };
  return state;
}

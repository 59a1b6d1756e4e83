/** Pages of the documents in a browser, with a server of the documents behind `/s3`. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../e2e/support/until.mjs';
import { root } from '../consumer.mjs';
import { launch, serve } from '../site.mjs';

/** More than one part. */
const CONTENT = randomBytes(6 * 1024 * 1024);
/** What pages without a bundler are told once, for all that follows. */
const IMPORTS = '<script type="importmap">{ "imports": { "partwise": "/partwise/index.js" } }</script>';

/** Whether a block is a page that can be used as it is. @param {import('./blocks.mjs').Block} block */
export function isPage({ language, text }) {
  return language === 'html' && text.includes('<script') && text.includes('/s3');
}

/**
 * Gives each page a file, which has to arrive.
 *
 * @param {readonly import('./blocks.mjs').Block[]} blocks
 * @param {{ base: string, bucket: import('../../e2e/support/s3.mjs').Bucket }} companion
 */
export async function usePages(blocks, { base, bucket }) {
  assert.ok(blocks.length > 5, 'there are pages');
  const site = await serve(root, async (request, response) => {
    const path = request.url ?? '/';
    const page = /^\/page\/(\d+)$/.exec(path)?.[1];
    if (path.startsWith('/s3/')) await passOn(request, response, base.replace(/\/s3$/, path));
    else if (path.startsWith('/partwise/'))
      response
        .writeHead(200, { 'Content-Type': 'text/javascript' })
        .end(await readFile(join(root, 'dist', path.slice('/partwise/'.length))));
    else if (page) response.writeHead(200, { 'Content-Type': 'text/html' }).end(html(blocks[Number(page)]));
    return path.startsWith('/s3/') || path.startsWith('/partwise/') || Boolean(page);
  });
  const browser = await launch();
  try {
    for (const [number, { place }] of blocks.entries()) {
      const page = await browser.newPage();
      const errors = /** @type {string[]} */ ([]);
      page.on('pageerror', (error) => errors.push(String(error)));
      // Modules with `await` in them have run when the page is idle.
      await page.goto(`${site.origin}/page/${number}`, { waitUntil: 'networkidle' });
      const name = `page ${number}.pdf`;
      const file = { name, mimeType: 'application/pdf', buffer: CONTENT };
      await page.locator('input[type=file]').first().setInputFiles(file);
      const arrived = async () => (await bucket.keys()).find((key) => key.endsWith(`/${name}`));
      const key = await until(arrived, {
        what: `the file of ${place} to arrive`,
        within: 60_000,
        every: 200,
      });
      const sha256 = createHash('sha256').update(CONTENT).digest('hex');
      assert.deepEqual(await bucket.content(key), { sha256, size: CONTENT.length }, place);
      assert.deepEqual(errors, [], place);
      await page.close();
    }
  } finally {
    await browser.close();
    site.close();
  }
}

/** @param {import('./blocks.mjs').Block | undefined} block */
function html(block) {
  const text = block?.text ?? '';
  return text.includes('importmap') ? text : IMPORTS + text;
}

/**
 * As the web server in front would, for somebody who has signed in.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} url
 */
async function passOn(request, response, url) {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  const { method } = request;
  const headers = { authorization: 'Bearer SECRET' };
  const reply = await fetch(url, { method, headers, body: body || undefined });
  response.writeHead(reply.status, { 'Content-Type': 'application/json' }).end(await reply.text());
}

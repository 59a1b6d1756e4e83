/** Everything that documents tell a reader to write: checked, and where it is a server, run. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import * as sfc from 'vue/compiler-sfc';
import { root } from './consumer.mjs';
import { TABLES } from '../../pkg-template/element/speech.js';
import { blocksOf, documents, prose, read } from './docs/blocks.mjs';
import { codes } from './docs/codes.mjs';
import { checkCommand, commandsIn } from './docs/commands.mjs';
import { withCompanion } from './docs/companion.mjs';
import { former } from './docs/former.mjs';
import { anchorsIn, checkPolicy, checkXml, firstCellsIn, headingsIn, linksIn } from './docs/markup.mjs';
import { isPage, usePages } from './docs/pages.mjs';
import { accept, keys, stores, unwanted, wanted } from './docs/signing.mjs';
import * as types from './docs/types.mjs';

/** @typedef {import('./docs/blocks.mjs').Block} Block */

const pairs = await documents();
const all = pairs.flatMap(({ english, chinese }) => [english, chinese]);
/** Those for people who work on the package, in English only. */
const inHouse = ['CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md', 'tests/README.md'];
const blocks = (await Promise.all([...all, ...inHouse.slice(0, 3)].map(blocksOf))).flat();

const englishBlocks = blocks.filter(({ document }) => !/zh-CN/.test(document));

/** @param {...string} languages */
const blocksIn = (...languages) => blocks.filter(({ language }) => languages.includes(language));

/** Servers in Node, with what is written to be run. @type {{ block: Block, file: string }[]} */
const servers = [];

test('every block is in a language that is checked here', () => {
  const known = ['ts', 'tsx', 'js', 'vue', 'html', 'json', 'xml', 'rust', 'sh', 'text'];
  for (const { language, place } of blocks) assert.ok(known.includes(language), `${place}: “${language}”`);
});

describe('code', () => {
  before(async () => {
    await types.empty();
    for (const block of blocksIn('ts', 'tsx', 'js', 'vue', 'html')) {
      const language = languageOf(block);
      const file = await types.write(block.place, language, codeOf(block));
      if (block.text.includes('createServer(')) servers.push({ block, file });
    }
  });

  for (const language of /** @type {const} */ (['ts', 'js']))
    test(`what is ${language} has no type errors`, () => types.check(language));

  describe('servers in Node', () => {
    const environment = { ...process.env };
    before(() => Object.assign(process.env, { ACCESS_KEY: keys.id, SECRET_KEY: keys.secret, PORT: '0' }));
    after(() => {
      process.env = environment;
    });

    test('each cloud has one in each language', () => {
      const places = servers
        .map(({ block }) => block.document)
        .filter((name) => !isCompanion(name))
        .sort();
      const expected = Object.keys(stores).flatMap((kind) => [`docs/${kind}.md`, `docs/zh-CN/${kind}.md`]);
      assert.deepEqual(places, expected.sort());
    });

    for (const document of all.filter((path) =>
      Object.keys(stores).some((kind) => path.endsWith(`/${kind}.md`)),
    ))
      test(`that of ${document} signs what an upload needs, and nothing else`, async () => {
        const kind = document.replace(/.*\/|\.md/g, '');
        const { file } = servers.find(({ block }) => block.document === document) ?? assert.fail('no server');
        /** @type {{ server: import('node:http').Server }} */
        const { server } = await import(pathToFileURL(join(types.folder, file)).href);
        try {
          await check(server, kind);
        } finally {
          server.close();
          server.closeAllConnections();
        }
      });
  });

  for (const document of all.filter(isCompanion))
    test(`the server of ${document} does all that an upload through it needs, at a real store`, async () => {
      const { file } = servers.find(({ block }) => block.document === document) ?? assert.fail('no server');
      await withCompanion(pathToFileURL(join(types.folder, file)).href, async (companion) => {
        await companion.check();
        // The pages of both languages differ in comments alone.
        if (document === 'docs/server.md') await usePages(englishBlocks.filter(isPage), companion);
      });
    });

  for (const document of ['README.md', 'README.zh-CN.md'])
    test(`the signing function of ${document} signs what an upload needs, and nothing else`, async () => {
      const block = blocks.find((it) => it.document === document && it.text.includes('aws4fetch'));
      assert.ok(block);
      const text = block.text
        .replace('AKIA…', keys.id)
        .replace("secretAccessKey: '…'", `secretAccessKey: '${keys.secret}'`);
      const { code } = await transform(text, { loader: 'ts' });
      const file = await types.write(`${block.place} run`, 'js', code);
      const { sign } = await import(pathToFileURL(join(types.folder, file)).href);
      for (const ask of wanted('s3')) accept('s3', ask, (await sign(ask, 'ann')).url);
      for (const key of ['bob/a', 'ann', 'ann/../bob/a'])
        await assert.rejects(sign({ method: 'PUT', key, query: {}, headers: {} }, 'ann'), /refused/);
    });
});

for (const { place, text } of blocksIn('vue'))
  test(`${place} is a component that compiles`, () => {
    const { descriptor, errors } = sfc.parse(text);
    assert.deepEqual(errors, []);
    const { content } = sfc.compileScript(descriptor, { id: place, inlineTemplate: true });
    assert.match(content, /_openBlock/);
  });

for (const { place, text } of blocksIn('json'))
  test(`${place} is JSON`, () => {
    const rule = JSON.stringify(JSON.parse(text));
    if (/"allowedMethods"/i.test(rule)) checkCors(rule);
  });

for (const { place, text } of blocksIn('xml'))
  test(`${place} is well-formed XML`, () => {
    checkXml(text);
    checkCors(text);
  });

for (const { place, text } of blocksIn('rust'))
  test(`${place} is in the crate or its example`, async () => {
    const documented = (await read('src/lib.rs')).replace(/^\/\/! ?/gm, '');
    const example = await read('examples/sign-server/main.rs');
    assert.ok(documented.includes(text) || example.includes(text));
  });

for (const { place, text, document } of blocksIn('sh'))
  test(`${place} is of commands that exist`, async () => {
    const files = blocks
      .filter((block) => block.document === document)
      .map((block) => /^\/\/ (\S+)\n/.exec(block.text)?.[1] ?? '');
    for (const command of commandsIn(text)) await checkCommand(command, files);
  });

for (const { place, text } of blocksIn('text'))
  test(`${place} is a content security policy`, () => checkPolicy(text));

for (const document of [...all, ...inHouse])
  test(`links of ${document} lead somewhere`, async () => {
    for (const { path, anchor } of linksIn(prose(await read(document)))) {
      const target = path ? join(dirname(document), path) : document;
      assert.ok(existsSync(join(root, target)), target);
      if (anchor) assert.ok(anchorsIn(prose(await read(target))).includes(anchor), `${target}#${anchor}`);
    }
  });

for (const { english, chinese } of pairs)
  test(`${chinese} has the code and the sections of ${english}`, async () => {
    const levels = (/** @type {string} */ text) => headingsIn(prose(text)).map(({ level }) => level);
    assert.deepEqual(levels(await read(chinese)), levels(await read(english)));
    const [theirs, ours] = await Promise.all(
      [english, chinese].map(async (document) => Promise.all((await blocksOf(document)).map(bare))),
    );
    assert.deepEqual(ours, theirs);
  });

test('CONTRIBUTING.md names commands and folders that are there', async () => {
  const cells = firstCellsIn(prose(await read('CONTRIBUTING.md')));
  for (const [, path = ''] of cells.join('\n').matchAll(/`([\w./-]+)`/g))
    assert.ok(existsSync(join(root, path)) || existsSync(join(root, 'src/core', path)), path);
  const text = await read('CONTRIBUTING.md');
  for (const [, command = ''] of text.matchAll(/`((?:npm|node|cargo) [^`]+)`/g))
    for (const words of commandsIn(command.replace(/\s+/g, ' '))) await checkCommand(words, []);
});

for (const [name, options] of Object.entries(former))
  for (const folder of ['docs', 'docs/zh-CN'])
    test(`${folder}/${name} has a row for every option of the library`, async () => {
      const rows = firstCellsIn(prose(await read(`${folder}/${name}`)));
      const isNamed = (/** @type {string} */ option) =>
        rows.some((cell) => new RegExp(`[\`{ ]${option.replace(/\W/g, '\\$&')}[\`:, ]`).test(cell));
      const missing = (await options()).filter((option) => !isNamed(option));
      assert.deepEqual(missing, []);
    });

for (const [document, words] of /** @type {const} */ ([
  ['docs/troubleshooting.md', TABLES.en],
  ['docs/zh-CN/troubleshooting.md', TABLES['zh-Hans']],
]))
  test(`${document} has a section for every code, with what the element says`, async () => {
    const { errors, warnings } = await codes();
    const sections = [...prose(await read(document)).matchAll(/^### `([\w-]+)`\n\n> (.*)$/gm)];
    const said = (/** @type {string} */ kind) => (/** @type {string} */ code) => [
      code,
      /** @type {Record<string, unknown>} */ (words)[`${kind}.${code}`],
    ];
    assert.deepEqual(
      sections.map(([, code, sentence]) => [code, sentence]),
      [...errors.map(said('error')), ...warnings.map(said('warning'))],
    );
  });

for (const document of ['README.md', 'README.zh-CN.md'])
  test(`${document} has a row for every code`, async () => {
    const cells = firstCellsIn(prose(await read(document))).map((cell) => cell.trim());
    const { errors, warnings } = await codes();
    for (const code of [...errors, ...warnings]) assert.ok(cells.includes(`\`${code}\``), code);
  });

test('both indexes name every page', async () => {
  for (const folder of ['docs', 'docs/zh-CN']) {
    const linked = linksIn(await read(`${folder}/README.md`)).map(({ path }) => path);
    for (const { english } of pairs.filter(({ english }) => /^docs\/(?!README)/.test(english)))
      assert.ok(linked.includes(english.replace('docs/', '')), `${folder}: ${english}`);
  }
});

/** Whether a document has a server for `endpoint`, which asks the store by itself. @param {string} document */
function isCompanion(document) {
  return document.endsWith('/server.md');
}

/** What the code of a block is written in. @param {Block} block */
function languageOf({ language }) {
  if (language === 'vue') return 'ts';
  return language === 'ts' || language === 'tsx' ? language : 'js';
}

/** What of a block is code: of a page or a component its scripts. @param {Block} block */
function codeOf({ language, text }) {
  if (language !== 'html' && language !== 'vue') return text;
  const scripts = /<script (?:type="module"|setup lang="ts")>([\s\S]*?)<\/script>/g;
  return [...text.matchAll(scripts)].map(([, code]) => code).join('\n');
}

/** A block without its comments, which are in the language of the document. @param {Block} block */
async function bare({ language, text }) {
  if (language === 'sh') return text.replace(/ *# .*/g, '');
  if (language === 'vue' || language === 'html') return text.replace(/^ *\/\/ .*\n/gm, '');
  if (language === 'ts' || language === 'tsx' || language === 'js')
    return (await transform(text, { loader: language, minifyWhitespace: true, legalComments: 'none' })).code;
  return text;
}

/** Everything an upload does must be allowed, and what is read of replies be exposed. @param {string} rule */
function checkCors(rule) {
  for (const needed of ['PUT', 'POST', 'GET', 'DELETE', 'HEAD', 'ETag', 'Date', 'https://www.example.com'])
    assert.match(rule, new RegExp(`[">]${needed}[<"]`));
}

/**
 * @param {import('node:http').Server} server
 * @param {string} kind
 */
async function check(server, kind) {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const ask = async (/** @type {unknown} */ body, authorization = 'Bearer SECRET') => {
    const request = { method: 'POST', headers: { authorization }, body: JSON.stringify(body) };
    const reply = await fetch(`http://127.0.0.1:${port}/sign`, request);
    return { status: reply.status, body: /** @type {any} */ (await reply.json()) };
  };
  for (const request of wanted(kind)) {
    const { status, body } = await ask(request);
    assert.equal(status, 200, JSON.stringify(request));
    assert.equal(body.expires, 900);
    accept(kind, request, body.url);
  }
  for (const request of unwanted(kind))
    assert.equal((await ask(request)).status, 403, JSON.stringify(request));
  assert.equal((await ask(wanted(kind)[0], 'Bearer WRONG')).status, 401);
  assert.equal((await ask({ key: 'ann/a' })).status, 400);
  assert.equal((await ask({ ...wanted(kind)[0], key: 5 })).status, 400);
}

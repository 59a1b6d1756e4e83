/** What else is in documents: XML, a content security policy, links. */
import assert from 'node:assert/strict';

/** Fails for text that is no well-formed XML of elements and text alone. @param {string} text */
export function checkXml(text) {
  /** @type {string[]} */
  const open = [];
  let rest = text.trim();
  for (let roots = 0; rest;) {
    const part = /^(?:<(\/?)([A-Za-z][\w.-]*)\s*(\/?)>|([^<>&]+|&(?:amp|lt|gt|quot|apos);))/.exec(rest);
    assert.ok(part, `no XML: ${rest.slice(0, 40)}`);
    const [whole, closing, name = '', empty, content] = part;
    rest = rest.slice(whole.length);
    if (content !== undefined) {
      assert.ok(open.length > 0 || !content.trim(), `text outside: ${content}`);
    } else if (closing) {
      assert.equal(open.pop(), name);
    } else {
      if (open.length === 0) assert.equal(++roots, 1, 'one root');
      if (!empty) open.push(name);
    }
  }
  assert.deepEqual(open, [], 'everything ends');
}

/** @param {string} text */
export function checkPolicy(text) {
  const source = /^('(self|none|wasm-unsafe-eval)'|blob:|data:|https:\/\/[\w.-]+)$/;
  for (const directive of text.trim().split(';')) {
    const [name = '', ...sources] = directive.trim().split(/\s+/);
    assert.match(name, /^(script|worker|connect|default)-src$/);
    assert.ok(sources.length > 0 && sources.every((word) => source.test(word)), directive);
  }
}

/** @param {string} prose @returns {{ path: string, anchor: string }[]} links that stay in the repository */
export function linksIn(prose) {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { path, anchor };
    });
}

/** The anchors that GitHub gives to headings. @param {string} prose */
export function anchorsIn(prose) {
  return headingsIn(prose).map(({ text }) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** @param {string} prose */
export function headingsIn(prose) {
  return [...prose.matchAll(/^(#+) (.*)$/gm)].map(([, marks = '', text = '']) => ({
    level: marks.length,
    text,
  }));
}

/** What the rows of tables are about. @param {string} prose */
export function firstCellsIn(prose) {
  return [...prose.matchAll(/^\|([^|]*)\|/gm)].map(([, cell = '']) => cell);
}

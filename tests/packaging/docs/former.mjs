/** The options of the libraries people come from, read from what those libraries say themselves. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { read } from './blocks.mjs';

/** By document: every name that has to have a row. @type {Record<string, () => Promise<string[]>>} */
export const former = {
  'from-ali-oss.md': async () => {
    const readme = await read('node_modules/ali-oss/README.md');
    const client = names(between(readme, '\n## oss(options)', '\nexample:'), /^- \[?(\w+)\]? \{/gm);
    const upload = names(
      between(readme, '\n### .multipartUpload(', '\nSuccess will return'),
      /^  - \[(\w+)\]/gm,
    );
    return [...client, ...upload];
  },
  'from-cos-js-sdk.md': async () => {
    const types = await read('node_modules/cos-js-sdk-v5/index.d.ts');
    const found = ['interface COSOptions', 'interface ObjectParams', 'interface PutObjectParams']
      .concat('interface SliceUploadFileParams', 'type UploadFileParams')
      .flatMap((start) => names(between(types, `\n  ${start} `, '\n  }'), /^ {4}'?([\w*-]+)'?\??:/gm));
    // It is for the SDK's own use.
    return found.filter((name) => name !== 'tracker');
  },
  'from-baidu-sdk.md': async () => {
    const source = await read('node_modules/@baiducloud/sdk/src/bos/super_upload.js');
    return names(between(source, '@typedef SuperUploadOptions', '*/'), /@property \{.*?\} \[?(\w+)/g);
  },
  'from-simple-uploader.md': async () => {
    const { defaults } = createRequire(import.meta.url)('simple-uploader.js');
    return Object.keys(defaults);
  },
};

/** @param {string} text @param {string} start @param {string} end */
function between(text, start, end) {
  const from = text.indexOf(start);
  const to = text.indexOf(end, from + start.length);
  assert.ok(from >= 0 && to > from, `${start} is not where it was`);
  return text.slice(from, to);
}

/** @param {string} text @param {RegExp} pattern */
function names(text, pattern) {
  const found = [...text.matchAll(pattern)].map(([, name = '']) => name);
  assert.ok(found.length > 3, 'options are not where they were');
  return found;
}

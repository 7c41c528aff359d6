// After the production build: writes a .br and a .gz beside every file that shrinks, so that the server never
// compresses anything itself, and fails when the code that the first page needs outgrows its budget.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Bytes of script and style, brotli-compressed, before the first route is loaded. */
const INITIAL_BUDGET = 95_000;
const COMPRESSIBLE = new Set(['.js', '.css', '.html', '.svg', '.json', '.txt', '.webmanifest']);

const root = path.resolve(process.argv[2] ?? 'dist/browser');

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

const sizes = new Map();
for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  if (!entry.isFile() || !COMPRESSIBLE.has(path.extname(file))) continue;
  const bytes = await readFile(file);
  const br = brotli(bytes);
  const gz = gzipSync(bytes, { level: 9 });
  sizes.set(path.relative(root, file), br.length);
  for (const [suffix, packed] of [
    ['.br', br],
    ['.gz', gz],
  ]) {
    if (packed.length < bytes.length) await writeFile(file + suffix, packed);
    else await rm(file + suffix, { force: true });
  }
}

/** What index.html names, and everything that those scripts import statically. */
async function initialFiles() {
  const html = await readFile(path.join(root, 'index.html'), 'utf8');
  const waiting = [...html.matchAll(/(?:src|href)="\/?([^"]+\.(?:js|css))"/g)].map((m) => m[1]);
  const found = new Set();
  while (waiting.length > 0) {
    const file = waiting.pop();
    if (found.has(file)) continue;
    found.add(file);
    if (!file.endsWith('.js')) continue;
    const source = await readFile(path.join(root, file), 'utf8');
    for (const match of source.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
      waiting.push(path.join(path.dirname(file), match[1]));
    }
  }
  return [...found];
}

const initial = await initialFiles();
const total = initial.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0);
console.log(
  `${sizes.size} files compressed; initial ${(total / 1000).toFixed(1)} kB (brotli) in ${initial.length} files`,
);
if (total > INITIAL_BUDGET) {
  console.error(
    `The initial bundle is ${total} bytes; the budget is ${INITIAL_BUDGET}. Load something later.`,
  );
  process.exit(1);
}

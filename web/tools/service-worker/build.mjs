// After the production build: writes the service worker, which has to know every file that the client consists of.
// Angular's own would bring 85 kB, and a page of the version before on the first visit after an upgrade.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(process.argv[2] ?? 'dist/browser');
const NAME = 'service-worker.js';
const SHIPPED = new Set(['.js', '.css', '.html', '.svg', '.webmanifest', '.woff2']);

const entries = await readdir(root, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile() && SHIPPED.has(path.extname(entry.name)))
  .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
  .filter((file) => file !== NAME)
  .sort();

const worker = await readFile(path.join(import.meta.dirname, 'worker.js'), 'utf8');
const digest = createHash('sha256').update(worker);
for (const file of files) digest.update(file).update(await readFile(path.join(root, file)));

const list = JSON.stringify(files.map((file) => `/${file.split(path.sep).join('/')}`));
const version = JSON.stringify(digest.digest('hex').slice(0, 16));
await writeFile(
  path.join(root, NAME),
  `const FILES = ${list};\nconst VERSION = ${version};\n${worker}`,
);
console.log(`${NAME} keeps ${files.length} files`);

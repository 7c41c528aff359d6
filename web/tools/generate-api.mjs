// Generates src/app/core/api/generated from the server's OpenAPI document. An operation id that several areas
// share ("list") gets its area's name first ("list_users"), since the functions made from them stand side by side.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const OUTPUT = 'src/app/core/api/generated';
const NAMED = 'node_modules/.cache/openapi.json';

const document = JSON.parse(readFileSync('openapi.json', 'utf8'));
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const uses = Map.groupBy(operations, (operation) => operation.operationId);

for (const [id, sharing] of uses) {
  if (sharing.length === 1) continue;
  for (const operation of sharing) {
    const area = operation.tags[0];
    operation.operationId = `${id}_${id === 'list' ? area : area.replace(/s$/, '')}`;
  }
}

mkdirSync('node_modules/.cache', { recursive: true });
writeFileSync(NAMED, JSON.stringify(document));
rmSync(OUTPUT, { recursive: true, force: true });
const made = spawnSync(
  'ng-openapi-gen',
  ['--input', NAMED, '--output', OUTPUT, '--silent', 'true'],
  {
    stdio: 'inherit',
  },
);
process.exit(made.status ?? 1);

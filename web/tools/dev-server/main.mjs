// A stand-in for the server, for looking at the client without one: in memory, no security, a few seeded people
// (sign in as ana, bea or chidi with any password of ten characters). `EMPTY=1` begins before the setup, `kill -USR2`
// makes it go away for ten seconds. Serves dist/browser too, under the policy that the real server sends. Never a
// part of anything that is shipped.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { dropAll, serveHub } from './hub.mjs';
import { api } from './routes.mjs';
import { seed } from './seed.mjs';

const PORT = Number(process.env.PORT ?? 8080);
const ROOT = path.resolve('dist/browser');
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

async function file(pathname) {
  const name = path.extname(pathname) ? pathname : '/index.html';
  return [await readFile(path.join(ROOT, path.normalize(name))), TYPES[path.extname(name)]];
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (url.pathname.startsWith('/api/')) {
      const [status, body] = await api(request, response, url);
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body));
    } else {
      const [bytes, type] = await file(url.pathname);
      response
        .writeHead(200, {
          'content-type': type ?? 'application/octet-stream',
          'content-security-policy': CSP,
        })
        .end(bytes);
    }
  } catch (error) {
    const status = error.status ?? (error.code === 'ENOENT' ? 404 : 500);
    response
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ code: error.code ?? 'internal', detail: error.message, status }));
  }
});

serveHub(server);
if (!process.env.EMPTY) seed();

function listen() {
  server.listen(PORT, '127.0.0.1', () => {
    console.log(`A stand-in for the server listens on http://127.0.0.1:${PORT}`);
  });
}

process.on('SIGUSR2', () => {
  dropAll();
  server.close();
  server.closeAllConnections();
  setTimeout(listen, 10_000);
});
listen();

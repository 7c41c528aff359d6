import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

const resolve = createRequire(import.meta.url).resolve;
const script = (name: string, file: string): string =>
  readFileSync(join(dirname(resolve(name)), '..', 'browser', file), 'utf8');

const files: Record<string, { type: string; body: string }> = {
  '/': {
    type: 'text/html',
    body: `<!doctype html><title>SignalR in a page</title>
      <script src="/signalr.js"></script><script src="/signalr-protocol-msgpack.js"></script>`,
  },
  '/signalr.js': { type: 'text/javascript', body: script('@microsoft/signalr', 'signalr.js') },
  '/signalr-protocol-msgpack.js': {
    type: 'text/javascript',
    body: script('@microsoft/signalr-protocol-msgpack', 'signalr-protocol-msgpack.js'),
  },
};

/** A web site of its own origin with one page, which has the client's scripts. */
export async function openSite(): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': file.type }).end(file.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// A server of plain WebSockets in Node: no protocol, no names, no acknowledgements.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const BROADCAST = 'b'.charCodeAt(0);

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

sockets.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (data) => {
    const to = data[0] === BROADCAST ? sockets.clients : [socket];
    for (const member of to) member.send(data, { binary: false });
  });
});

server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port));

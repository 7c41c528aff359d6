// Socket.IO as its documentation writes it: an acknowledged event, and an event to everybody.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const io = new Server(server, { transports: ['websocket'] });

io.on('connection', (socket) => {
  socket.on('echo', (text, acknowledge) => acknowledge(text));
  socket.on('broadcast', (text) => io.emit('message', text));
});

server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port));

import WebSocket from 'ws';
import { within } from './deadline.ts';

/** The character that ends every message of the JSON hub protocol. */
const END = '\x1e';

/** A hub connection below SignalR's client: whatever is written goes out as it is. */
export class RawHub {
  /** How the socket was closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  readonly #messages: object[] = [];
  #wake = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason }));
    });
    socket.on('message', (frame: Buffer) => {
      const messages = frame.toString().split(END).slice(0, -1);
      this.#messages.push(...messages.map((message) => JSON.parse(message) as object));
      this.#wake();
    });
  }

  /** Connects without negotiation and shakes hands. */
  static async open(origin: string, accessToken: string): Promise<RawHub> {
    const hub = new RawHub(await RawHub.#connect(origin, accessToken));
    hub.send('{"protocol":"json","version":1}');
    const answer = await hub.next();
    if (Object.keys(answer).length > 0) throw new Error(`handshake: ${JSON.stringify(answer)}`);
    return hub;
  }

  /** The HTTP status of a refused upgrade, or 101. */
  static async statusOfUpgrade(origin: string, accessToken: string): Promise<number> {
    const socket = new WebSocket(RawHub.#address(origin, accessToken));
    const status = new Promise<number>((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      socket.on('error', () => undefined);
    });
    return within(5, 'the answer to an upgrade', status).finally(() => socket.terminate());
  }

  /** Sends one text frame with one message. */
  send(message: string): void {
    this.#socket.send(message + END);
  }

  /** The next message that has not been taken yet. */
  async next(): Promise<Record<string, unknown>> {
    while (this.#messages.length === 0) {
      const arrived = new Promise<void>((resolve) => (this.#wake = resolve));
      await within(
        5,
        'a message on a raw connection',
        Promise.race([arrived, this.#closedEarly()]),
      );
    }
    return this.#messages.shift() as Record<string, unknown>;
  }

  /** Takes messages until one of these types. */
  async nextOfType(...types: number[]): Promise<Record<string, unknown>> {
    for (;;) {
      const message = await this.next();
      if (types.includes(message['type'] as number)) return message;
    }
  }

  close(): void {
    this.#socket.terminate();
  }

  async #closedEarly(): Promise<never> {
    const { code, reason } = await this.closed;
    throw new Error(`the connection was closed with ${code} ${reason}`);
  }

  static #address(origin: string, accessToken: string): string {
    const query = new URLSearchParams({ access_token: accessToken });
    return `${origin.replace('http', 'ws')}/hubs/chat?${query}`;
  }

  static async #connect(origin: string, accessToken: string): Promise<WebSocket> {
    const socket = new WebSocket(RawHub.#address(origin, accessToken));
    const open = new Promise<WebSocket>((resolve, reject) => {
      socket.on('open', () => resolve(socket));
      socket.on('error', reject);
    });
    return within(5, 'a raw connection', open);
  }
}

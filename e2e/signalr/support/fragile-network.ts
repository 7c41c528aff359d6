import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** How a connection of the network is lost. */
type Loss = 'both ends learn of it' | 'only the client learns of it';

/** How bad the network is: the first `losses` WebSockets are cut within their first `longest` bytes. */
interface Plan {
  losses: number;
  longest: number;
}

/**
 * A way to a server on which WebSockets are reset after a random number of bytes, counted over both directions from the end
 * of the upgrade. Plain requests pass unharmed.
 */
export class FragileNetwork {
  /** How many WebSockets have been cut so far. */
  losses = 0;
  readonly #server: Server;
  readonly #target: URL;
  readonly #plan: Plan;
  readonly #sockets = new Set<Socket>();
  #random = 1;

  private constructor(server: Server, target: URL, plan: Plan) {
    this.#server = server;
    this.#target = target;
    this.#plan = plan;
  }

  /** Opens a way to `origin`. Without a plan, nothing is cut before `cut`. */
  static async to(origin: string, plan: Plan = { losses: 0, longest: 0 }): Promise<FragileNetwork> {
    const server = createServer();
    const network = new FragileNetwork(server, new URL(origin), plan);
    server.on('connection', (client) => network.#carry(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return network;
  }

  /** Where clients find the server. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every connection now. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.setNoDelay(true);
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => this.#sockets.delete(one));
      one.on('end', () => other.end());
    }
    const life = new Life(this.#lifetime());
    client.on('data', (bytes) => this.#forward(bytes, client, server, life));
    server.on('data', (bytes) => this.#forward(bytes, client, server, life, true));
  }

  #forward(bytes: Buffer, client: Socket, server: Socket, life: Life, isAnswer = false): void {
    const passing = life.spend(bytes, isAnswer);
    (isAnswer ? client : server).write(bytes.subarray(0, passing));
    if (passing === bytes.length) return;
    client.removeAllListeners('data');
    server.removeAllListeners('data').resume();
    this.losses += 1;
    const loss: Loss =
      this.losses % 2 === 0 ? 'both ends learn of it' : 'only the client learns of it';
    client.resetAndDestroy();
    if (loss === 'both ends learn of it') server.resetAndDestroy();
  }

  #lifetime(): number {
    if (this.losses >= this.#plan.losses) return Infinity;
    // A linear congruential generator: nothing here needs to be unpredictable, and every run is the same.
    this.#random = (this.#random * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return 1 + Math.floor((this.#random / 2 ** 32) * this.#plan.longest);
  }
}

/** What is left of a connection. */
class Life {
  #bytes: number;
  #isUpgrading = false;
  #isUpgraded = false;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** How many of these bytes get through. Less than all are the last. */
  spend(bytes: Buffer, isAnswer: boolean): number {
    if (!this.#isUpgraded) {
      const head = bytes.toString('latin1');
      if (!isAnswer) this.#isUpgrading = /\r\nupgrade: websocket\r\n/i.test(head);
      if (!isAnswer || !this.#isUpgrading) return bytes.length;
      this.#isUpgraded = true;
      // What follows the head of the upgrade's answer in the same packet is not counted: it must arrive.
      return bytes.length;
    }
    const passing = Math.min(bytes.length, this.#bytes);
    // A connection whose last byte is the last of a packet is cut by the next.
    this.#bytes -= passing;
    return passing;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../../support/deadline.ts';

const folder =
  process.env['SIGNALR_EXAMPLES'] ?? resolve(import.meta.dirname, '../../../target/debug/examples');

/** A running example of the crate. */
export class Program {
  /** Where it listens, in the order in which it said so, as `127.0.0.1:port`. */
  readonly addresses: string[];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals | null>;

  private constructor(child: ChildProcess, ended: Promise<number | NodeJS.Signals | null>) {
    this.addresses = [];
    this.#child = child;
    this.#ended = ended;
  }

  /** Starts an example and waits until it has opened so many listeners. */
  static async start(example: string, args: string[], listeners: number): Promise<Program> {
    const path = join(folder, example);
    if (!existsSync(path)) {
      throw new Error(
        `${path} is not there: build it with 'cargo build -p signalr-hub --example ${example}'.`,
      );
    }
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit').then(([code, signal]) => signal ?? code);
    const program = new Program(child, ended);
    process.once('exit', program.#killNow);
    const opened = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const address = line.match(/^listening on (\S+)$/)?.[1];
        if (address) program.addresses.push(address);
        if (program.addresses.length === listeners) resolve();
      });
    });
    const died = ended.then((how) => Promise.reject(new Error(`${example} ended with ${how}`)));
    await within(10, `${example} to listen`, Promise.race([opened, died]));
    died.catch(() => undefined);
    return program;
  }

  /** Asks it to stop and answers its exit code. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    this.#child.kill('SIGTERM');
    return within(10, 'its end after SIGTERM', this.#ended);
  }

  /** Ends it without a warning. */
  async kill(): Promise<void> {
    this.#killNow();
    await this.#ended;
    process.off('exit', this.#killNow);
  }

  readonly #killNow = (): void => {
    this.#child.kill('SIGKILL');
  };
}

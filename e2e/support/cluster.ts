import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from './deadline.ts';
import { binary, environmentOfOthers } from './hubbub.ts';

const program = join(dirname(binary), 'hubbub-faults');

/** A node as the operator sees it. */
export interface Node {
  readonly number: number;
  readonly process: number;
  readonly metrics: string;
}

/** PostgreSQL, Redis, nginx with TLS and three nodes: what `make cluster` starts. */
export class Cluster {
  readonly origin: string;
  readonly #setupCode: string;
  readonly nodes: readonly Node[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, lines: readonly string[]) {
    const value = (label: string) =>
      lines
        .find((line) => line.trim().startsWith(label))
        ?.trim()
        .slice(label.length)
        .trim() ?? '';
    this.#child = child;
    this.origin = value('Address');
    this.#setupCode = value('Setup code');
    this.nodes = lines.flatMap((line) => {
      const found = /Node (\d+) .* process (\d+), (\S+)/.exec(line);
      if (!found) return [];
      const [, number, process, metrics = ''] = found;
      return [{ number: Number(number), process: Number(process), metrics }];
    });
    process.once('exit', this.#killNow);
  }

  static async start({
    tls,
    environment = {},
  }: {
    tls: boolean;
    environment?: Record<string, string>;
  }): Promise<Cluster> {
    if (!existsSync(program)) {
      throw new Error(`${program} is not there: build it with 'cargo build -p hubbub-faults'.`);
    }
    const settings = Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`);
    const child = spawn(
      program,
      ['cluster', ...(tls ? ['--tls'] : []), ...settings, '--hubbub', binary],
      {
        env: environmentOfOthers,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const lines: string[] = [];
    const started = new Promise<void>((resolve, reject) => {
      const output = createInterface({ input: child.stdout });
      output.on('line', (line) => {
        lines.push(line);
        if (line.includes('Ctrl-C')) resolve();
      });
      output.on('close', () => reject(new Error('the cluster ended before it had started')));
    });
    await within(60, 'the cluster', started);
    return new Cluster(child, lines);
  }

  /** The one-time code for the first account. */
  async setupCode(): Promise<string> {
    return this.#setupCode;
  }

  /** How many WebSockets each node serves, in the order of the nodes; -1 for one that does not answer. */
  async connections(): Promise<number[]> {
    return Promise.all(
      this.nodes.map(async ({ metrics }) => {
        try {
          const page = await (await fetch(metrics)).text();
          return Number(/hub_connections\{transport="web_sockets"\} (\d+)/.exec(page)?.[1] ?? 0);
        } catch {
          return -1;
        }
      }),
    );
  }

  /** Ends a node without a warning, as a power cut would. */
  kill(node: Node): void {
    process.kill(node.process, 'SIGKILL');
  }

  async dispose(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await within(30, 'the end of the cluster', ended);
    process.off('exit', this.#killNow);
  }

  readonly #killNow = (): void => {
    this.#child.kill('SIGTERM');
  };
}

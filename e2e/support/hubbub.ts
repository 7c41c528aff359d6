import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from './deadline.ts';

export const binary =
  process.env['HUBBUB_BINARY'] ?? resolve(import.meta.dirname, '../../target/debug/hubbub');

/** This process's environment without what would configure the server. */
export const environmentOfOthers = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !key.startsWith('HUBBUB_')),
);

/**
 * A server of the test's own: the built binary on a free port, its data and logs in a temporary folder. It may be
 * stopped or killed and started again on the same data and the same port, so that clients find it again.
 */
export class Hubbub {
  /** Where to open it, as it printed it. The same for its whole life. */
  origin = '';
  #folder: string;
  #environment: Record<string, string>;
  #listen = '127.0.0.1:0';
  #child: ChildProcess | undefined;
  #ended: Promise<number | NodeJS.Signals | null> = Promise.resolve(null);
  #setupCode: Promise<string> = Promise.reject(new Error('it was never started'));
  #runs = 0;

  private constructor(folder: string, environment: Record<string, string>) {
    this.#folder = folder;
    this.#environment = environment;
    this.#setupCode.catch(() => undefined);
    // In case nobody disposes of it.
    process.once('exit', this.#killNow);
  }

  /** Starts one, configured by nothing but `environment`. */
  static async start(environment: Record<string, string> = {}): Promise<Hubbub> {
    if (!existsSync(binary)) {
      throw new Error(`${binary} is not there: build it with 'cargo build -p hubbub'.`);
    }
    const folder = await mkdtemp(join(tmpdir(), 'hubbub-e2e-'));
    const hubbub = new Hubbub(folder, environment);
    await hubbub.start();
    return hubbub;
  }

  /** Starts it again after `stop` or `kill`, and waits until it is ready. */
  async start(): Promise<void> {
    this.#runs += 1;
    const child = spawn(binary, [], {
      cwd: this.#folder,
      env: {
        ...environmentOfOthers,
        HUBBUB_SERVER__LISTEN: this.#listen,
        HUBBUB_STORAGE__DATA_DIR: join(this.#folder, 'data'),
        // Tests send faster than people do.
        HUBBUB_LIMITS__SENDS_PER_SECOND: '0',
        ...this.#environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#ended = once(child, 'exit').then(([code, signal]) => signal ?? code);

    const log = createWriteStream(this.#log(this.#runs));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const lines = createInterface({ input: child.stdout });
    const printed = (label: string) =>
      new Promise<string>((resolve, reject) => {
        lines.on('line', (line) => {
          const found = line.match(/^\s*(\S+(?: \S+)*) {2,}(\S.*)$/);
          if (found?.[1] === label && found[2]) resolve(found[2].trim());
        });
        lines.on('close', () => reject(new Error(`it ended and had not printed "${label}"`)));
      });
    this.#setupCode = printed('Setup code');
    // Most runs print none, and nobody asks.
    this.#setupCode.catch(() => undefined);
    const address = await this.#orLog(within(30, 'its address', printed('Address')));

    this.origin = address.replace(/\/$/, '');
    this.#listen = `127.0.0.1:${new URL(this.origin).port}`;
  }

  /** The one-time code for the first account, as this run printed it. */
  setupCode(): Promise<string> {
    return this.#orLog(within(5, 'its setup code', this.#setupCode));
  }

  /** Asks it to stop, as a service manager would, and answers its exit code. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    this.#child?.kill('SIGTERM');
    try {
      return await this.#orLog(within(30, 'its end after SIGTERM', this.#ended));
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Ends it without a warning, as a power cut would. */
  async kill(): Promise<void> {
    this.#killNow();
    await this.#ended;
  }

  /** Ends it for good. Its folder is kept, and named, if a test failed. */
  async dispose({ keep }: { keep: boolean }): Promise<void> {
    await this.kill();
    process.off('exit', this.#killNow);
    if (keep) {
      process.stderr.write(`the server's data and logs are in ${this.#folder}\n`);
    } else {
      await rm(this.#folder, { recursive: true });
    }
  }

  /** Everything that all runs have logged. */
  async logs(): Promise<string> {
    const runs = Array.from({ length: this.#runs }, (_, run) => this.#log(run + 1));
    const texts = await Promise.all(runs.map((path) => readFile(path, 'utf8')));
    return texts.join('');
  }

  readonly #killNow = (): void => {
    this.#child?.kill('SIGKILL');
  };

  #log(run: number): string {
    return join(this.#folder, `hubbub-${run}.log`);
  }

  /** Adds the end of the log to the error of a promise that fails. */
  async #orLog<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      const tail = (await this.logs()).split('\n').slice(-40).join('\n');
      throw new Error(`${(error as Error).message}\n--- the server's log ends with\n${tail}`);
    }
  }
}

import type { Page } from '@playwright/test';

/**
 * Collects what no page of Hubbub may do: log an error, throw, break its content security policy, get an error for an
 * answer, or ask any other host for anything.
 */
export class PageWatch {
  /** What was seen, a line each. */
  readonly problems: string[] = [];
  #serverIsAway = false;

  private constructor() {}

  static async begin(page: Page, origin: string): Promise<PageWatch> {
    const watch = new PageWatch();
    const host = new URL(origin).host;
    await page.exposeFunction('e2eViolation', (what: string) => watch.#saw('policy', what));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (window as unknown as { e2eViolation(what: string): void }).e2eViolation;
        report(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
      });
    });
    page.on('pageerror', (error) => watch.#saw('exception', error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // The browser's own complaint about an unreachable server, and what the client says of it.
      if (watch.#serverIsAway) return;
      watch.#saw('console', `${message.text()} ${message.location().url}`);
    });
    page.on('response', (response) => {
      if (response.status() < 400 || watch.#serverIsAway) return;
      watch.#saw('answer', `${response.status()} ${response.request().method()} ${response.url()}`);
    });
    const ask = (url: string) => {
      const { protocol, host: asked } = new URL(url);
      if (asked !== host && protocol !== 'data:' && protocol !== 'blob:')
        watch.#saw('request', url);
    };
    page.on('request', (request) => ask(request.url()));
    page.on('websocket', (socket) => ask(socket.url()));
    return watch;
  }

  /** Between these two, requests may fail and the browser may say so. */
  serverGoesAway(): void {
    this.#serverIsAway = true;
  }

  serverIsBack(): void {
    this.#serverIsAway = false;
  }

  #saw(kind: string, what: string): void {
    this.problems.push(`${kind}: ${what}`);
  }
}

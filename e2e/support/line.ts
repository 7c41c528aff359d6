import type { Page, WebSocketRoute } from '@playwright/test';

/** The hub connection of a page, which a test can cut without a word to anybody. Pages opened later go through it. */
export class Line {
  readonly #open = new Set<WebSocketRoute>();
  #isCut = false;

  private constructor() {}

  static async of(page: Page): Promise<Line> {
    const line = new Line();
    await page.routeWebSocket('**/hubs/chat*', (socket) => line.#connect(socket));
    return line;
  }

  /** Ends what there is, and nothing gets through until `mend`. */
  async cut(): Promise<void> {
    this.#isCut = true;
    await Promise.all([...this.#open].map((socket) => socket.close()));
    this.#open.clear();
  }

  mend(): void {
    this.#isCut = false;
  }

  #connect(socket: WebSocketRoute): void {
    if (this.#isCut) {
      void socket.close();
      return;
    }
    this.#open.add(socket);
    const server = socket.connectToServer();
    server.onClose((code, reason) => {
      this.#open.delete(socket);
      void socket.close({ ...(code === undefined ? {} : { code }), ...(reason ? { reason } : {}) });
    });
  }
}

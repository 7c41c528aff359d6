import { DOCUMENT, effect, inject, Service } from '@angular/core';
import { ChatHub } from '../realtime/chat-hub';
import { RealtimeConnection } from '../realtime/realtime-connection';

/** The server takes five minutes without a word for being away; once a minute is often enough. */
export const ACTIVITY_PERIOD_MS = 60_000;

const SIGNS = ['pointerdown', 'keydown', 'wheel', 'focusin'] as const;

/** Tells the server that somebody is at this device, while somebody is. */
@Service()
export class Activity {
  private readonly hub = inject(ChatHub);
  private readonly connection = inject(RealtimeConnection);
  private readonly document = inject(DOCUMENT);
  private toldAt = 0;

  constructor() {
    for (const sign of SIGNS) {
      this.document.addEventListener(sign, () => this.noticed(), { capture: true, passive: true });
    }
    effect(() => {
      // Connecting counts as a sign of its own.
      if (this.connection.status() === 'connected') this.toldAt = Date.now();
    });
  }

  private noticed(): void {
    const now = Date.now();
    if (now - this.toldAt < ACTIVITY_PERIOD_MS || this.connection.status() !== 'connected') return;
    this.toldAt = now;
    this.hub.setActivity(true).catch(() => undefined);
  }
}

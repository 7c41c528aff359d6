import { Component, computed, effect, inject, signal, untracked } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { TEXTS } from '../../shared/texts';
import { Outbox } from '../chat/outbox';
import { PresenceStore } from '../chat/presence-store';
import { RealtimeConnection } from '../realtime/realtime-connection';

/** Short losses are nobody's business. */
const PATIENCE_MS = 3_000;

/**
 * Says that the connection is away, once it has been for a while, and asks about what waited too long meanwhile. The
 * region itself is always there.
 */
@Component({
  selector: 'app-connection-banner',
  imports: [Icon],
  template: `
    @if (shown()) {
      <div class="banner">
        <app-icon name="offline" [size]="16" />
        <span>{{ text() }}</span>
        <button type="button" class="button small" (click)="connection.tryNow()">
          {{ texts.tryNow }}
        </button>
      </div>
    } @else if (stale().length > 0) {
      <div class="banner">
        <app-icon name="alert" [size]="16" />
        <span>{{ texts.stale(stale().length) }}</span>
        <button type="button" class="button small" (click)="sendStale()">
          {{ texts.sendStale }}
        </button>
        <button type="button" class="button small" (click)="discardStale()">
          {{ texts.discardStale }}
        </button>
      </div>
    }
  `,
  host: { role: 'status', 'data-testid': 'connection' },
  styles: `
    .banner {
      display: flex;
      align-items: center;
      justify-content: center;
      gap: var(--space-3);
      min-height: 44px;
      padding: var(--space-1) var(--space-4);
      background: var(--warn-soft);
      color: var(--warn);
      font-size: var(--text-small);
      font-weight: var(--weight-medium);
    }
  `,
})
export class ConnectionBanner {
  protected readonly connection = inject(RealtimeConnection);
  private readonly outbox = inject(Outbox);
  private readonly presence = inject(PresenceStore);
  protected readonly texts = TEXTS.connection;
  protected readonly shown = signal(false);
  /** Wherever they are: nobody should have to look for them room by room. */
  protected readonly stale = this.outbox.stale;

  private readonly lost = computed(() => {
    const status = this.connection.status();
    return status === 'waiting' || status === 'connecting';
  });

  protected readonly text = computed(() => {
    const count = this.outbox.waitingCount();
    const state = navigator.onLine ? this.texts.lost : this.texts.offline;
    return count > 0 ? `${state} ${this.texts.waiting(count)}` : state;
  });

  constructor() {
    effect((onCleanup) => {
      if (!this.lost()) {
        untracked(() => {
          this.shown.set(false);
        });
        return;
      }
      const timer = setTimeout(() => {
        this.shown.set(true);
        this.presence.forget();
      }, PATIENCE_MS);
      onCleanup(() => {
        clearTimeout(timer);
      });
    });
  }

  protected sendStale(): void {
    for (const entry of this.stale()) this.outbox.retry(entry);
  }

  protected discardStale(): void {
    for (const entry of this.stale()) this.outbox.discard(entry);
  }
}

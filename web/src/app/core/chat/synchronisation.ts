import { inject, Service } from '@angular/core';
import { Head } from '../api/events';
import { SyncPage } from '../api/generated/models';
import { backoffMs } from '../realtime/backoff';
import { ChatHub } from '../realtime/chat-hub';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { Wake } from '../realtime/wake';
import { Archive } from '../storage/archive';
import { ConversationsStore } from './conversations-store';
import { Holes } from './holes';
import { Intake } from './intake';
import { MessagesStore } from './messages-store';

/** The server takes no more positions than this. */
const MAX_POSITIONS = 500;

/**
 * Fetches what was missed. There is one synchronisation at a time, for everything that is missing; what turns out to be
 * missing while it runs is for the next one.
 */
@Service()
export class Synchronisation {
  private readonly hub = inject(ChatHub);
  private readonly connection = inject(RealtimeConnection);
  private readonly wake = inject(Wake);
  private readonly conversations = inject(ConversationsStore);
  private readonly messages = inject(MessagesStore);
  private readonly intake = inject(Intake);
  private readonly archive = inject(Archive);
  private wanted = false;
  private running = false;

  constructor() {
    inject(Holes).onFound(() => {
      this.ask();
    });
  }

  ask(): void {
    this.wanted = true;
    if (!this.running) void this.run();
  }

  /** Without a connection there is nothing to do: the next one begins with where everything stands. */
  private async run(): Promise<void> {
    this.running = true;
    for (let attempt = 0; this.wanted && this.connection.status() === 'connected';) {
      this.wanted = false;
      try {
        await this.once();
        attempt = 0;
        // What was found missing meanwhile may have come with it.
        await this.archive.flush();
        this.wanted &&=
          this.messages.areBehind() || this.conversations.areBehind() || this.archive.areBehind();
      } catch {
        this.wanted = true;
        await this.wake.within(backoffMs(attempt++));
      }
    }
    this.running = false;
  }

  private async once(): Promise<void> {
    // Not while the list is on its way, which would be sent again.
    if (!this.conversations.loaded()) await this.conversations.load();
    const positions = this.positions();
    await this.hub.sync({ ...this.conversations.position(), positions }, (page) => {
      this.apply(page);
    });
  }

  /**
   * What is on screen and what is kept on this device may stand at different places, and both have to be brought up to
   * date. What should be kept and is not is asked for from its beginning.
   */
  private positions(): Head[] {
    const recent = this.conversations.sorted().map(({ id }) => id);
    const all = [
      ...this.messages.positions(),
      ...this.archive.positions(),
      ...this.archive.lacking(recent).map((conversationId) => ({ conversationId, rev: 0 })),
    ];
    const lowest = new Map<string, number>();
    for (const { conversationId, rev } of all) {
      lowest.set(conversationId, Math.min(rev, lowest.get(conversationId) ?? rev));
    }
    return [...lowest]
      .slice(0, MAX_POSITIONS)
      .map(([conversationId, rev]) => ({ conversationId, rev }));
  }

  private apply(page: SyncPage): void {
    switch (page.type) {
      case 'epoch':
        this.conversations.beginAnew(page.epoch);
        this.messages.forgetAll();
        this.archive.forgetAll();
        break;
      case 'conversations':
        this.conversations.applyList(page.conversations, page.userRev);
        break;
      case 'user':
        this.intake.user(page);
        break;
      case 'changes':
        this.intake.conversation(page);
        break;
      case 'reset':
        this.messages.reset(page.page);
        this.archive.page(page.page, true);
        this.conversations.catchUp(page.page.conversationId, page.page.rev);
        break;
      case 'lost':
        this.intake.lose(page.conversationId);
        break;
      case 'done':
        this.messages.synchronised(page.heads);
        break;
    }
  }
}

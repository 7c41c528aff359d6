import { DestroyRef, DOCUMENT, inject, Service } from '@angular/core';
import { newClientId } from '../chat/client-id';
import { FollowingHub } from './following-hub';
import { Hub, HubFactory } from './hub';
import { Leadership } from './leadership';
import { LeadingHub } from './leading-hub';
import { tabChannel } from './tab-channel';
import { TabWord } from './tab-words';
import { Wake } from './wake';

/** Makes connections that the tabs of a browser share: a real one for the tab that leads, a way to it for the others. */
@Service()
export class TabHubs {
  private readonly leadership = inject(Leadership);
  private readonly wake = inject(Wake);
  private readonly channel = tabChannel<TabWord>('hubbub.hub');
  private readonly tab = newClientId();
  private hub?: LeadingHub | FollowingHub;

  constructor() {
    this.channel.listen((word) => {
      this.hub?.hear(word);
      const isAsked = word.type === 'tryNow' && this.leadership.leads();
      // Whoever waits before another attempt need not any more.
      if (isAsked || word.type === 'up') this.wake.now();
    });
    this.leadership.onGained(() => {
      this.channel.post({ type: 'leading' });
      // What led here is gone; its place is taken by a connection of this tab's own.
      if (this.hub instanceof FollowingHub) void this.hub.stop();
    });
    const window = inject(DOCUMENT).defaultView;
    const leave = () => {
      this.channel.post({ type: 'leave', tab: this.tab });
    };
    window?.addEventListener('pagehide', leave);
    inject(DestroyRef).onDestroy(() => window?.removeEventListener('pagehide', leave));
  }

  /** `createHub` makes the real ones. */
  create(createHub: HubFactory, ticket: () => Promise<string>): Hub {
    this.hub = this.leadership.leads()
      ? new LeadingHub(createHub(ticket), this.channel)
      : new FollowingHub(this.tab, this.channel);
    return this.hub;
  }

  /** Whether a hub is somebody else's connection while this tab has come to lead. */
  isOutdated(hub: Hub): boolean {
    return hub instanceof FollowingHub && this.leadership.leads();
  }

  /** Whoever has the connection tries to get it now. */
  tryNow(): void {
    this.wake.now();
    this.channel.post({ type: 'tryNow' });
  }
}

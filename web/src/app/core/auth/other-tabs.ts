import { Service } from '@angular/core';
import { Session } from '../api/generated/models';

export type TabNews = { type: 'signedOut' } | { type: 'renewed'; session: Session };

/** Tells this browser's other tabs what became of the session that they share. */
@Service()
export class OtherTabs {
  private readonly channel =
    typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('hubbub.session');

  tell(news: TabNews): void {
    this.channel?.postMessage(news);
  }

  listen(hear: (news: TabNews) => void): void {
    this.channel?.addEventListener('message', (event: MessageEvent<TabNews>) => {
      hear(event.data);
    });
  }
}

import { Service } from '@angular/core';
import { Session } from '../api/generated/models';
import { tabChannel } from '../realtime/tab-channel';

export type TabNews = { type: 'signedOut' } | { type: 'renewed'; session: Session };

/** Tells this browser's other tabs what became of the session that they share. */
@Service()
export class OtherTabs {
  private readonly channel = tabChannel<TabNews>('hubbub.session');

  tell(news: TabNews): void {
    this.channel.post(news);
  }

  listen(hear: (news: TabNews) => void): void {
    this.channel.listen(hear);
  }
}

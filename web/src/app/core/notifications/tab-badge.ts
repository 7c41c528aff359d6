import { DOCUMENT, effect, inject, Service } from '@angular/core';
import { badge } from '../../shared/texts';
import { ConversationsStore } from '../chat/conversations-store';
import { PageTitle } from '../layout/page-title';

/** Shows in the tab, and on the icon of an installed application, how many messages call for attention. */
@Service()
export class TabBadge {
  private readonly document = inject(DOCUMENT);

  constructor() {
    const conversations = inject(ConversationsStore);
    const title = inject(PageTitle);
    effect(() => {
      const count = conversations.unreadTotal();
      title.setBadge(count > 0 ? badge(count) : '');
      this.mark(count);
    });
  }

  private mark(count: number): void {
    const icon = this.document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    icon?.setAttribute('href', count > 0 ? '/favicon-unread.svg' : '/favicon.svg');
    // Where applications can be installed.
    const application = this.document.defaultView?.navigator as
      { setAppBadge?: (count: number) => Promise<void> } | undefined;
    application?.setAppBadge?.(count).catch(() => undefined);
  }
}

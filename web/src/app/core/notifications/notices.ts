import { inject, Service } from '@angular/core';
import { Router } from '@angular/router';

export interface Notice {
  /** A later notice takes the place of an earlier one with the same tag. */
  tag: string;
  title: string;
  body: string;
  /** Where it leads. */
  path: string;
}

/**
 * The system's notifications. Those that the service worker shows can be withdrawn by any tab and outlive the one that
 * asked for them; where there is no worker the page shows them itself.
 */
@Service()
export class Notices {
  private readonly router = inject(Router);
  private readonly own = new Map<string, Notification>();
  // The types say that these always exist, which is true of secure pages in most browsers.
  private readonly workers = globalThis.navigator.serviceWorker as
    ServiceWorkerContainer | undefined;
  private readonly system = globalThis.Notification as typeof Notification | undefined;

  constructor() {
    this.workers?.addEventListener('message', ({ data }: MessageEvent<{ open?: string }>) => {
      if (data.open) void this.router.navigateByUrl(data.open);
    });
  }

  get permission(): NotificationPermission | 'unsupported' {
    return this.system?.permission ?? 'unsupported';
  }

  /** Asks the person. Only ever after they have asked for notifications. */
  async request(): Promise<NotificationPermission | 'unsupported'> {
    return (await this.system?.requestPermission()) ?? 'unsupported';
  }

  async show({ tag, title, body, path }: Notice): Promise<void> {
    if (!this.system || this.system.permission !== 'granted') return;
    const options = { tag, body, icon: '/favicon.svg', data: { path } };
    const worker = await this.workers?.getRegistration();
    if (worker?.active) {
      await worker.showNotification(title, options);
      return;
    }
    const notification = new this.system(title, options);
    notification.addEventListener('click', () => {
      window.focus();
      notification.close();
      void this.router.navigateByUrl(path);
    });
    this.own.set(tag, notification);
  }

  /** Takes back what is shown under a tag, or everything. */
  async withdraw(tag?: string): Promise<void> {
    for (const [shown, notification] of this.own) {
      if (tag !== undefined && tag !== shown) continue;
      notification.close();
      this.own.delete(shown);
    }
    const worker = await this.workers?.getRegistration();
    const shown = await worker?.getNotifications(tag === undefined ? {} : { tag });
    for (const notification of shown ?? []) notification.close();
  }
}

import { Component, computed, inject, linkedSignal, signal } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { AuthApi } from '../../core/api/auth-api';
import { PeopleApi } from '../../core/api/people-api';
import { toProblem } from '../../core/api/problem';
import { DeviceSession } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { Outbox } from '../../core/chat/outbox';
import { Clock } from '../../core/layout/clock';
import { Density, DensityStore } from '../../core/layout/density';
import { Dialogs } from '../../core/layout/dialogs';
import { Theme, ThemeStore } from '../../core/layout/theme';
import { Notifications } from '../../core/notifications/notifications';
import { Avatar } from '../../shared/avatar/avatar';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { problemText, TEXTS } from '../../shared/texts';
import { listTime } from '../../shared/times';
import { OwnStatusForm } from './own-status';

/** One's own name, the look of the client, the devices that are signed in, and the way out. */
@Component({
  selector: 'app-account',
  imports: [Avatar, DialogFrame, Icon, OwnStatusForm],
  templateUrl: './account.html',
  styleUrl: './account.scss',
})
export class Account {
  private readonly auth = inject(AuthApi);
  private readonly people = inject(PeopleApi);
  private readonly clock = inject(Clock);
  protected readonly session = inject(SessionStore);
  protected readonly themes = inject(ThemeStore);
  protected readonly densities = inject(DensityStore);
  protected readonly dialogs = inject(Dialogs);

  protected readonly texts = TEXTS.account;
  protected readonly notifications = inject(Notifications);
  protected readonly notificationTexts = TEXTS.notifications;
  protected readonly unsent = inject(Outbox).unsentCount;
  protected readonly asksAboutUnsent = signal(false);
  protected readonly themeChoices: readonly { theme: Theme; label: string }[] = [
    { theme: 'system', label: this.texts.system },
    { theme: 'light', label: this.texts.light },
    { theme: 'dark', label: this.texts.dark },
  ];
  protected readonly densityChoices: readonly { density: Density; label: string }[] = [
    { density: 'comfortable', label: this.texts.comfortable },
    { density: 'compact', label: this.texts.compact },
  ];
  protected readonly privateReceipts = signal<boolean | undefined>(undefined);
  protected readonly name = linkedSignal(() => this.session.user()?.displayName ?? '');
  protected readonly changed = computed(() => {
    const name = this.name().trim();
    return name !== '' && name !== this.session.user()?.displayName;
  });
  protected readonly saved = signal(false);
  /** What went wrong last, in words. */
  protected readonly problem = signal('');
  private readonly loaded = signal<readonly DeviceSession[]>([]);

  protected readonly devices = computed(() =>
    this.loaded().map((device) => ({
      ...device,
      name: device.deviceName || this.texts.unknownDevice,
      used: this.texts.lastUsed(listTime(new Date(device.lastUsedAt), this.clock.now())),
    })),
  );

  constructor() {
    void this.attempt(() => this.loadDevices());
    void this.attempt(async () => {
      this.privateReceipts.set((await this.people.me()).privateReceipts);
    });
  }

  protected rename(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    return this.attempt(async () => {
      if (!this.changed()) return;
      this.session.setUser(await this.people.rename(this.name().trim()));
      this.saved.set(true);
    });
  }

  protected fail(error: unknown): void {
    this.problem.set(problemText(toProblem(error)));
  }

  protected keepPrivate(event: Event): Promise<void> {
    const { checked } = event.target as HTMLInputElement;
    return this.attempt(async () => {
      this.privateReceipts.set((await this.people.keepReceiptsPrivate(checked)).privateReceipts);
    });
  }

  protected end(device: DeviceSession): Promise<void> {
    return this.attempt(async () => {
      await this.auth.endSession(device.id);
      await this.loadDevices();
    });
  }

  /** Signing out deletes what was not sent; so it asks first if there is something. */
  protected signOut(isSure = false): Promise<void> {
    if (this.unsent() > 0 && !isSure) {
      this.asksAboutUnsent.set(true);
      return Promise.resolve();
    }
    return this.attempt(() => this.session.signOut());
  }

  protected notify(event: Event): void {
    const box = event.target as HTMLInputElement;
    if (!box.checked) this.notifications.disable();
    else {
      void this.attempt(async () => {
        await this.notifications.enable();
        // The browser may have said no.
        box.checked = this.notifications.enabled();
      });
    }
  }

  protected type(event: Event): void {
    this.name.set((event.target as HTMLInputElement).value);
    this.saved.set(false);
  }

  private async loadDevices(): Promise<void> {
    this.loaded.set(await this.auth.sessions());
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.problem.set('');
    try {
      await action();
    } catch (error) {
      this.fail(error);
    }
  }
}

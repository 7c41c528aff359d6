import {
  afterNextRender,
  Component,
  ElementRef,
  inject,
  input,
  signal,
  viewChild,
} from '@angular/core';
import { GroupsApi } from '../../core/api/groups-api';
import { Invitation } from '../../core/api/generated/models';
import { toProblem } from '../../core/api/problem';
import { Icon } from '../../shared/icon/icon';
import { problemText, TEXTS } from '../../shared/texts';
import { fullTime } from '../../shared/times';

const WORKS_FOR = { expiresInHours: 168, maxUses: 50 };

/** Makes a link by which people come into a group. */
@Component({
  selector: 'app-group-link',
  imports: [Icon],
  template: `
    @if (address(); as address) {
      <label for="group-link">{{ texts.linkLabel }}</label>
      <div class="row">
        <input #link id="group-link" class="input" readonly [value]="address" />
        <button type="button" class="button" (click)="copy(address)">
          <app-icon [name]="copied() ? 'check' : 'copy'" [size]="18" />
          <span aria-live="polite">{{ copied() ? texts.copied : texts.copy }}</span>
        </button>
      </div>
      <p>{{ texts.linkHint }}</p>
    } @else {
      <button type="button" class="button" (click)="create()">
        <app-icon name="link" [size]="18" />
        {{ texts.link }}
      </button>
    }
    @if (links().length > 0) {
      <h3>{{ texts.links }}</h3>
      <ul>
        @for (link of links(); track link.id) {
          <li>
            <span>{{ texts.linkUntil(link.until, link.uses, link.maxUses) }}</span>
            <button
              type="button"
              class="button small"
              [attr.aria-label]="texts.revokeNamed(link.until)"
              (click)="revoke(link.id)"
            >
              {{ texts.revoke }}
            </button>
          </li>
        }
      </ul>
    }
    @if (problem(); as sentence) {
      <p class="notice error" role="alert">{{ sentence }}</p>
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: var(--space-1);
      justify-items: start;
    }
    label {
      font-size: var(--text-small);
      font-weight: var(--weight-medium);
    }
    h3 {
      margin-top: var(--space-2);
      font-size: var(--text-small);
      font-weight: var(--weight-medium);
    }
    ul {
      width: 100%;
    }
    li {
      display: flex;
      align-items: center;
      justify-content: space-between;
      gap: var(--space-2);
      min-height: 36px;
      color: var(--fg-1);
      font-size: var(--text-small);
    }
    .row {
      display: flex;
      gap: var(--space-2);
      width: 100%;
    }
    p:not(.notice) {
      color: var(--fg-2);
      font-size: var(--text-meta);
      line-height: 1rem;
    }
  `,
})
export class GroupLink {
  private readonly groups = inject(GroupsApi);
  readonly conversationId = input.required<string>();

  protected readonly texts = TEXTS.members;
  protected readonly address = signal('');
  protected readonly links = signal<readonly (Invitation & { until: string })[]>([]);
  protected readonly copied = signal(false);
  protected readonly problem = signal('');
  constructor() {
    afterNextRender(() => {
      this.load().catch((error: unknown) => {
        this.problem.set(problemText(toProblem(error)));
      });
    });
  }

  private readonly field = viewChild<ElementRef<HTMLInputElement>>('link');

  protected async create(): Promise<void> {
    this.problem.set('');
    try {
      const { path } = await this.groups.createInvitation(this.conversationId(), WORKS_FOR);
      this.address.set(new URL(path, location.origin).href);
      await this.load();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }

  protected async revoke(id: string): Promise<void> {
    this.problem.set('');
    try {
      await this.groups.revokeInvitation(this.conversationId(), id);
      this.address.set('');
      await this.load();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }

  private async load(): Promise<void> {
    const invitations = await this.groups.invitations(this.conversationId());
    this.links.set(
      invitations.map((link) => ({ ...link, until: fullTime(new Date(link.expiresAt)) })),
    );
  }

  protected async copy(address: string): Promise<void> {
    this.field()?.nativeElement.select();
    // The clipboard exists only on secure pages; elsewhere the selection can still be copied the old way.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard) await clipboard.writeText(address);
    else document.execCommand('copy');
    this.copied.set(true);
  }
}

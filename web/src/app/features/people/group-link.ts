import { Component, ElementRef, inject, input, signal, viewChild } from '@angular/core';
import { GroupsApi } from '../../core/api/groups-api';
import { toProblem } from '../../core/api/problem';
import { Icon } from '../../shared/icon/icon';
import { problemText, TEXTS } from '../../shared/texts';

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
  protected readonly copied = signal(false);
  protected readonly problem = signal('');
  private readonly field = viewChild<ElementRef<HTMLInputElement>>('link');

  protected async create(): Promise<void> {
    this.problem.set('');
    try {
      const { path } = await this.groups.createInvitation(this.conversationId(), WORKS_FOR);
      this.address.set(new URL(path, location.origin).href);
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
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

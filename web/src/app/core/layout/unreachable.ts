import { Component, inject } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { TEXTS } from '../../shared/texts';
import { Wake } from '../realtime/wake';

/** What one sees when the very first request of a visit goes unanswered. */
@Component({
  selector: 'app-unreachable',
  imports: [Icon],
  template: `
    <main>
      <app-icon name="noServer" [size]="40" />
      <div role="status">
        <h1>{{ texts.unreachable }}</h1>
        <p>{{ texts.unreachableHint }}</p>
      </div>
      <button type="button" class="button" (click)="wake.now()">{{ texts.tryNow }}</button>
    </main>
  `,
  styles: `
    :host {
      position: fixed;
      inset: 0;
      z-index: 1;
      display: grid;
      place-items: center;
      padding: var(--space-4);
      background: var(--bg-1);
    }
    main {
      display: grid;
      justify-items: center;
      gap: var(--space-2);
      text-align: center;
      color: var(--fg-1);
    }
    h1 {
      margin-top: var(--space-2);
      font-size: var(--text-title);
      color: var(--fg-0);
    }
    .button {
      margin-top: var(--space-4);
    }
  `,
})
export class Unreachable {
  protected readonly wake = inject(Wake);
  protected readonly texts = TEXTS.app;
}

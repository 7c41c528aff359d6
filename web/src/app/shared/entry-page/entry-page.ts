import { Component, input } from '@angular/core';

/** The frame of every page that one sees before being signed in. */
@Component({
  selector: 'app-entry-page',
  template: `
    <main>
      <img src="/favicon.svg" width="48" height="48" alt="" />
      <h1>{{ heading() }}</h1>
      @if (lead(); as lead) {
        <p class="lead">{{ lead }}</p>
      }
      <ng-content />
    </main>
    <footer><ng-content select="[footer]" /></footer>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      align-items: center;
      height: 100%;
      overflow-y: auto;
      padding: var(--space-6) var(--space-4);
      background: var(--bg-1);
    }
    main {
      width: min(100%, 400px);
      margin-top: auto;
      padding: var(--space-8);
      border: 1px solid var(--line);
      border-radius: var(--radius-3);
      background: var(--bg-raised);
    }
    img {
      display: block;
      margin-bottom: var(--space-4);
    }
    h1 {
      font-size: var(--text-display);
      line-height: 2rem;
      letter-spacing: -0.015em;
      overflow-wrap: anywhere;
    }
    .lead {
      margin-top: var(--space-1);
      color: var(--fg-1);
    }
    footer {
      margin: var(--space-4) 0 auto;
      color: var(--fg-1);
      text-align: center;
    }
    @media (max-width: 480px) {
      :host {
        background: var(--bg-0);
        padding: var(--space-4);
      }
      main {
        padding: var(--space-4) 0;
        border: 0;
        background: none;
        margin-top: 0;
      }
    }
  `,
})
export class EntryPage {
  readonly heading = input.required<string>();
  readonly lead = input<string>();
}

import { Component, computed, input } from '@angular/core';
import { TEXTS } from '../texts';

/** Whether somebody is here: a dot for the eye, a word for everybody else. Nothing while it is not known. */
@Component({
  selector: 'app-presence-dot',
  template: `
    @if (text(); as text) {
      <span class="visually-hidden">{{ text }}</span>
    }
  `,
  host: { '[attr.data-state]': 'state()', '[attr.title]': 'text()' },
  styles: `
    :host {
      display: none;
      position: relative;
      width: 10px;
      height: 10px;
      border-radius: var(--radius-full);
    }
    :host([data-state]) {
      display: inline-block;
    }
    :host([data-state='active']) {
      background: var(--online);
    }
    :host([data-state='away']) {
      background: var(--away);
    }
    :host([data-state='doNotDisturb']) {
      background: var(--danger);
    }
    :host([data-state='offline']) {
      border: 2px solid var(--offline);
    }
  `,
})
export class PresenceDot {
  readonly state = input<'active' | 'away' | 'doNotDisturb' | 'offline' | undefined>();
  protected readonly text = computed(() => {
    const state = this.state();
    return state && TEXTS.presence[state];
  });
}

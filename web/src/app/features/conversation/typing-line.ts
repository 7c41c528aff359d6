import { Component, computed, inject, input } from '@angular/core';
import { PeopleStore } from '../../core/chat/people-store';
import { TypingStore } from '../../core/chat/typing-store';
import { TEXTS } from '../../shared/texts';

/** Who is typing. Its room is always reserved, so that nothing moves when somebody begins. */
@Component({
  selector: 'app-typing-line',
  template: `
    @if (text(); as text) {
      <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
      <span>{{ text }}</span>
    }
  `,
  // Not spoken by itself: screen readers would never come to rest.
  host: { role: 'status', 'aria-live': 'off', 'data-testid': 'typing' },
  styles: `
    :host {
      display: flex;
      align-items: center;
      gap: var(--space-2);
      height: 20px;
      padding: 0 var(--space-4);
      overflow: hidden;
      font-size: var(--text-meta);
      color: var(--fg-1);
      white-space: nowrap;
    }
    .dots {
      display: flex;
      gap: 3px;
    }
    i {
      width: 5px;
      height: 5px;
      border-radius: var(--radius-full);
      background: var(--accent);
      animation: breathe 1.2s infinite ease-in-out;
    }
    i:nth-child(2) {
      animation-delay: 0.15s;
    }
    i:nth-child(3) {
      animation-delay: 0.3s;
    }
    @keyframes breathe {
      0%,
      60%,
      100% {
        opacity: 0.3;
      }
      30% {
        opacity: 1;
      }
    }
  `,
})
export class TypingLine {
  private readonly typing = inject(TypingStore);
  private readonly people = inject(PeopleStore);
  readonly conversationId = input.required<string>();
  protected readonly text = computed(() => {
    const names = this.typing
      .typingIn(this.conversationId())
      .map((id) => this.people.find(id)?.displayName ?? TEXTS.conversation.somebody);
    return TEXTS.conversation.typing(names);
  });
}

import { Component, effect, inject, input, PendingTasks, signal } from '@angular/core';
import { copyText } from '../copy-text';
import { TEXTS } from '../texts';
import type { CodePart } from './highlight';

/** A block of code; its colours come when the code that finds them has been loaded, and move nothing. */
@Component({
  selector: 'app-code-block',
  // prettier-ignore
  template: `<pre dir="ltr" tabindex="0"><code>@for (part of parts(); track $index) {<span [class]="part.kind">{{ part.text }}</span>}</code></pre><button type="button" class="button small" (click)="copy()"><span aria-live="polite">{{ copied() ? texts.copied : texts.copy }}</span></button>`,
  styleUrl: './code-block.scss',
})
export class CodeBlock {
  private readonly pending = inject(PendingTasks);
  readonly code = input.required<string>();
  readonly language = input('');

  protected readonly texts = { copy: TEXTS.members.copy, copied: TEXTS.members.copied };
  protected readonly parts = signal<readonly CodePart[]>([]);
  protected readonly copied = signal(false);

  constructor() {
    effect(() => {
      const [code, language] = [this.code(), this.language()];
      this.parts.set([{ kind: '', text: code }]);
      if (language) void this.pending.run(() => this.colour(code, language));
    });
  }

  protected async copy(): Promise<void> {
    await copyText(this.code());
    this.copied.set(true);
  }

  private async colour(code: string, language: string): Promise<void> {
    try {
      const { highlight } = await import('./highlight');
      const parts = await highlight(code, language);
      if (code === this.code()) this.parts.set(parts);
    } catch {
      // Without a network the code is plain.
    }
  }
}

import { NgTemplateOutlet } from '@angular/common';
import { Component, computed, input } from '@angular/core';
import { CodeBlock } from './code-block';
import { MarkdownNode, parseMarkdown } from './markdown';
import { isOnlyEmoji, Mention } from './text-parts';

/** What a message says, drawn from its tree: never as HTML. */
@Component({
  selector: 'app-message-text',
  imports: [CodeBlock, NgTemplateOutlet],
  templateUrl: './message-text.html',
  styleUrl: './message-text.scss',
  host: { dir: 'auto', '[class.large]': 'large()', '[class.single]': 'single()' },
})
export class MessageText {
  readonly body = input.required<string>();
  readonly mentions = input<readonly Mention[]>([]);
  protected readonly nodes = computed(() => parseMarkdown(this.body(), this.mentions()));
  protected readonly large = computed(() => isOnlyEmoji(this.body()));
  /** One paragraph: what follows may stand on its last line. */
  protected readonly single = computed(() => {
    const nodes = this.nodes();
    return nodes.length === 1 && nodes[0]?.kind === 'paragraph';
  });

  /** A template's context has no type of its own. */
  protected typed(nodes: readonly MarkdownNode[]): readonly MarkdownNode[] {
    return nodes;
  }
}

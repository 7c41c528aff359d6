import { Lexer, Token, Tokenizer, Tokens } from 'marked';
import { Mention, safeHref, TextPart, textParts } from './text-parts';

/** A message as a tree. It is drawn node by node, so that nothing anybody writes can become anything else. */
export type MarkdownNode =
  | TextPart
  | { readonly kind: 'break' | 'rule' }
  | { readonly kind: 'inlineCode'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string; readonly language: string }
  | {
      readonly kind:
        'paragraph' | 'heading' | 'quote' | 'strong' | 'emphasis' | 'deleted' | 'item' | 'group';
      readonly children: readonly MarkdownNode[];
    }
  | {
      readonly kind: 'namedLink';
      readonly href: string;
      readonly children: readonly MarkdownNode[];
    }
  | {
      readonly kind: 'list';
      readonly start?: number;
      readonly children: readonly MarkdownNode[];
    }
  | {
      readonly kind: 'table';
      readonly head: readonly MarkdownNode[];
      readonly rows: readonly (readonly MarkdownNode[])[];
    };

/** Whoever nests deeper than this wants to see what breaks. */
const MAX_DEPTH = 8;
/** Marks that make sense to nobody cost a parser dear: its time grows with the square of their number. */
const MAX_MARKS = 1_000;
const MARKS = /[*_~[\]\\]/gu;
const NESTED_ABSURDLY = /^(?:[ \t]*[>*+-]){40}/mu;

/**
 * What of Markdown belongs into a chat: HTML is text, nothing disappears because it looks like a definition, four
 * spaces make no code, and a line is no headline because of the dashes beneath it.
 */
class ChatTokenizer extends Tokenizer {
  override html(): undefined {
    return undefined;
  }
  override tag(): undefined {
    return undefined;
  }
  override def(): undefined {
    return undefined;
  }
  override code(): undefined {
    return undefined;
  }
  override lheading(): undefined {
    return undefined;
  }
}

/** Reads a message; what cannot be read as Markdown is a paragraph of text. */
export function parseMarkdown(body: string, mentions: readonly Mention[] = []): MarkdownNode[] {
  if (isReasonable(body)) {
    try {
      const tokens = new Lexer({ gfm: true, breaks: true, tokenizer: new ChatTokenizer() }).lex(
        body,
      );
      return new TreeBuilder(mentions).nodes(tokens, 0);
    } catch {
      // Shown as it was written.
    }
  }
  return [{ kind: 'paragraph', children: textParts(body, mentions) }];
}

function isReasonable(body: string): boolean {
  return (body.match(MARKS)?.length ?? 0) <= MAX_MARKS && !NESTED_ABSURDLY.test(body);
}

class TreeBuilder {
  constructor(private readonly mentions: readonly Mention[]) {}

  nodes(tokens: readonly Token[], depth: number): MarkdownNode[] {
    return tokens.flatMap((token) => this.node(token as Tokens.Generic & Token, depth));
  }

  private node(token: Token, depth: number): MarkdownNode[] {
    if (depth > MAX_DEPTH) return this.text(token.raw);
    switch (token.type) {
      case 'space':
        return [];
      case 'br':
        return [{ kind: 'break' }];
      case 'hr':
        return [{ kind: 'rule' }];
      case 'code': {
        const { text, lang } = token as Tokens.Code;
        return [{ kind: 'code', text, language: lang?.trim().split(/\s/u)[0] ?? '' }];
      }
      case 'codespan':
        return [{ kind: 'inlineCode', text: (token as Tokens.Codespan).text }];
      case 'paragraph':
        return [{ kind: 'paragraph', children: this.inside(token, depth) }];
      case 'heading':
        return [{ kind: 'heading', children: this.inside(token, depth) }];
      case 'blockquote':
        return [{ kind: 'quote', children: this.inside(token, depth) }];
      case 'strong':
        return [{ kind: 'strong', children: this.inside(token, depth) }];
      case 'em':
        return [{ kind: 'emphasis', children: this.inside(token, depth) }];
      case 'del':
        return [{ kind: 'deleted', children: this.inside(token, depth) }];
      case 'list':
        return [this.list(token as Tokens.List, depth)];
      case 'table':
        return [this.table(token as Tokens.Table, depth)];
      case 'link':
        return this.link(token as Tokens.Link, depth);
      case 'text':
        // In a list a text has parts of its own; elsewhere it is what was written.
        return 'tokens' in token && token.tokens
          ? this.nodes(token.tokens, depth + 1)
          : this.text((token as Tokens.Text).text);
      case 'escape':
        return this.text((token as Tokens.Escape).text);
      default:
        return this.text(token.raw);
    }
  }

  private inside(token: Token, depth: number): MarkdownNode[] {
    return this.nodes(('tokens' in token && token.tokens) || [], depth + 1);
  }

  private list({ ordered, start, items }: Tokens.List, depth: number): MarkdownNode {
    const children = items.map((item): MarkdownNode => {
      const inner = this.nodes(item.tokens, depth + 1);
      const box: MarkdownNode[] = item.task
        ? [{ kind: 'text', text: item.checked ? '☑ ' : '☐ ' }]
        : [];
      return { kind: 'item', children: [...box, ...inner] };
    });
    return { kind: 'list', children, ...(ordered ? { start: Number(start) || 0 } : {}) };
  }

  private table({ header, rows }: Tokens.Table, depth: number): MarkdownNode {
    const cell = ({ tokens }: Tokens.TableCell): MarkdownNode => ({
      kind: 'group',
      children: this.nodes(tokens, depth + 1),
    });
    return { kind: 'table', head: header.map(cell), rows: rows.map((row) => row.map(cell)) };
  }

  /** Only web addresses; anything else is shown as it was written. */
  private link(token: Tokens.Link, depth: number): MarkdownNode[] {
    const href = safeHref(token.href);
    if (!href) return [{ kind: 'text', text: token.raw }];
    if (token.autolink || token.raw === token.text)
      return [{ kind: 'link', text: token.text, href }];
    return [{ kind: 'namedLink', href, children: this.inside(token, depth) }];
  }

  private text(text: string): MarkdownNode[] {
    return textParts(text, this.mentions);
  }
}

/** A piece of a message: text, a link that is safe to make, or the name of somebody who is called. */
export type TextPart =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string; self: boolean };

/** Somebody whom a message calls: by which name, and whether it is the reader. */
export interface Mention {
  name: string;
  self: boolean;
}

// Only web addresses with their scheme. What a browser does with others is not for a chat to decide.
const ADDRESS = /\bhttps?:\/\/[^\s<>"']+/giu;
/** A name with its `@`, as the server finds them; not the middle of a mail address. */
const NAME = /(?<![\p{L}\p{N}._@-])@([a-z0-9._-]+)/giu;
const TRAILING = /[.,;:!?…'"»”’*_~]$/u;

/** Splits a message at its links and at the names it calls. Every character of it is in exactly one part. */
export function textParts(body: string, mentions: readonly Mention[] = []): TextPart[] {
  if (mentions.length === 0) return linkParts(body);
  return linkParts(body).flatMap((part) =>
    part.kind === 'text' ? mentionParts(part.text, mentions) : [part],
  );
}

function mentionParts(text: string, mentions: readonly Mention[]): TextPart[] {
  const called = new Map(mentions.map((mention) => [mention.name.toLowerCase(), mention]));
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(NAME)) {
    const name = (match[1] ?? '').replace(/[.-]+$/u, '');
    const mention = called.get(name.toLowerCase());
    if (!mention) continue;
    const to = match.index + 1 + name.length;
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    parts.push({ kind: 'mention', text: text.slice(match.index, to), self: mention.self });
    from = to;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

function linkParts(body: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of body.matchAll(ADDRESS)) {
    const address = withoutTrailing(match[0]);
    const href = safeHref(address);
    if (!href) continue;
    if (match.index > from) parts.push({ kind: 'text', text: body.slice(from, match.index) });
    parts.push({ kind: 'link', text: address, href });
    from = match.index + address.length;
  }
  if (from < body.length) parts.push({ kind: 'text', text: body.slice(from) });
  return parts;
}

/** Punctuation that ends the sentence around a link does not belong to it; a bracket does if it was opened inside. */
function withoutTrailing(address: string): string {
  for (;;) {
    const unopened =
      (address.endsWith(')') && count(address, ')') > count(address, '(')) ||
      (address.endsWith(']') && count(address, ']') > count(address, '['));
    if (!unopened && !TRAILING.test(address)) return address;
    address = address.slice(0, -1);
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** The address, if it is one of the web. */
export function safeHref(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  return web && url.hostname ? url.href : undefined;
}

/** A message of a few emoji and nothing else is shown larger. */
export function isOnlyEmoji(body: string): boolean {
  return /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*\s?){1,6}$/u.test(
    body.trim(),
  );
}

/** What is being typed that could be completed: after `@` the name of somebody, after `:` that of an emoji. */
export interface Trigger {
  kind: 'person' | 'emoji';
  /** What stands after the sign so far. */
  query: string;
  /** Where the sign stands. */
  from: number;
}

/** A name with its `@`, at the beginning or after what cannot be part of an address. */
const PERSON = /(?:^|[^\p{L}\p{N}._@-])@([a-z0-9._-]*)$/iu;
/** Two letters at least: a colon is often just a colon, and so is `:)`. */
const EMOJI = /(?:^|[\s(])(?::([a-z0-9_+-]{2,}))$/iu;

/** What ends at the caret and could be completed, if anything. */
export function triggerAt(text: string, caret: number): Trigger | undefined {
  const before = text.slice(0, caret);
  const person = PERSON.exec(before)?.[1];
  if (person !== undefined) return trigger('person', person, caret);
  const emoji = EMOJI.exec(before)?.[1];
  return emoji === undefined ? undefined : trigger('emoji', emoji, caret);
}

function trigger(kind: Trigger['kind'], query: string, caret: number): Trigger {
  return { kind, query, from: caret - query.length - 1 };
}

/** The text with what was typed replaced, and where the caret is then. A space follows unless there is one. */
export function completed(
  text: string,
  caret: number,
  { from }: Trigger,
  replacement: string,
): { text: string; caret: number } {
  const after = text.slice(caret);
  const gap = /^\s/u.test(after) ? '' : ' ';
  const before = text.slice(0, from) + replacement;
  return { text: before + gap + after, caret: before.length + 1 };
}

const CODE = /:([a-z0-9_+-]+):/giu;

/** The text with every `:name:` of an emoji replaced by it, but for those in code. */
export function withEmoji(text: string, find: (name: string) => string | undefined): string {
  return text
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/u)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replace(CODE, (code, name: string) => find(name.toLowerCase()) ?? code),
    )
    .join('');
}

import { MarkdownNode, parseMarkdown } from './markdown';

/** The tree in short: `strong(text)`. */
function short(nodes: readonly MarkdownNode[]): string {
  return nodes
    .map((node) => {
      if (node.kind === 'table') {
        return `table(${[node.head, ...node.rows].map((row) => row.map((cell) => short([cell])).join('|')).join('/')})`;
      }
      if (node.kind === 'group') return short(node.children);
      if ('children' in node) return `${node.kind}(${short(node.children)})`;
      return node.kind === 'text'
        ? node.text
        : `${node.kind}${'text' in node ? `[${node.text}]` : ''}`;
    })
    .join('');
}
const tree = (body: string) => short(parseMarkdown(body));
/** All text, wherever it stands. */
const textOf = (nodes: readonly MarkdownNode[]): string =>
  nodes
    .map((node) => {
      if ('children' in node) return textOf(node.children);
      return 'text' in node ? node.text : '';
    })
    .join('');

describe('the Markdown of a message', () => {
  it.each([
    ['plain text', 'paragraph(plain text)'],
    ['one\ntwo', 'paragraph(onebreaktwo)'],
    ['one\n\ntwo', 'paragraph(one)paragraph(two)'],
    [
      '**bold** and *it* and ~~gone~~',
      'paragraph(strong(bold) and emphasis(it) and deleted(gone))',
    ],
    ['snake_case_name and 2 * 3 * 4', 'paragraph(snake_case_name and 2 * 3 * 4)'],
    ['say `a < b` now', 'paragraph(say inlineCode[a < b] now)'],
    ['```ts\nlet a = 1;\n```', 'code[let a = 1;]'],
    ['> quoted\n\nanswer', 'quote(paragraph(quoted))paragraph(answer)'],
    ['- a\n- b', 'list(item(a)item(b))'],
    ['3. c\n4. d', 'list(item(c)item(d))'],
    ['# Title', 'heading(Title)'],
    ['| a | b |\n|---|---|\n| 1 | 2 |', 'table(a|b/1|2)'],
    ['\\*not bold\\*', 'paragraph(*not bold*)'],
  ])('reads %j', (body, expected) => {
    expect(tree(body)).toBe(expected);
  });

  it.each([
    '<b onclick=alert(1)>x</b>',
    '<script>alert(1)</script>',
    '[id]: http://example.org',
    '&lt;b&gt; &amp; &nbsp;',
    '![alt](data:text/html,x)',
    '[x](javascript:alert(1))',
    '[x](vbscript:x)',
    '[x](//example.org)',
    '<javascript:alert(1)>',
  ])('shows %j as it was written', (body) => {
    expect(textOf(parseMarkdown(body))).toBe(body);
  });

  it('leads only to the web', () => {
    const [paragraph] = parseMarkdown('[here](https://example.org/a_b_c) or www.example.org');
    expect(JSON.stringify(paragraph)).toContain('"href":"https://example.org/a_b_c"');
    expect(JSON.stringify(paragraph)).toContain('"href":"http://www.example.org/"');
    expect(tree('https://example.org/_a_/b_c')).toBe(
      'paragraph(link[https://example.org/_a_/b_c])',
    );
    expect(tree('mail me@example.org')).toBe('paragraph(mail me@example.org)');
  });

  it('finds who is called, in bold too, but not in code', () => {
    const mentions = [{ name: 'bea', self: true }];
    expect(short(parseMarkdown('**@bea** `@bea`', mentions))).toBe(
      'paragraph(strong(mention[@bea]) inlineCode[@bea])',
    );
  });

  it.each([
    '>'.repeat(16_000),
    '*'.repeat(16_000),
    '['.repeat(16_000),
    '**a '.repeat(4_000),
    '_a*'.repeat(5_000),
    '_a*'.repeat(333),
    'a_'.repeat(1_000),
    '- '.repeat(8_000),
    '`'.repeat(16_000),
    '``` '.repeat(4_000),
    '![['.repeat(5_000),
    '<a '.repeat(5_000),
    'a|'.repeat(8_000),
    '\\'.repeat(16_000),
    'http://'.repeat(2_300),
    'a@'.repeat(8_000),
    `${'  - a\n'.repeat(10)}${' '.repeat(15_000)}`,
    Array.from({ length: 170 }, (_, depth) => `${' '.repeat(depth)}- a`).join('\n'),
  ])('is done soon, whatever it is given: %.20s', (body) => {
    const begun = performance.now();
    expect(parseMarkdown(body).length).toBeGreaterThan(0);
    // A quadratic parser would take seconds.
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});

import { isOnlyEmoji, TextPart, textParts } from './text-parts';

const links = (body: string) =>
  textParts(body).flatMap((part) => (part.kind === 'link' ? [part.href] : []));
const whole = (parts: TextPart[]) => parts.map(({ text }) => text).join('');

describe('the text of a message', () => {
  it.each([
    ['see https://example.org/a?b=c#d now', 'https://example.org/a?b=c#d'],
    ['(https://example.org/x)', 'https://example.org/x'],
    ['https://example.org/wiki/A_(b), yes', 'https://example.org/wiki/A_(b)'],
    ['Really: http://example.org/?!', 'http://example.org/'],
    ['HTTPS://EXAMPLE.ORG/Path.', 'https://example.org/Path'],
    ['https://münchen.example/straße', 'https://xn--mnchen-3ya.example/stra%C3%9Fe'],
  ])('links the address in "%s"', (body, href) => {
    expect(links(body)).toEqual([href]);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'xhttps://example.org',
    'https://',
    'example.org without a scheme',
  ])('makes no link of "%s"', (body) => {
    expect(links(body)).toEqual([]);
  });

  it('loses no character', () => {
    for (const body of ['a https://x.example/, b\n https://y.example.', '<b>&amp;</b>', '']) {
      expect(whole(textParts(body))).toBe(body);
    }
  });

  it('stops at quotes and angle brackets', () => {
    expect(links('<a href="https://example.org/x">')).toEqual(['https://example.org/x']);
  });

  it('knows a few emoji from words', () => {
    expect(isOnlyEmoji('🎉')).toBe(true);
    expect(isOnlyEmoji(' 👩‍💻 👍🏽 ')).toBe(true);
    expect(isOnlyEmoji('🎉 yes')).toBe(false);
    expect(isOnlyEmoji('12')).toBe(false);
    expect(isOnlyEmoji('🎉'.repeat(7))).toBe(false);
  });

  it('finds the names of those who are called, and of nobody else', () => {
    const mentions = [
      { name: 'bea', self: false },
      { name: 'ana.r', self: true },
    ];
    expect(textParts('Hi @bea, @Ana.R. and @chidi', mentions)).toEqual([
      { kind: 'text', text: 'Hi ' },
      { kind: 'mention', text: '@bea', self: false },
      { kind: 'text', text: ', ' },
      { kind: 'mention', text: '@Ana.R', self: true },
      { kind: 'text', text: '. and @chidi' },
    ]);
    expect(textParts('mail to x@bea', mentions)).toEqual([{ kind: 'text', text: 'mail to x@bea' }]);
  });
});

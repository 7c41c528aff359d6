import { ComponentFixture, TestBed } from '@angular/core/testing';
import { Drafts } from '../../core/chat/drafts';
import { Outbox } from '../../core/chat/outbox';
import { ChatHub } from '../../core/realtime/chat-hub';
import { Composer } from './composer';

describe('the composer', () => {
  let sent: string[];
  let drafts: Map<string, string>;
  let fixture: ComponentFixture<Composer>;

  beforeEach(async () => {
    sent = [];
    drafts = new Map();
    vi.stubGlobal('matchMedia', () => ({ matches: false }));
    TestBed.configureTestingModule({
      providers: [
        {
          provide: Outbox,
          useValue: { send: (id: string, body: string) => sent.push(`${id}: ${body}`) },
        },
        { provide: ChatHub, useValue: { typing: () => Promise.resolve() } },
        {
          provide: Drafts,
          useValue: {
            of: (id: string) => drafts.get(id) ?? '',
            set: (id: string, text: string) => drafts.set(id, text),
            open: () => undefined,
            close: () => undefined,
          },
        },
      ],
    });
    await open();
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  async function open(): Promise<void> {
    fixture = TestBed.createComponent(Composer);
    fixture.componentRef.setInput('conversationId', 'c');
    fixture.componentRef.setInput('name', 'Friday');
    document.body.append(fixture.nativeElement as HTMLElement);
    await fixture.whenStable();
  }

  const box = () =>
    (fixture.nativeElement as HTMLElement).querySelector<HTMLTextAreaElement>(
      'textarea[aria-label="Message Friday"]',
    ) as HTMLTextAreaElement;
  const button = () =>
    (fixture.nativeElement as HTMLElement).querySelector<HTMLButtonElement>(
      'button[aria-label="Send"]',
    ) as HTMLButtonElement;

  async function type(text: string): Promise<void> {
    box().value = text;
    box().dispatchEvent(new Event('input'));
    await fixture.whenStable();
  }

  function press(init: KeyboardEventInit): KeyboardEvent {
    const event = new KeyboardEvent('keydown', { key: 'Enter', cancelable: true, ...init });
    box().dispatchEvent(event);
    return event;
  }

  it('sends with Enter and empties itself', async () => {
    await type('hello\n');
    expect(press({}).defaultPrevented).toBe(true);
    expect(sent).toEqual(['c: hello']);
    expect(box().value).toBe('');
  });

  it('makes a new line with Shift+Enter', async () => {
    await type('hello');
    expect(press({ shiftKey: true }).defaultPrevented).toBe(false);
    expect(sent).toEqual([]);
  });

  it('never sends while an input method composes', async () => {
    await type('こんにちは');
    expect(press({ isComposing: true }).defaultPrevented).toBe(false);
    expect(press({ keyCode: 229 }).defaultPrevented).toBe(false);
    expect(sent).toEqual([]);
  });

  it('offers nothing to send while there is nothing', async () => {
    await type('  \n ');
    expect(button().disabled).toBe(true);
    press({});
    expect(sent).toEqual([]);
  });

  it('counts near the limit and stops at it, keeping the text', async () => {
    await type('x'.repeat(16_000));
    expect(fixture.nativeElement.textContent).toContain('384 characters left');
    await type('x'.repeat(16_385));
    expect(fixture.nativeElement.textContent).toContain('1 character too many');
    press({});
    expect(sent).toEqual([]);
    expect(box().value).toHaveLength(16_385);
  });

  it('keeps what was begun for the next time', async () => {
    await type('half a thought');
    fixture.destroy();
    expect(drafts.get('c')).toBe('half a thought');
    await open();
    expect(box().value).toBe('half a thought');
  });
});

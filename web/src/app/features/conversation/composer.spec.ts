import { ComponentFixture, TestBed } from '@angular/core/testing';
import { message, page, user } from '../../../testing/builders';
import { AuthApi } from '../../core/api/auth-api';
import { ConversationsApi } from '../../core/api/conversations-api';
import { PeopleApi } from '../../core/api/people-api';
import { Problem } from '../../core/api/problem';
import { SessionStore } from '../../core/auth/session-store';
import { Drafts } from '../../core/chat/drafts';
import { MessagesStore } from '../../core/chat/messages-store';
import { Outbox } from '../../core/chat/outbox';
import { ChatHub } from '../../core/realtime/chat-hub';
import { Composer } from './composer';
import { MessageActions } from './message-actions';

const own = message(2, { senderId: 'ana', body: 'tpyo' });
const said = [message(1), own, message(3)];

describe('the composer', () => {
  let sent: string[];
  let places: object[];
  let edited: string[];
  let refuse: boolean;
  let drafts: Map<string, string>;
  let fixture: ComponentFixture<Composer>;

  beforeEach(async () => {
    sent = [];
    places = [];
    edited = [];
    refuse = false;
    drafts = new Map();
    vi.stubGlobal('matchMedia', () => ({ matches: false }));
    TestBed.configureTestingModule({
      providers: [
        {
          provide: Outbox,
          useValue: {
            send: (id: string, body: string, place: object) => {
              sent.push(`${id}: ${body}`);
              places.push(place);
            },
          },
        },
        {
          provide: ChatHub,
          useValue: {
            typing: () => Promise.resolve(),
            editMessage: (_id: string, messageId: string, body: string) => {
              edited.push(`${messageId}: ${body}`);
              return refuse ? Promise.reject(new Problem('forbidden')) : Promise.resolve();
            },
          },
        },
        {
          provide: ConversationsApi,
          useValue: {
            messages: () => Promise.resolve({ ...page(1, 3), messages: said }),
            members: () =>
              Promise.resolve(
                ['ben', 'bea', 'cyd'].map((name) => ({
                  user: user({ id: name, username: name, displayName: name.toUpperCase() }),
                })),
              ),
          },
        },
        { provide: PeopleApi, useValue: { get: (id: string) => Promise.resolve(user({ id })) } },
        { provide: AuthApi, useValue: {} },
        MessageActions,
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
    TestBed.inject(SessionStore).setUser(user());
    await TestBed.inject(MessagesStore).open('c');
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
      'textarea',
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

  describe('completing', () => {
    const host = () => fixture.nativeElement as HTMLElement;
    const options = () =>
      [...host().querySelectorAll('[role=option]')].map((option) => option.textContent.trim());
    const active = () => {
      const id = box().getAttribute('aria-activedescendant');
      return id ? host().querySelector(`#${id}`)?.textContent.trim() : undefined;
    };

    it('offers the members whose names begin like what follows an @, and takes one with Enter', async () => {
      await type('hello @be');
      await vi.waitFor(() => {
        expect(options()).toHaveLength(2);
      });
      expect(active()).toContain('@ben');
      press({ key: 'ArrowDown' });
      await fixture.whenStable();
      expect(active()).toContain('@bea');
      expect(press({}).defaultPrevented).toBe(true);
      await fixture.whenStable();
      expect(box().value).toBe('hello @bea ');
      expect(options()).toEqual([]);
      expect(sent).toEqual([]);
    });

    it('leaves Enter to whoever has typed the whole name', async () => {
      await type('@ben');
      await vi.waitFor(() => {
        expect(options()).toHaveLength(1);
      });
      press({});
      expect(sent).toEqual(['c: @ben']);
    });

    it('is left with Escape, and Enter sends then', async () => {
      await type('@be');
      await vi.waitFor(() => {
        expect(options()).toHaveLength(2);
      });
      press({ key: 'Escape' });
      await fixture.whenStable();
      expect(options()).toEqual([]);
      press({});
      expect(sent).toEqual(['c: @be']);
    });

    it('offers emoji by name, and takes one with Tab', async () => {
      await type('done :tad');
      await vi.waitFor(() => {
        expect(active()).toContain(':tada:');
      });
      press({ key: 'Tab' });
      await fixture.whenStable();
      expect(box().value).toBe('done 🎉 ');
    });

    it('sends the emoji for a name that was typed to its end', async () => {
      await type('done :tada');
      await vi.waitFor(() => {
        expect(active()).toContain(':tada:');
      });
      await type('done :tada:');
      press({});
      expect(sent).toEqual(['c: done 🎉']);
    });
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

  const actions = () => TestBed.inject(MessageActions);
  const pressKey = async (key: string) => {
    box().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    await fixture.whenStable();
  };

  it('edits the last own message by arrow-up when it is empty', async () => {
    await pressKey('ArrowUp');
    expect(box().value).toBe('tpyo');
    await type('typo');
    await pressKey('Enter');
    expect(edited).toEqual(['m2: typo']);
    expect(sent).toEqual([]);
    expect(box().value).toBe('');
    expect(actions().mode()).toBeUndefined();
  });

  it('begins the edit before the next key arrives, and keeps what that key writes', async () => {
    box().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
    expect(box().value).toBe('tpyo');
    box().value = 'tpyo!';
    box().dispatchEvent(new Event('input'));
    await fixture.whenStable();
    expect(box().value).toBe('tpyo!');
  });

  it('does not take the arrow from what was begun', async () => {
    await type('half a thought');
    await pressKey('ArrowUp');
    expect(actions().mode()).toBeUndefined();
  });

  it('gives back what was begun when an edit is over, and never takes the edit for a draft', async () => {
    await type('half a thought');
    actions().begin('edit', own);
    await fixture.whenStable();
    await type('something else');
    fixture.destroy();
    expect(drafts.get('c')).toBe('half a thought');
    await open();
    actions().endMode();
    await fixture.whenStable();
    expect(box().value).toBe('half a thought');
  });

  it('keeps the text of an edit that the server refused', async () => {
    refuse = true;
    await pressKey('ArrowUp');
    await type('typo');
    await pressKey('Enter');
    expect(box().value).toBe('typo');
    expect(actions().problem()).toBe('You are not allowed to do this.');
    await pressKey('Escape');
    expect(box().value).toBe('');
  });

  it('says what a message answers, once, and goes on in a thread', async () => {
    actions().begin('reply', said[0] ?? own);
    await type('yes');
    await pressKey('Enter');
    await type('and more');
    await pressKey('Enter');
    fixture.componentRef.setInput('threadOf', 'm2');
    await type('in the thread');
    await pressKey('Enter');
    await type('still there');
    await pressKey('Enter');
    expect(places).toEqual([
      { replyTo: { messageId: 'm1', seq: 1, senderId: 'bea' } },
      {},
      { threadOf: 'm2' },
      { threadOf: 'm2' },
    ]);
  });
});

import { ChatHub } from '../realtime/chat-hub';

const REPEAT_MS = 3_000;
const PAUSE_MS = 5_000;

/** Tells one conversation that its reader is typing: at once, then every three seconds, and when it stops. */
export class TypingSender {
  private lastSent = 0;
  private pause?: ReturnType<typeof setTimeout>;

  constructor(
    private readonly hub: ChatHub,
    private readonly conversationId: string,
  ) {}

  /** After every change of the text. */
  changed(text: string): void {
    if (text.trim() === '') {
      this.stop();
      return;
    }
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.stop();
    }, PAUSE_MS);
    const now = Date.now();
    if (now - this.lastSent < REPEAT_MS) return;
    this.lastSent = now;
    this.tell(true);
  }

  /** The text was cleared or left. */
  stop(): void {
    if (this.lastSent > 0) this.tell(false);
    this.silence();
  }

  /** The text was sent: the message itself ends the typing. */
  silence(): void {
    clearTimeout(this.pause);
    this.lastSent = 0;
  }

  /** Typing may be lost; nobody waits for it. */
  private tell(isTyping: boolean): void {
    this.hub.typing(this.conversationId, isTyping).catch(() => undefined);
  }
}

import { computed, inject, Injectable, signal } from '@angular/core';
import { toProblem } from '../../core/api/problem';
import { Message } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { OutgoingEntry } from '../../core/chat/outbox-queue';
import { ReadMarkers } from '../../core/chat/read-markers';
import { ChatHub } from '../../core/realtime/chat-hub';
import { problemText } from '../../shared/texts';
import { permissionsOn } from './message-permissions';

/** What the composer writes, if not simply the next message. */
export interface ComposerMode {
  readonly kind: 'reply' | 'edit' | 'thread';
  /** The message that is answered, edited, or that the thread hangs on. */
  readonly message: Message;
}

/** For as long as this the server lets an author take a deletion back. */
const UNDO_MS = 10_000;

/** What can be done with the messages of one open conversation. Its effect comes back as an event, like everybody's. */
@Injectable()
export class MessageActions {
  private readonly hub = inject(ChatHub);
  private readonly session = inject(SessionStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly messages = inject(MessagesStore);
  private readonly readMarkers = inject(ReadMarkers);

  private readonly modeSignal = signal<ComposerMode | undefined>(undefined);
  private readonly takenBackSignal = signal<OutgoingEntry | undefined>(undefined);
  private readonly problemSignal = signal('');
  private readonly undoable = signal<ReadonlySet<string>>(new Set());
  private readonly threads = signal<ReadonlySet<string>>(new Set());

  readonly mode = this.modeSignal.asReadonly();
  /** What was not sent and is to be written again. */
  readonly takenBack = this.takenBackSignal.asReadonly();
  /** What went wrong last, until the next attempt. */
  readonly problem = this.problemSignal.asReadonly();
  private readonly ownId = computed(() => this.session.user()?.id ?? '');

  permissions(message: Message) {
    return permissionsOn(message, this.conversations.find(message.conversationId), this.ownId());
  }

  begin(kind: ComposerMode['kind'], message: Message): void {
    if (kind === 'thread') this.showThread(message.messageId, true);
    this.modeSignal.set({ kind, message });
  }

  /** Puts what was not sent back into the composer, together with what it answers. */
  takeBack(entry: OutgoingEntry): void {
    const answered = entry.threadOf ?? entry.replyTo?.messageId;
    const message = answered && this.messages.find(entry.conversationId, answered);
    if (message) this.begin(entry.threadOf ? 'thread' : 'reply', message);
    this.takenBackSignal.set(entry);
  }

  endMode(): void {
    this.modeSignal.set(undefined);
    this.problemSignal.set('');
  }

  isThreadShown(rootId: string): boolean {
    return this.threads().has(rootId);
  }

  showThread(rootId: string, shown: boolean): void {
    this.threads.update((ids) => {
      const next = new Set(ids);
      if (shown) next.add(rootId);
      else next.delete(rootId);
      return next;
    });
  }

  /** Whether the reader deleted this message just now. */
  mayUndo(message: Message): boolean {
    return message.deletedAt !== undefined && this.undoable().has(message.messageId);
  }

  /** False when the server would not have it; the text is then still the composer's. */
  saveEdit({ conversationId, messageId }: Message, body: string): Promise<boolean> {
    return this.attempt(() => this.hub.editMessage(conversationId, messageId, body));
  }

  async delete(message: Message): Promise<void> {
    const { conversationId, messageId, senderId } = message;
    const isDone = await this.attempt(() => this.hub.deleteMessage(conversationId, messageId));
    if (this.mode()?.message.messageId === messageId) this.endMode();
    if (!isDone || senderId !== this.ownId()) return;
    this.undoable.update((ids) => new Set(ids).add(messageId));
    setTimeout(() => {
      this.forgetUndo(messageId);
    }, UNDO_MS);
  }

  async restore({ conversationId, messageId }: Message): Promise<void> {
    await this.attempt(() => this.hub.restoreMessage(conversationId, messageId));
    this.forgetUndo(messageId);
  }

  toggleReaction({ conversationId, messageId, reactions }: Message, emoji: string): void {
    const given = reactions?.find((reaction) => reaction.emoji === emoji)?.userIds ?? [];
    void this.attempt(() =>
      given.includes(this.ownId())
        ? this.hub.removeReaction(conversationId, messageId, emoji)
        : this.hub.addReaction(conversationId, messageId, emoji),
    );
  }

  togglePin({ conversationId, messageId, pinnedAt }: Message): void {
    void this.attempt(() =>
      pinnedAt
        ? this.hub.unpinMessage(conversationId, messageId)
        : this.hub.pinMessage(conversationId, messageId),
    );
  }

  markUnread({ conversationId, seq }: Message): void {
    void this.attempt(() => this.readMarkers.markUnread(conversationId, seq));
  }

  private forgetUndo(messageId: string): void {
    this.undoable.update((ids) => new Set([...ids].filter((id) => id !== messageId)));
  }

  private async attempt(action: () => Promise<unknown>): Promise<boolean> {
    this.problemSignal.set('');
    try {
      await action();
      return true;
    } catch (error) {
      this.problemSignal.set(problemText(toProblem(error)));
      return false;
    }
  }
}

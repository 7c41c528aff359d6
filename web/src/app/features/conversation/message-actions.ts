import { computed, inject, Injectable, signal } from '@angular/core';
import { Router } from '@angular/router';
import { toProblem } from '../../core/api/problem';
import { Message } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { OutgoingEntry } from '../../core/chat/outbox-queue';
import { ReadMarkers } from '../../core/chat/read-markers';
import { ChatHub } from '../../core/realtime/chat-hub';
import { copyText } from '../../shared/copy-text';
import { problemText } from '../../shared/texts';
import { permissionsOn } from './message-permissions';

/** What the composer writes, if not simply the next message. */
export interface ComposerMode {
  readonly kind: 'reply' | 'edit';
  /** The message that is answered or edited. */
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
  private readonly router = inject(Router);

  private readonly modeSignal = signal<ComposerMode | undefined>(undefined);
  private readonly takenBackSignal = signal<OutgoingEntry | undefined>(undefined);
  private readonly problemSignal = signal('');
  private readonly undoable = signal<ReadonlySet<string>>(new Set());

  /** Which conversation's messages these are. */
  conversationId = '';

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
    this.modeSignal.set({ kind, message });
  }

  /** Puts what was not sent back into the composer, together with what it answers. */
  takeBack(entry: OutgoingEntry): void {
    const { conversationId, replyTo } = entry;
    const message = replyTo && this.messages.find(conversationId, replyTo.messageId, replyTo.seq);
    if (message) this.begin('reply', message);
    this.takenBackSignal.set(entry);
  }

  endMode(): void {
    this.modeSignal.set(undefined);
    this.problemSignal.set('');
  }

  /** Shows the thread of a message beside the conversation, and there the reply with this seq. */
  openThread(rootId: string, seq?: number): void {
    void this.router.navigate([...this.place(), 'thread', rootId, ...(seq ? [seq] : [])]);
  }

  openMessage(seq: number): void {
    void this.router.navigate([...this.place(), seq]);
  }

  closeThread(): void {
    void this.router.navigate(this.place());
  }

  /** The address of a message, for others to open. */
  async copyLink({ seq }: Message): Promise<void> {
    const path = this.router.createUrlTree([...this.place(), seq]).toString();
    await copyText(new URL(path, location.origin).href);
  }

  copyText({ body }: Message): Promise<void> {
    return copyText(body);
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

  private place(): string[] {
    return ['/c', this.conversationId];
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

import { Service } from '@angular/core';
import { DBSchema, IDBPDatabase } from 'idb';
import { OutgoingEntry } from '../chat/outbox-queue';
import { open, outboxName } from './databases';

interface OutboxSchema extends DBSchema {
  entries: { key: string; value: OutgoingEntry };
}

/**
 * Where what was written waits until the server has it: on this device, for the person who wrote it, through reloads,
 * crashes and expired sign-ins. Where the browser keeps nothing, it waits in memory alone.
 */
@Service()
export class OutboxStorage {
  private userId?: string;
  private database?: Promise<IDBPDatabase<OutboxSchema>>;
  private isBroken = typeof indexedDB === 'undefined';

  async load(userId: string): Promise<OutgoingEntry[]> {
    return (await this.attempt(userId, (database) => database.getAll('entries'))) ?? [];
  }

  async put(userId: string, entry: OutgoingEntry): Promise<void> {
    await this.attempt(userId, (database) => database.put('entries', entry));
  }

  async remove(userId: string, clientId: string): Promise<void> {
    await this.attempt(userId, (database) => database.delete('entries', clientId));
  }

  private async attempt<T>(
    userId: string,
    action: (database: IDBPDatabase<OutboxSchema>) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.isBroken) return undefined;
    try {
      return await action(await this.open(userId));
    } catch (error) {
      if (!this.isBroken) console.warn('Unsent messages will not survive a reload.', error);
      this.isBroken = true;
      return undefined;
    }
  }

  private open(userId: string): Promise<IDBPDatabase<OutboxSchema>> {
    if (!this.database || this.userId !== userId) {
      this.userId = userId;
      this.database = open<OutboxSchema>(outboxName(userId), (database) => {
        database.createObjectStore('entries', { keyPath: 'clientId' });
      });
    }
    return this.database;
  }
}

import { DBSchema, deleteDB, IDBPDatabase, openDB, OpenDBCallbacks } from 'idb';

const PREFIX = 'hubbub.';
const ARCHIVES = `${PREFIX}archive.`;

/** What was received for one person of one history of a server. */
export function archiveName(userId: string, epoch: string): string {
  return `${ARCHIVES}${userId}.${epoch}`;
}

/** What one person has written and the server does not have yet. Outlives histories. */
export function outboxName(userId: string): string {
  return `${PREFIX}outbox.${userId}`;
}

/**
 * Opens a database, which is created if it is not there. It gives way at once to a tab that deletes it: what is asked
 * of it afterwards fails.
 */
export function open<S extends DBSchema>(
  name: string,
  create: NonNullable<OpenDBCallbacks<S>['upgrade']>,
): Promise<IDBPDatabase<S>> {
  return openDB<S>(name, 1, {
    upgrade: create,
    blocking: (_current, _wanted, event) => {
      (event.target as IDBDatabase).close();
    },
  });
}

/** Deletes what was received of other histories of the server, or for other people. */
export async function deleteArchives(except: string): Promise<void> {
  await deleteWhere((name) => name.startsWith(ARCHIVES) && name !== except);
}

/** Deletes everything that was ever kept here, whoever it belonged to. */
export function deleteEverything(): Promise<void> {
  return deleteWhere((name) => name.startsWith(PREFIX));
}

async function deleteWhere(isDeleted: (name: string) => boolean): Promise<void> {
  const databases = await indexedDB.databases();
  const names = databases.flatMap(({ name }) => (name && isDeleted(name) ? [name] : []));
  await Promise.all(names.map((name) => deleteDB(name)));
}

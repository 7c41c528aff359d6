import * as fake from 'fake-indexeddb';

/** What IndexedDB brings, as globals; jsdom has none of it. */
const CLASSES = {
  IDBCursor: fake.IDBCursor,
  IDBCursorWithValue: fake.IDBCursorWithValue,
  IDBDatabase: fake.IDBDatabase,
  IDBFactory: fake.IDBFactory,
  IDBIndex: fake.IDBIndex,
  IDBKeyRange: fake.IDBKeyRange,
  IDBObjectStore: fake.IDBObjectStore,
  IDBOpenDBRequest: fake.IDBOpenDBRequest,
  IDBRequest: fake.IDBRequest,
  IDBTransaction: fake.IDBTransaction,
  IDBVersionChangeEvent: fake.IDBVersionChangeEvent,
};

/** Gives each test of the suite an IndexedDB of its own, and takes it away again. */
export function useFakeStorage(): void {
  beforeEach(() => {
    for (const [name, value] of Object.entries(CLASSES)) vi.stubGlobal(name, value);
    emptyStorage();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    localStorage.clear();
  });
}

/** A browser in which nothing was ever kept. */
export function emptyStorage(): void {
  vi.stubGlobal('indexedDB', new fake.IDBFactory());
  localStorage.clear();
}

/** Time for what is read and written to be read and written, where the clock stands still. */
export async function disk(): Promise<void> {
  const { setImmediate } = globalThis as unknown as { setImmediate: (done: () => void) => void };
  for (let turn = 0; turn < 12; turn++) await new Promise<void>((done) => setImmediate(done));
}

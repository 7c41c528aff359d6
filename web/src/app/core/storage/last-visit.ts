import { User } from '../api/generated/models';

/** Who was here last, and which history of the server was read: enough to show what was kept of it. */
export interface LastVisit {
  user: User;
  /** Known once the server has told it. */
  epoch?: string;
}

const KEY = 'hubbub.lastVisit';

export function lastVisit(): LastVisit | undefined {
  try {
    const text = localStorage.getItem(KEY);
    return text ? (JSON.parse(text) as LastVisit) : undefined;
  } catch {
    return undefined;
  }
}

/** A forbidden or full storage costs only the next visit's quick start. */
export function rememberVisit(visit: LastVisit): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(visit));
  } catch {
    // Then so be it.
  }
}

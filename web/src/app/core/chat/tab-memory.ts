/**
 * What a person typed but the server does not have yet outlives a reload: kept for this tab, and only for the
 * person who typed it. Emptied by signing out.
 */
export function recall<T>(key: string, userId: string): T | undefined {
  try {
    const text = sessionStorage.getItem(key);
    const kept = text ? (JSON.parse(text) as { userId: string; value: T }) : undefined;
    return kept?.userId === userId ? kept.value : undefined;
  } catch {
    return undefined;
  }
}

export function keep(key: string, userId: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify({ userId, value }));
  } catch {
    // A full or forbidden storage costs only the survival of a reload.
  }
}

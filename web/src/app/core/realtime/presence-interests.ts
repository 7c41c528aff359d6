/**
 * Whom each tab watches over the connection that they share: the server watches for the connection, so that one tab
 * must not end what another still wants.
 */
export class PresenceInterests {
  private readonly watched = new Map<string, Set<string>>();

  watch(tab: string, userIds: readonly string[]): void {
    const own = this.watched.get(tab) ?? new Set();
    for (const id of userIds) own.add(id);
    this.watched.set(tab, own);
  }

  /** Those whom nobody watches any more. */
  unwatch(tab: string, userIds: readonly string[]): string[] {
    const own = this.watched.get(tab);
    for (const id of userIds) own?.delete(id);
    return userIds.filter((id) => ![...this.watched.values()].some((ids) => ids.has(id)));
  }

  /** The tab is gone: those whom only it watched. */
  leave(tab: string): string[] {
    const own = [...(this.watched.get(tab) ?? [])];
    this.watched.delete(tab);
    return this.unwatch(tab, own);
  }
}

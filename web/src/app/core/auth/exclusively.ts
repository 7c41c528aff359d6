/**
 * Runs a task while no other tab runs one of the same name. Web Locks exist only on secure pages; elsewhere (plain
 * HTTP in a home network) the server's ten seconds of grace for a repeated refresh have to do.
 */
export function exclusively<T>(name: string, task: () => Promise<T>): Promise<T> {
  // The type says that locks always exist, which is true of secure pages alone.
  const locks = globalThis.navigator.locks as LockManager | undefined;
  return locks ? locks.request(name, task) : task();
}

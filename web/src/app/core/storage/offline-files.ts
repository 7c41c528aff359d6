import { isDevMode } from '@angular/core';

/** Late enough not to compete with what is on screen. */
const DELAY_MS = 2_000;

/**
 * Has the browser keep the client's own files, so that a reload works without a network. Service workers exist on
 * secure pages alone.
 */
export function keepFiles(): void {
  // The type says that they always exist.
  const workers = globalThis.navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!workers || isDevMode()) return;
  setTimeout(() => {
    workers.register('/service-worker.js').catch((error: unknown) => {
      console.warn('Hubbub cannot be opened without a network on this device.', error);
    });
  }, DELAY_MS);
}

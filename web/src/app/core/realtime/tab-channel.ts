import { DestroyRef, inject, InjectionToken } from '@angular/core';

/** A way to the other tabs of this browser; what is posted is heard by all of them but this one. */
export interface TabChannel<T> {
  post(news: T): void;
  listen(hear: (news: T) => void): void;
  close(): void;
}

/** Opens the channel of a name. */
export const TAB_CHANNELS = new InjectionToken<<T>(name: string) => TabChannel<T>>('TAB_CHANNELS', {
  factory: () => openChannel,
});

/** The channel of a name for as long as the caller lives. Call where services are made. */
export function tabChannel<T>(name: string): TabChannel<T> {
  const channel = inject(TAB_CHANNELS)<T>(name);
  inject(DestroyRef).onDestroy(() => {
    channel.close();
  });
  return channel;
}

function openChannel<T>(name: string): TabChannel<T> {
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name);
  return {
    post: (news) => channel?.postMessage(news),
    listen: (hear) => {
      channel?.addEventListener('message', (event: MessageEvent<T>) => {
        hear(event.data);
      });
    },
    close: () => channel?.close(),
  };
}

// Shows notifications, and keeps the client's own files, and nothing else, so that a reload without a network shows the application and what
// it has kept of the conversations. The list of the files and its digest are put before this text by the build.
//
// A page is always asked of the server first: whoever has a network has the newest version. The files that a version
// consists of never change, and come from here once they are here.

/* global FILES, VERSION */
const PREFIX = 'hubbub-files-';
const CACHE = PREFIX + VERSION;
const PAGE = '/index.html';
const known = new Set(FILES);

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(FILES);
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      // Pages of the version before may be open, and still have to find their parts.
      const mine = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
      const kept = new Set([CACHE, ...mine.filter((name) => name !== CACHE).slice(-1)]);
      await Promise.all(mine.filter((name) => !kept.has(name)).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    // The server's own pages are not the client's.
    if (/^\/(api|hubs|docs|health)(\/|$)/.test(url.pathname) || url.pathname.includes('.')) return;
    event.respondWith(page(request));
  } else if (known.has(url.pathname) || /-[\w-]{8}\.(js|css|woff2)$/.test(url.pathname)) {
    event.respondWith(file(request));
  }
});

// A notification leads to its conversation, in a page that is open if there is one.
self.addEventListener('notificationclick', (event) => {
  const { path } = event.notification.data;
  event.notification.close();
  event.waitUntil(
    (async () => {
      const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
      const page = pages.find(({ visibilityState }) => visibilityState === 'visible') ?? pages[0];
      if (!page) return self.clients.openWindow(path);
      await page.focus();
      page.postMessage({ open: path });
    })(),
  );
});

async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

async function file(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? (await caches.match(request)) ?? fetch(request);
}

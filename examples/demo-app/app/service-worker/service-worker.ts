// Keeps the shell of the app, index.html and the files that it names, so that the app starts without a server. Rows are not its
// affair: the tables keep them. docs/offline.md says how it works, and has this file for other apps.

declare const self: ServiceWorkerGlobalScope

/** How long a server may take to answer a start before what is kept is shown, in ms. */
const patience = 2_000
const store = 'shell'
/** The addresses of what is kept: the index.html that was answered last, and the one before it. */
const latest = '/'
const former = '/?former'

self.addEventListener('install', (event) => {
  event.waitUntil(fetch(latest).then(keep))
  // This file knows no version of the app: it keeps whatever index.html names. So a new one can do the work of the old one for
  // pages of any version at once, and a mistake in the old one does not last until the last window is closed.
  void self.skipWaiting()
})

// Also the page that was loaded before there was a worker gets from here what it loads later.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== location.origin || pathname.startsWith('/api/')) return
  if (pathname.startsWith('/assets/')) event.respondWith(file(event.request))
  else if (mode === 'navigate') event.respondWith(start(event))
})

/** A file's name changes with its content, so one that is kept is right. */
async function file(request: Request): Promise<Response> {
  return (await kept(request)) ?? fetch(request)
}

/** The server's own answer; or what is kept, where the server is out of reach, fails, or takes too long. */
async function start(event: FetchEvent): Promise<Response> {
  const asked = fetch(event.request)
  // It is kept also where it comes too late, for the next start. What cannot be kept leaves things as they are.
  event.waitUntil(asked.then((answer) => keep(answer.clone())).catch(() => undefined))
  const shell = await kept(latest)
  if (shell === undefined) return asked
  const answered = asked.then(
    (answer) => (answer.status < 500 ? answer : shell),
    () => shell,
  )
  return Promise.race([answered, new Promise<Response>((resolve) => setTimeout(resolve, patience, shell))])
}

/** A store that fails costs the start without a server, not the start with one. */
function kept(address: Request | string): Promise<Response | undefined> {
  return caches.match(address, { cacheName: store, ignoreVary: true }).catch(() => undefined)
}

/**
 * Keeps an index.html together with all files that it names. Those that the one before names stay, for a window that still shows
 * that version may load more of them; other files go.
 *
 * @throws Error where it is not the app's, or one of its files is not to be had: then it is not kept, and nothing goes
 */
async function keep(answer: Response): Promise<void> {
  const html = await answer.clone().text()
  const files = filesIn(html)
  if (!answer.ok || answer.redirected || files.length === 0) throw new Error(`${answer.url} did not answer with the app`)

  // One after the other, also while an old worker and a new one are at work.
  await navigator.locks.request(store, async () => {
    const cache = await caches.open(store)
    const before = await cache.match(latest)
    const htmlBefore = (await before?.clone().text()) ?? ''
    if (html === htmlBefore) return

    const present = new Set((await cache.keys()).map(addressOf))
    await cache.addAll(files.filter((name) => !present.has(name)))
    if (before !== undefined) await cache.put(former, before)
    // Only now: an index.html without its files would be a blank page.
    await cache.put(latest, answer)

    const needed = new Set([latest, former, ...files, ...filesIn(htmlBefore)])
    await Promise.all([...present].filter((address) => !needed.has(address)).map((address) => cache.delete(address)))
  })
}

function filesIn(html: string): readonly string[] {
  return [...new Set([...html.matchAll(/"(\/assets\/[^"]+)"/g)].flatMap(([, name = '']) => name))]
}

function addressOf({ url }: Request): string {
  return url.slice(location.origin.length)
}

import type { ServerAddress } from '../shared/session.ts'
import type { Page } from './build.ts'

/** Answers requests for the page; `/config.json` tells it where its backend is. */
export function servePage(page: Page, address: () => ServerAddress): (request: Request) => Response {
  return (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/config.json') {
      const { url, supabaseUrl, anonKey } = address()
      return Response.json({ url, supabaseUrl, anonKey } satisfies ServerAddress)
    }
    const file = page.get(pathname === '/' ? '/index.html' : pathname)
    if (file === undefined) return new Response('Not found', { status: 404 })
    const isHashed = pathname.startsWith('/assets/')
    return new Response(file.body, {
      headers: {
        'content-type': file.type,
        'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
    })
  }
}

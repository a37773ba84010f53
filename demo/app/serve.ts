import { randomBytes } from 'node:crypto'
import type { ServerAddress } from '../shared/session.ts'
import type { Page } from './build.ts'

/** Answers requests for the page; `/config.json` tells it where its backend is. */
export function servePage(page: Page, address: () => ServerAddress): (request: Request) => Response {
  return (request) => {
    const { pathname, origin } = new URL(request.url)
    if (pathname === '/config.json') {
      const { url, supabaseUrl, anonKey } = address()
      return Response.json({ url, supabaseUrl, anonKey } satisfies ServerAddress)
    }
    const file = page.get(pathname === '/' ? '/index.html' : pathname)
    if (file === undefined) return new Response('Not found', { status: 404 })
    if (file.type.startsWith('text/html')) {
      const { url, supabaseUrl } = address()
      return answerDocument(new TextDecoder().decode(file.body), [origin, url, supabaseUrl])
    }
    const isHashed = pathname.startsWith('/assets/')
    return new Response(file.body, {
      headers: {
        'content-type': file.type,
        'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
    })
  }
}

/** The page asks whether the Stately inspector can be reached before it says that it cannot. */
const inspectorOrigin = 'https://stately.ai'

/** The document, which runs its own scripts only, makes no markup from strings, and talks to the servers it needs only. */
function answerDocument(html: string, servers: readonly string[]): Response {
  const nonce = randomBytes(16).toString('base64url')
  const origins = [...new Set(servers.map((server) => new URL(server).origin))]
  // Not every browser takes 'self' for the websockets of the page's own server.
  const reached = origins.flatMap((origin) => [origin, origin.replace(/^http/, 'ws')])
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    `connect-src 'self' ${reached.join(' ')} ${inspectorOrigin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]
  return new Response(html.replace('</head>', `<meta property="csp-nonce" nonce="${nonce}"></head>`), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policy.join('; '),
    },
  })
}

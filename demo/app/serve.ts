import { randomBytes } from 'node:crypto'
import type { ServerAddress } from '../shared/session.ts'
import type { Page } from './build.ts'

/** Answers requests for the page; `/config.json` tells it where its backend is. */
export function servePage(page: Page, address: () => ServerAddress): (request: Request) => Response {
  const nonce = randomBytes(16).toString('base64url')
  return (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/config.json') {
      const { url, supabaseUrl, anonKey } = address()
      return Response.json({ url, supabaseUrl, anonKey } satisfies ServerAddress)
    }
    const file = page.get(pathname === '/' ? '/index.html' : pathname)
    if (file === undefined) return new Response('Not found', { status: 404 })
    if (file.type.startsWith('text/html')) return answerDocument(new TextDecoder().decode(file.body), nonce, address())
    const isHashed = pathname.startsWith('/assets/')
    return new Response(file.body, {
      headers: {
        'content-type': file.type,
        'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
    })
  }
}

/** The document, which runs its own scripts only, takes no markup from strings, and talks to its own servers only. */
function answerDocument(html: string, nonce: string, { url, supabaseUrl }: ServerAddress): Response {
  const origins = new Set([url, supabaseUrl].map((one) => new URL(one).origin))
  const servers = [...origins].flatMap((origin) => [origin, origin.replace(/^http/, 'ws')])
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    `connect-src 'self' ${servers.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]
  const body = html.replace('</head>', `<meta property="csp-nonce" nonce="${nonce}"></head>`)
  return new Response(body, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy': policy.join('; '),
    },
  })
}

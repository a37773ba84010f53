import { expect, it } from 'vitest'
import { servePage } from '../../demo/app/serve.ts'

const html = '<!doctype html><html><head><title>Demo</title></head><body></body></html>'
const page = new Map([
  ['/index.html', { type: 'text/html; charset=utf-8', body: new Uint8Array(new TextEncoder().encode(html)) }],
])
const address = { url: 'http://127.0.0.1:5173', supabaseUrl: 'https://abc.supabase.co/', anonKey: 'key' }
const open = (url: string) => servePage(page, () => address)(new Request(url))
const policyOf = (response: Response) =>
  new Map(
    (response.headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ')
      return [name, sources.join(' ')]
    }),
  )

it('the page comes with a strict policy, which lets it talk to the servers it needs only', () => {
  const policy = policyOf(open('http://127.0.0.1:5173/'))
  expect(policy.get('default-src')).toBe("'none'")
  expect(policy.get('script-src')).toBe("'self'")
  expect(policy.get('require-trusted-types-for')).toBe("'script'")
  expect(policy.get('connect-src')?.split(' ').toSorted()).toEqual([
    "'self'",
    'http://127.0.0.1:5173',
    'https://abc.supabase.co',
    'https://stately.ai',
    'ws://127.0.0.1:5173',
    'wss://abc.supabase.co',
  ])
  expect([...policy.values()].filter((sources) => /unsafe|\*/.test(sources))).toEqual([])
})

it('under another name of the server, the page may talk to it by that name', () => {
  expect(policyOf(open('http://localhost:5173/')).get('connect-src')).toContain('ws://localhost:5173')
})

it('each page bears a nonce of its own, which its styles need', async () => {
  const nonces = [open('http://127.0.0.1:5173/'), open('http://127.0.0.1:5173/')].map(async (response) => {
    const nonce = /'nonce-([\w-]{20,})'/.exec(policyOf(response).get('style-src') ?? '')?.[1]
    expect(await response.text()).toContain(`<meta property="csp-nonce" nonce="${nonce}"></head>`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    return nonce
  })
  expect(new Set(await Promise.all(nonces)).size).toBe(2)
})

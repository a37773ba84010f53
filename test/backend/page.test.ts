import { expect, it } from 'vitest'
import { servePage } from '../../demo/app/serve.ts'

const html = '<!doctype html><html><head><title>Demo</title></head><body></body></html>'
const file = (text: string, type: string) => ({ type, body: new Uint8Array(new TextEncoder().encode(text)) })

it('the page of the demo comes with a strict policy, which lets it talk to its own servers only', async () => {
  const page = new Map([['/index.html', file(html, 'text/html; charset=utf-8')]])
  const address = { url: 'http://127.0.0.1:5173', supabaseUrl: 'https://abc.supabase.co/', anonKey: 'key' }
  const response = servePage(page, () => address)(new Request('http://127.0.0.1:5173/'))
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).not.toContain('unsafe')
  expect(policy).toContain("default-src 'none'; script-src 'self'; ")
  expect(policy).toContain("require-trusted-types-for 'script'")
  expect(policy).toContain(
    "connect-src 'self' http://127.0.0.1:5173 ws://127.0.0.1:5173 https://abc.supabase.co wss://abc.supabase.co;",
  )
  const nonce = /style-src 'self' 'nonce-([\w-]{20,})'/.exec(policy)?.[1]
  expect(await response.text()).toContain(`<meta property="csp-nonce" nonce="${nonce}"></head>`)
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../../..')
const nonce = 'kq3vYl0vNf'

/** As strict as an app can be: own scripts, styles of the nonce, and no markup from strings. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'nonce-${nonce}'`,
  "connect-src 'self'",
  'img-src data:',
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const document = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Panel</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style nonce="${nonce}">body { margin: 0; font: 14px system-ui; } h1 { font-size: 18px }
@media (prefers-color-scheme: dark) { body { background: #101318; color: #e6eaf0 } }</style></head>
<body><div id="app"></div><script type="module" src="/page.js"></script></body></html>`

export interface PanelServer {
  readonly url: string
  stop(): Promise<void>
}

/** Serves a page of fifty queries with the panel, built as an app is built, under a strict content security policy. */
export async function servePanel(mode: 'production' | 'development' = 'production'): Promise<PanelServer> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page.tsx')],
    outdir: '/',
    bundle: true,
    splitting: true,
    write: false,
    minify: mode === 'production',
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    alias: Object.fromEntries(
      ['devtools', 'testing'].map((entry) => [`realtime-coalescer/${entry}`, join(root, `src/${entry}.ts`)]),
    ),
    logLevel: 'error',
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [path, contents]))
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '')
    if (file) response.writeHead(200, { 'content-type': 'text/javascript' }).end(file)
    else if (request.url === '/') {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy }).end(document)
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

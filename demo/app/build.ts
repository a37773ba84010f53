import { readFile, readdir } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

const appDir = import.meta.dirname
const distDir = join(appDir, '../dist')
const sourceDir = join(appDir, '../../src')

const mimeTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
}

/** The files of the page, ready to serve. */
export type Page = ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array<ArrayBuffer> }>

export interface PageOptions {
  /** React's development build, whose StrictMode mounts everything twice and which reports mistakes. Default false. */
  readonly isDevelopment?: boolean
}

/** Builds the page into `demo/dist`. */
export async function buildPage({ isDevelopment = false }: PageOptions = {}): Promise<Page> {
  const mode = isDevelopment ? 'development' : 'production'
  await build({
    configFile: false,
    root: appDir,
    mode,
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    logLevel: 'error',
    plugins: [react()],
    resolve: {
      alias: [
        { find: /^realtime-coalescer$/, replacement: join(sourceDir, 'index.ts') },
        { find: /^realtime-coalescer\/(\w+)$/, replacement: join(sourceDir, '$1.ts') },
      ],
    },
    build: {
      outDir: distDir,
      emptyOutDir: true,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2000,
    },
  })
  const files = await readdir(distDir, { recursive: true, withFileTypes: true })
  const entries = files
    .filter((file) => file.isFile())
    .map(async (file) => {
      const path = join(file.parentPath, file.name)
      const type = mimeTypes[extname(path)] ?? 'application/octet-stream'
      return [
        `/${relative(distDir, path).split(sep).join('/')}`,
        { type, body: new Uint8Array(await readFile(path)) },
      ] as const
    })
  return new Map(await Promise.all(entries))
}

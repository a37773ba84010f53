import { afterEach, expect, it, vi } from 'vitest'
import { createApi } from '../../demo/shared/api.ts'

afterEach(() => vi.unstubAllGlobals())

it('asks past the HTTP cache, in which equal requests wait for each other', async () => {
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(async () =>
    Response.json({ data: [], version: 1 }),
  )
  vi.stubGlobal('fetch', fetch)
  await createApi('http://127.0.0.1:1').get('/goals')
  expect(fetch.mock.calls[0]?.[1].cache).toBe('no-store')
})

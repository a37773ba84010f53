import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { QueryClient } from '@tanstack/react-query'
import { type CoalescerOptions, createCoalescer } from 'realtime-coalescer'
import { expect, it } from 'vitest'
import { root } from './codeblocks.ts'

const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8')
/** What headings quote: words in backticks that are more than a name. */
const quoted = [...page.matchAll(/^#+ (.*)$/gm)]
  .flatMap(([, heading = '']) => heading.split('`').filter((_, index) => index % 2 === 1))
  .filter((quote) => quote.includes(' '))

const thrownBy = (act: () => void): string => {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

/** Messages of the mistakes that headings tell of. */
function provoke(): string[] {
  const warnings: string[] = []
  const options: CoalescerOptions = { queryClient: new QueryClient(), onWarning: (text) => void warnings.push(text) }
  const coalescer = createCoalescer(options)
  const second = createCoalescer(options)
  second.stop()
  coalescer.stop()
  return [
    ...warnings,
    thrownBy(() => createCoalescer().scheduleInvalidate(['goals'])),
    thrownBy(() => coalescer.send({ type: 'INVALIDATE', queryKeys: [['goals']] })),
  ]
}

it('every heading of docs/troubleshooting.md that quotes a message quotes one that is really said', () => {
  const messages = provoke()
  expect(quoted.length).toBeGreaterThanOrEqual(3)
  expect(quoted.filter((heading) => !messages.some((message) => message.startsWith(heading)))).toEqual([])
  expect(messages.filter((message) => !quoted.some((heading) => message.startsWith(heading)))).toEqual([])
})

it('what it names of the events that a missing client stops is so', () => {
  const kinds = [
    thrownBy(() => createCoalescer().scheduleRefetch(['goals'])),
    thrownBy(() => createCoalescer().send({ type: 'INVALIDATE', queryKeys: [['goals']] })),
  ].map((message) => /^Expected a query client before (\w+), got none/.exec(message)?.[1])
  expect(kinds).toEqual(['REFETCH', 'INVALIDATE'])
})

/** Writes docs/statecharts.md from the machines; `--check` only tells whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AnyStateMachine } from 'xstate'
import { type ChartState, readMachine } from '../src/integration/devtools/chart/machineChart.ts'
import { chartToMermaid } from '../src/integration/devtools/chart/mermaid.ts'
import { connectionMachine } from '../src/machines/connection.ts'
import { feedMachine } from '../src/machines/feed.ts'
import { chartsOf } from '../src/machines/charts.ts'
import { surroundingsMachine } from '../src/machines/surroundings.ts'
import { tabsMachine } from '../src/machines/tabs.ts'
import { strategies, strategyNames } from '../src/machines/strategies.ts'

interface Section {
  readonly title: string
  readonly machine: AnyStateMachine
  readonly paragraph: string
}

const paragraphs: Readonly<Partial<Record<(typeof strategyNames)[number], string>>> = {
  debounce:
    'The default. The first event opens one window for all keys. Each further event moves the deadline, but never restarts the timer: when it fires it looks at the deadline again and, if that has moved, waits for the rest. The deadline is `quietMs` after the newest event, at most `maxWaitMs` after the oldest. While `collecting`, events that could not change the state go straight to the queue.',
  batch:
    'The same window, but the changes themselves are buffered. At the flush their handlers run in arrival order, patches and cancels are applied in one notify batch, and the union of their keys is invalidated once. A buffer of `maxBufferedChanges` flushes early (`isOverdue`).',
  perKey:
    'Every key has a window of its own over a single timer that runs until the earliest deadline. A flush takes the keys that are due; the others keep waiting, so keys never delay or hurry each other. The chart is that of `debounce`: only the rule behind its guards differs.',
  hybrid:
    'Two regions. `window` coalesces as `debounce` does, but its flush only marks queries stale. `refetch` is the one global timer: it starts with the first marking, is never re-armed, and fetches what was marked when it fires. Whoever asks for a flush (`FLUSH`, urgent, leading) gets the fetches at once.',
  direct:
    'Flushes every event at once, as an app without this library does: for comparison, and as the kill switch the orchestrator falls back to when a strategy dies. It collects only while the page is hidden.',
}

const sections: readonly Section[] = [
  {
    title: 'Orchestrator',
    machine: chartsOf(strategies).orchestrator,
    paragraph:
      'Takes every event of the app and keeps exactly one strategy at work, as a child actor in the state of its name. A switch passes through `choosing`, which stops the old strategy and starts the new one in one step; pending keys live in a queue outside of both, so nothing is handed over. It has no regions, because each would be asked for its transitions at every event: what goes on around it is followed by an actor of its own.',
  },
  {
    title: 'Surroundings',
    machine: surroundingsMachine,
    paragraph:
      'The orchestrator hands on what it hears of the page and of mutations. `page` knows whether the page is on screen, and asks for a flush on return if anything was deferred. `ownWrites` shows whether fetches wait for the end of mutations.',
  },
  ...strategyNames.map((name) => ({
    title: `Strategy \`${name}\``,
    machine: strategies[name].machineFor(name),
    paragraph: paragraphs[name] ?? strategies[name].machineFor(name).config.description ?? name,
  })),
  {
    title: 'Feed',
    machine: feedMachine,
    paragraph:
      'Four regions, over all channels of a feed. `link` is how far they have come together. `repair` decides when what a gap may have missed is caught up with, once however often the channels flap. `recheck` repairs once more after a server that was slow to attach a channel. `backstop` is the optional sweep for feeds that drop changes without a sign.',
  },
  {
    title: 'Connection',
    machine: connectionMachine,
    paragraph:
      'One for each channel. Joined is not live: live begins when the server says that the feed is attached. A channel object that was closed on us is replaced after a growing delay, one that the server refuses is left alone for a minute or until there is another token, and no state but live and closed lasts without a time limit.',
  },
  {
    title: 'Tabs',
    machine: tabsMachine,
    paragraph:
      'Only with `shareAcrossTabs`. A tab holds the connection of all while it is `takingOver`, `leading` or `alone`. Whose turn it is the browser decides, by a lock that a tab loses with its end; a leader that gives no sign of life to a tab somebody looks at loses it too, and one that nobody looks at hands it over.',
  },
]

const cell = (text: string): string => text.replaceAll('|', '\\|')

function stateRows(states: readonly ChartState[], path: readonly string[] = []): string[] {
  return states.flatMap((state) => {
    const here = [...path, state.name]
    const row = `| \`${here.join('.')}\` | ${cell(state.description ?? '')} |`
    return [row, ...stateRows(state.children, here)]
  })
}

function writeSection({ title, machine, paragraph }: Section): string {
  const chart = readMachine(machine)
  const reactions = chart.reactions.map(
    ({ state, label, actions }) =>
      `- ${state === '' ? 'everywhere' : `in \`${state}\``}, \`${label}\`: ${actions.map((name) => `\`${name}\``).join(', ') || 'ignored'}`,
  )
  return [
    `## ${title}`,
    ...(chart.description ? [`*${chart.description}*`] : []),
    paragraph,
    ...chartToMermaid(chart).flatMap(({ region, mermaid }) => [
      ...(region === undefined ? [] : [`Region \`${region}\`:`]),
      `\`\`\`mermaid\n${mermaid}\`\`\``,
    ]),
    ['| state | rule |', '| --- | --- |', ...stateRows(chart.states)].join('\n'),
    ...(reactions.length > 0 ? [`Without leaving a state:\n\n${reactions.join('\n')}`] : []),
  ].join('\n\n')
}

/** The whole document. */
export function writeStatecharts(): string {
  const intro = `# Statecharts

Drawn from the machines in \`src/machines\` by \`npx tsx scripts/statecharts.ts\`; a test fails when this page is out of
date. Labels read \`EVENT [guard]\`; \`after name\` is a named delay; a label with only a guard is taken as soon as the
guard holds; an arrow from \`any state\` is taken in every state of the box it is drawn in. Regions of one
machine are active together. The panel of \`realtime-coalescer/devtools\` shows the same charts live.`
  return `${[intro, ...sections.map(writeSection)].join('\n\n')}\n`
}

export const statechartsPath = fileURLToPath(new URL('../docs/statecharts.md', import.meta.url))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = writeStatecharts()
  if (!process.argv.includes('--check')) writeFileSync(statechartsPath, text)
  else if (readFileSync(statechartsPath, 'utf8') !== text) {
    console.error('docs/statecharts.md is out of date: run `npx tsx scripts/statecharts.ts`.')
    process.exitCode = 1
  }
}

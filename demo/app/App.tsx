import { useState } from 'react'
import { useRealtime } from 'realtime-coalescer/react'
import type { FeedName } from '../shared/feeds.ts'
import { CardsColumn } from './cards/CardsColumn.tsx'
import { useDemo } from './demo.ts'
import { Header } from './Header.tsx'
import { Inside } from './Inside.tsx'
import { Lab } from './lab/Lab.tsx'
import { StormTwice } from './lab/StormTwice.tsx'
import { usePlaying } from './lab/usePlaying.ts'
import { useFirstRun } from './useFirstRun.ts'
import { useServerRestart } from './useServerRestart.ts'

export function App() {
  const { session, address } = useDemo()
  const [feed, setFeed] = useState<FeedName>('postgres_changes')
  const realtime = session.realtimeOf(feed)
  const status = useRealtime(realtime)
  const playing = usePlaying()
  useFirstRun(status)
  useServerRestart(status, address.anonKey)
  return (
    <>
      <a className="skip-link" href="#lab">
        Skip to the storm lab
      </a>
      <Header status={status} realtime={realtime} playing={playing} />
      <main>
        <StormTwice playing={playing} />
        <div className="columns">
          <CardsColumn />
          <Lab playing={playing} feed={feed} onFeed={setFeed} />
        </div>
      </main>
      <Inside realtime={realtime} />
    </>
  )
}

import { useRealtime } from 'realtime-coalescer/react'
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
  const { session, anonKey } = useDemo()
  const status = useRealtime(session.realtime)
  const playing = usePlaying()
  useFirstRun(status)
  useServerRestart(status, anonKey)
  return (
    <>
      <a className="skip-link" href="#lab">
        Skip to the storm lab
      </a>
      <Header status={status} />
      <main>
        <StormTwice playing={playing} />
        <div className="columns">
          <CardsColumn />
          <Lab playing={playing} />
        </div>
      </main>
      <Inside />
    </>
  )
}

import { useRealtime } from 'realtime-coalescer/react'
import { CardsColumn } from './cards/CardsColumn.tsx'
import { useDemo } from './demo.ts'
import { Header } from './Header.tsx'
import { Inside } from './Inside.tsx'
import { Lab } from './lab/Lab.tsx'

export function App() {
  const { session } = useDemo()
  const status = useRealtime(session.realtime)
  return (
    <>
      <a className="skip-link" href="#lab">
        Skip to the storm lab
      </a>
      <Header status={status} />
      <main className="columns">
        <CardsColumn />
        <Lab />
      </main>
      <Inside />
    </>
  )
}

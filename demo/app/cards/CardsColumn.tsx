import { useState } from 'react'
import { AnalyticsCard } from './AnalyticsCard.tsx'
import { CheckInsCard } from './CheckInsCard.tsx'
import { DashboardCard } from './DashboardCard.tsx'
import { GoalsCard } from './GoalsCard.tsx'
import { MotivationCard } from './MotivationCard.tsx'
import { PartnersCard } from './PartnersCard.tsx'
import { SummaryCard } from './SummaryCard.tsx'

/** The accountability app. Its second half can be closed: queries that nobody shows are not fetched. */
export function CardsColumn() {
  const [isProgressShown, setProgressShown] = useState(true)
  return (
    <section className="column" aria-labelledby="app-title">
      <div className="column-head">
        <h2 id="app-title">The app</h2>
        <p>Seven queries on one screen. The database tells it what has changed.</p>
      </div>
      <div className="cards">
        <MotivationCard />
        <GoalsCard />
        <DashboardCard />
        <SummaryCard />
      </div>
      <label className="check">
        <input type="checkbox" checked={isProgressShown} onChange={() => setProgressShown(!isProgressShown)} />
        Show check-ins, partners and analytics (queries that nobody shows are not fetched)
      </label>
      {isProgressShown && (
        <div className="cards">
          <CheckInsCard />
          <PartnersCard />
          <AnalyticsCard />
        </div>
      )}
    </section>
  )
}

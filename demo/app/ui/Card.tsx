import { type ReactNode, useId } from 'react'

interface CardProps {
  readonly title: string
  readonly children: ReactNode
  /** At the right of the title. */
  readonly aside?: ReactNode
  readonly className?: string
}

export function Card({ title, children, aside, className = '' }: CardProps) {
  const titleId = useId()
  return (
    <section className={`card ${className}`} aria-labelledby={titleId}>
      <header className="card-head">
        <h3 id={titleId}>{title}</h3>
        {aside}
      </header>
      {children}
    </section>
  )
}

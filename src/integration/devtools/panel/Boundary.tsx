'use client'
import { Component, type ReactNode } from 'react'
import { formatError } from '../monitor/format.ts'

interface BoundaryState {
  readonly failure: { readonly message: string } | undefined
}

/** Keeps a failure of the panel from the app around it. */
export class Boundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override state: BoundaryState = { failure: undefined }

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { failure: { message: formatError(error) } }
  }

  override render(): ReactNode {
    const { failure } = this.state
    if (!failure) return this.props.children
    return (
      <div role="alert">
        <p className="rtc-failure">The panel has failed: {failure.message}</p>
        <p>The coalescer is not affected.</p>
        <button type="button" onClick={() => this.setState({ failure: undefined })}>
          Try again
        </button>
      </div>
    )
  }
}

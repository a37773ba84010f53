'use client'
import { Component, type ReactNode, createRef } from 'react'

interface StayInPlaceProps {
  readonly label: string
  /** What comes first in the list: only what comes in above can move the rest. */
  readonly firstId: number | undefined
  readonly children: ReactNode
}

/** A line that is being read, and where in the frame it was. */
interface Anchor {
  readonly line: Element
  readonly top: number
}

/**
 * A frame that scrolls. While somebody reads in it, further down or in opened details, what is read stays where it is when
 * more comes in above. As long as nobody does, nothing is measured, which would lay out the whole page.
 */
export class StayInPlace extends Component<StayInPlaceProps> {
  readonly #frame = createRef<HTMLDivElement>()
  #isScrolled = false

  readonly #noteScroll = (): void => {
    this.#isScrolled = (this.#frame.current?.scrollTop ?? 0) > 0
  }

  override getSnapshotBeforeUpdate({ firstId }: StayInPlaceProps): Anchor | null {
    const frame = this.#frame.current
    if (!frame || firstId === this.props.firstId) return null
    const opened = frame.querySelector('[aria-expanded="true"]')
    if (!this.#isScrolled && !opened) return null
    const { top } = frame.getBoundingClientRect()
    const inView = [...frame.querySelectorAll('li')].find((line) => line.getBoundingClientRect().bottom > top)
    const line = this.#isScrolled ? inView : opened
    return line ? { line, top: line.getBoundingClientRect().top } : null
  }

  override componentDidUpdate(_before: StayInPlaceProps, _state: unknown, anchor: Anchor | null): void {
    const frame = this.#frame.current
    if (!frame || !anchor?.line.isConnected) return
    frame.scrollTop += anchor.line.getBoundingClientRect().top - anchor.top
  }

  override render(): ReactNode {
    return (
      <div
        ref={this.#frame}
        className="rtc-scroll"
        role="region"
        aria-label={this.props.label}
        tabIndex={0}
        onScroll={this.#noteScroll}
      >
        {this.props.children}
      </div>
    )
  }
}

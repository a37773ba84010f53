import { failType } from '../../actions/validate.ts'

/** What is under way from a server, in order for each channel. */
export interface Transit {
  readonly isHolding: boolean
  /** Delivers at once, or when it is released. */
  send(channel: object, deliver: () => void): void
  /** Keeps what is sent from now on. */
  hold(): void
  /** Delivers what was kept; `pick` says which channel's next message comes. */
  release(pick?: (channels: number) => number): void
  /** Forgets what was kept, and keeps nothing more. */
  lose(): void
}

export function createTransit(): Transit {
  let isHolding = false
  let kept: { readonly channel: object; readonly deliver: () => void }[] = []
  return {
    get isHolding() {
      return isHolding
    },
    send(channel, deliver) {
      if (isHolding) kept.push({ channel, deliver })
      else deliver()
    },
    hold() {
      isHolding = true
    },
    release(pick = () => 0) {
      isHolding = false
      while (kept.length > 0) {
        const channels = [...new Set(kept.map(({ channel }) => channel))]
        const index = pick(channels.length)
        const chosen = channels[index]
        if (!chosen) failType('pick()', `an integer from 0 to ${channels.length - 1}`, index, 'Pick a channel.')
        const next = kept.findIndex(({ channel }) => channel === chosen)
        const [message] = kept.splice(next, 1)
        message?.deliver()
      }
    },
    lose() {
      isHolding = false
      kept = []
    },
  }
}

import type { TabChannel } from './environment.ts'
import type { TabMessage } from './messages.ts'

/** What the tabs of a group say to each other. */
export interface GroupChannel {
  post(message: TabMessage): void
  close(): void
}

export function createGroupChannel(
  channel: TabChannel,
  hear: (message: TabMessage) => void,
  report: (message: string, error: unknown) => void,
): GroupChannel {
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the one listener of a channel of its own
  channel.onmessage = ({ data }) => {
    // Only tabs of this origin, with the same version of the protocol in the channel's name, can have sent it.
    if (typeof data === 'object' && data !== null && 'from' in data) hear(data as TabMessage)
  }

  return {
    post(message) {
      try {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has none
        channel.postMessage(message)
      } catch (error) {
        if (message.from === 'leader' && message.told.kind === 'report' && message.told.error !== undefined) {
          // Not every error can be copied; what it says can.
          const { told } = message
          return this.post({ ...message, told: { ...told, error: undefined } })
        }
        report('Something could not be handed to other tabs, which will find that out and catch up.', error)
      }
    },
    close() {
      // oxlint-disable-next-line unicorn/prefer-add-event-listener -- as above
      channel.onmessage = null
      channel.close()
    },
  }
}

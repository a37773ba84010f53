/** Where the local server is not like the real one: the steps of a scenario where it shows, and why. README has the reasons. */
export const differences: { scenario: string; steps: number[]; reason: string }[] = [
  {
    scenario: 'heartbeat_leave_rejoin',
    steps: [9],
    reason: 'A leave right behind a join is obeyed before the feed is attached: no `system` ok comes in between.',
  },
  {
    scenario: 'connect_refused',
    steps: [9],
    reason: 'An API key whose `exp` is text is refused with 401 and a reason, not with 500.',
  },
  {
    scenario: 'connect_refused',
    steps: [10, 11],
    reason:
      'Only the API key of this server opens a socket, so that no other page can use it: a well-signed one is refused.',
  },
]

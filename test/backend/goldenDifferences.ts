/** The scenarios that were played to Supabase Realtime v2.129.8. */
export const recorded = [
  'access_token',
  'broadcast',
  'broadcast_access_lost',
  'broadcast_changes_payloads',
  'broadcast_changes_private',
  'broadcast_cold',
  'broadcast_latency',
  'broadcast_rate_limit_low',
  'broadcast_replay',
  'broadcast_replay_clock',
  'broadcast_replay_cost',
  'broadcast_replay_long_transaction',
  'broadcast_replay_races',
  'broadcast_replay_refused',
  'broadcast_replay_rejoin',
  'broadcast_replay_two_sockets',
  'broadcast_replication_down',
  'broadcast_server_time',
  'broadcast_throughput',
  'cdc_worker_down',
  'changes_before_system_ok',
  'channel_limit',
  'connect_refused',
  'delete_filters',
  'duplicate_bindings',
  'heartbeat_leave_rejoin',
  'join_bindings_filters',
  'join_rate',
  'join_refused',
  'latency',
  'multi_row_transaction',
  'old_vsn',
  'partitioned_parent',
  'payload_too_large',
  'poller_backend_killed',
  'presence',
  'publication_change',
  'rate_limit_broadcast',
  'rate_limit_broadcast_low',
  'rate_limit_changes',
  'refused_join_blocks_socket',
  'replica_identity',
  'rls',
  'table_leaves_publication',
  'tenant_operations',

  'token_expires',
  'truncate',
  'types',
  'wait_option',
]

/** The scenarios that are played to the local server as well, and compared frame by frame. */
export const compared = [
  'access_token',
  'broadcast',
  'broadcast_access_lost',
  'broadcast_changes_payloads',
  'broadcast_changes_private',
  'broadcast_replay',
  'broadcast_replay_refused',
  'broadcast_replay_rejoin',
  'broadcast_server_time',
  'cdc_worker_down',
  'channel_limit',
  'connect_refused',
  'delete_filters',
  'duplicate_bindings',
  'heartbeat_leave_rejoin',
  'join_bindings_filters',
  'join_refused',
  'multi_row_transaction',
  'old_vsn',
  'partitioned_parent',
  'payload_too_large',
  'presence',
  'publication_change',
  'refused_join_blocks_socket',
  'replica_identity',
  'rls',
  'table_leaves_publication',
  'token_expires',
  'truncate',
  'types',
  'wait_option',
]

/** The scenarios that are not compared, and why. README has the reasons. */
export const notCompared: { scenarios: string[]; reason: string }[] = [
  {
    scenarios: ['latency', 'changes_before_system_ok'],
    reason: 'times of a warm worker and its polls. `realTiming` has them.',
  },
  {
    scenarios: ['poller_backend_killed', 'broadcast_replication_down', 'broadcast_cold'],
    reason:
      'a process of the real server dies or starts, and what is written meanwhile is lost without a frame. Here `loseNext`, `loseMessages` and `replicationDelayMs` lose it.',
  },
  {
    scenarios: [
      'rate_limit_changes',
      'rate_limit_broadcast',
      'rate_limit_broadcast_low',
      'broadcast_rate_limit_low',
      'join_rate',
    ],
    reason:
      'averages over 60 s of the whole tenant. Here `maxChangesPerSecond` counts by the second, `joinsPerSecond` over a minute, and `exceedRateLimit` closes channels with the same frames.',
  },
  {
    scenarios: ['tenant_operations'],
    reason: "orders to the real server's admin API. Here `restart` sends its frames.",
  },
  {
    scenarios: ['broadcast_replay_clock'],
    reason: 'clocks of clients that are wrong. What the server makes of a `since` is compared in `broadcast_replay`.',
  },
  {
    scenarios: ['broadcast_replay_long_transaction', 'broadcast_replay_races', 'broadcast_replay_two_sockets'],
    reason:
      'a transaction that is open while others commit, and writes in the middle of a join. The embedded database has one connection and does one thing at a time.',
  },
  {
    scenarios: ['broadcast_latency', 'broadcast_throughput', 'broadcast_replay_cost'],
    reason: 'measurements of the real server.',
  },
]

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

export { createRealtimeService } from './integration/supabase/createRealtimeService.ts'
export { createRealtimeServiceWith } from './integration/supabase/createRealtimeServiceWith.ts'
export type { FeedActorRef, RealtimeService } from './integration/supabase/createRealtimeServiceWith.ts'
export { type TabSharing, shareAcrossTabs } from './integration/supabase/tabs/shareAcrossTabs.ts'
export type { RealtimeStatus } from './actions/feedStatus.ts'
export type {
  BroadcastOptions,
  FilterBuilder,
  HandlerOfTable,
  KeysOfTable,
  RealtimeServiceOptions,
  RowsByName,
  TableOptions,
  TableOptionsByName,
} from './integration/supabase/options.ts'
export type { TablesOf } from './integration/supabase/tablesOf.ts'
export type { TabChannel, TabLocks, TabsEnvironment } from './integration/supabase/tabs/environment.ts'
export type { HandlerOfMessage, KeysOfMessage, MessageOptions } from './integration/supabase/messageOptions.ts'
export type {
  BroadcastMessage,
  Change,
  ChangeEffects,
  ChangeHandler,
  DeleteChange,
  InsertOrUpdateChange,
  Patch,
  QueryKey,
  StatementChange,
} from './actions/types.ts'

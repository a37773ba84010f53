export { createRealtimeService } from './integration/supabase/createRealtimeService.ts'
export type {
  ConnectionActorRef,
  RealtimeService,
  RealtimeStatus,
} from './integration/supabase/createRealtimeService.ts'
export type {
  HandlerOfTable,
  KeysOfTable,
  RealtimeServiceOptions,
  TableOptions,
  TableOptionsByName,
} from './integration/supabase/options.ts'
export type {
  Change,
  ChangeEffects,
  ChangeHandler,
  DeleteChange,
  InsertOrUpdateChange,
  Patch,
  QueryKey,
} from './actions/types.ts'

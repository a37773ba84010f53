import type { Session } from './session.ts'
import { keysOfTable, userFilter } from './tables.ts'

/** Answers the feed as an app without the library: every change invalidates what it touches. Resolves once it is live. */
export async function answerPlainly({ supabase, queryClient }: Session): Promise<void> {
  const channel = supabase.channel('plain')
  for (const [table, queryKeys] of Object.entries(keysOfTable)) {
    channel.on('postgres_changes', { event: '*', schema: 'public', table, filter: userFilter }, () => {
      for (const queryKey of queryKeys) void queryClient.invalidateQueries({ queryKey })
    })
  }
  await new Promise<void>((resolve) => {
    channel.on('system', {}, ({ status }: { readonly status?: string }) => status === 'ok' && resolve())
    channel.subscribe()
  })
}

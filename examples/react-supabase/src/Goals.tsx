import { useMutation, useQuery } from '@tanstack/react-query'
import { useCoalescer, useRealtime } from 'realtime-coalescer/react'
import { realtime, supabase } from './realtime.ts'

async function fetchGoals() {
  const { data } = await supabase.from('goals').select('id, title, status').order('id').throwOnError()
  return data
}

async function saveStatus({ id, status }: { id: number; status: string }) {
  await supabase.from('goals').update({ status }).eq('id', id).throwOnError()
}

export function Goals() {
  const status = useRealtime(realtime)
  const coalescer = useCoalescer()
  const goals = useQuery({ queryKey: ['goals'], queryFn: fetchGoals })
  const save = useMutation({
    mutationFn: saveStatus,
    onSettled: () => coalescer.scheduleInvalidate(['goals'], { source: 'own:goals' }),
  })

  if (goals.isPending) return <p>Loading …</p>
  if (goals.isError) return <p role="alert">{goals.error.message}</p>
  return (
    <main>
      <h1>Goals</h1>
      <p role="status">{status}</p>
      <ul>
        {goals.data.map(({ id, title, status }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={status === 'done'}
                onChange={(event) => save.mutate({ id, status: event.target.checked ? 'done' : 'active' })}
              />
              {title}
            </label>
          </li>
        ))}
      </ul>
    </main>
  )
}

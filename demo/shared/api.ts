import type {
  Analytics,
  ApiResponse,
  CheckIn,
  DailyMotivation,
  DailySummary,
  Goal,
  HomeDashboard,
  MutationResponse,
  Partner,
} from '../server/api/types.ts'

/** What each GET of the app's API answers. */
export interface Reads {
  '/goals': Goal[]
  '/check-ins': CheckIn[]
  '/partners': Partner[]
  '/home-dashboard': HomeDashboard
  '/analytics': Analytics
  '/daily-summaries/today': DailySummary | null
  '/daily-motivations/today': DailyMotivation | null
}

export type ReadPath = keyof Reads

/** What `onRequest` is told as each request starts, such as `GET /api/goals`. */
export type Endpoint = `${'GET' | 'POST' | 'PATCH'} /api${string}`

/** The app's HTTP API, typed. */
export interface Api {
  get<Path extends ReadPath>(path: Path): Promise<ApiResponse<Reads[Path]>>
  regenerate(): Promise<MutationResponse<DailyMotivation>>
  checkIn(checkIn: { goalId: number; note?: string; mood?: number }): Promise<MutationResponse<CheckIn>>
  updateGoal(id: number, patch: Partial<Pick<Goal, 'title' | 'status'>>): Promise<MutationResponse<Goal>>
}

/** A client of the API below `baseUrl`. Rejects when the answer is not a 2xx. */
export function createApi(baseUrl: string, onRequest: (endpoint: Endpoint) => void = () => undefined): Api {
  const ask = async <Answer>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Answer> => {
    onRequest(`${method} /api${path}`)
    return askJson<Answer>(`${baseUrl}/api${path}`, method, body)
  }
  return {
    get: (path) => ask('GET', path),
    regenerate: () => ask('POST', '/daily-motivations/regenerate'),
    checkIn: (checkIn) => ask('POST', '/check-ins', checkIn),
    updateGoal: (id, patch) => ask('PATCH', `/goals/${id}`, patch),
  }
}

/** One JSON request; `undefined` for an answer without a body. */
export async function askJson<Answer>(url: string, method: 'GET' | 'POST' | 'PATCH', body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname} answered ${response.status}: ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

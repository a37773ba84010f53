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
import { latencyAtClientHeader, latencyMsHeader } from './latencyHeaders.ts'

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

/** A method and a path, such as `GET /api/goals`. */
export type Endpoint = `${'GET' | 'POST' | 'PATCH'} /api${string}`

/** The app's HTTP API, typed. */
export interface Api {
  get<Path extends ReadPath>(path: Path): Promise<ApiResponse<Reads[Path]>>
  regenerate(): Promise<MutationResponse<DailyMotivation>>
  checkIn(checkIn: { goalId: number; note?: string; mood?: number }): Promise<MutationResponse<CheckIn>>
  updateGoal(id: number, patch: Partial<Pick<Goal, 'title' | 'status'>>): Promise<MutationResponse<Goal>>
}

export interface ApiOptions {
  /** Called as a request starts; what it returns is called when the request has ended. */
  readonly onRequest?: (endpoint: Endpoint) => () => void
  /** Waits here for the latency of the API, not in the server. @default false */
  readonly isLatencyHere?: boolean
}

type Method = 'GET' | 'POST' | 'PATCH'

/** A client of the API below `baseUrl`. Rejects when the answer is not a 2xx. */
export function createApi(baseUrl: string, { onRequest, isLatencyHere = false }: ApiOptions = {}): Api {
  const headers = isLatencyHere ? { [latencyAtClientHeader]: '1' } : {}
  const ask = async <Answer>(method: Method, path: string, body?: unknown): Promise<Answer> => {
    const onEnd = onRequest?.(`${method} /api${path}`)
    try {
      const answer = await send(`${baseUrl}/api${path}`, method, body, headers)
      await sleep(Number(answer.headers.get(latencyMsHeader)))
      return readJson<Answer>(answer, `${method} /api${path}`)
    } finally {
      onEnd?.()
    }
  }
  return {
    get: (path) => ask('GET', path),
    regenerate: () => ask('POST', '/daily-motivations/regenerate'),
    checkIn: (checkIn) => ask('POST', '/check-ins', checkIn),
    updateGoal: (id, patch) => ask('PATCH', `/goals/${id}`, patch),
  }
}

/** One JSON request; `undefined` for an answer without a body. */
export async function askJson<Answer>(url: string, method: Method, body?: unknown): Promise<Answer> {
  const answer = await send(url, method, body)
  return readJson<Answer>(answer, `${method} ${new URL(url).pathname}`)
}

interface Answer {
  readonly isOk: boolean
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function send(
  url: string,
  method: Method,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    // Past the HTTP cache, which has equal requests wait for each other.
    cache: 'no-store',
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { isOk: response.ok, status: response.status, headers: response.headers, text: await response.text() }
}

function readJson<Data>({ isOk, status, text }: Answer, what: string): Data {
  if (!isOk) throw new Error(`${what} answered ${status}: ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as Data
}

async function sleep(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
}

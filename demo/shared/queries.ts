import { queryOptions } from '@tanstack/react-query'
import type { Api, ReadPath } from './api.ts'
import {
  analyticsQueryKeys,
  checkInsQueryKeys,
  dailyMotivationsQueryKeys,
  dailySummariesQueryKeys,
  goalsQueryKeys,
  homeDashboardQueryKeys,
  partnersQueryKeys,
} from './queryKeys.ts'

/** The queries of the app. Realtime tells when their data has changed, so time alone never makes it stale. */
export function createQueries(api: Api) {
  const staleTime = Infinity
  return {
    motivation: queryOptions({
      queryKey: dailyMotivationsQueryKeys.today(),
      queryFn: () => api.get('/daily-motivations/today'),
      staleTime,
    }),
    goals: queryOptions({ queryKey: goalsQueryKeys.all, queryFn: () => api.get('/goals'), staleTime }),
    checkIns: queryOptions({ queryKey: checkInsQueryKeys.all, queryFn: () => api.get('/check-ins'), staleTime }),
    partners: queryOptions({ queryKey: partnersQueryKeys.all, queryFn: () => api.get('/partners'), staleTime }),
    dashboard: queryOptions({
      queryKey: homeDashboardQueryKeys.dashboard(),
      queryFn: () => api.get('/home-dashboard'),
      staleTime,
    }),
    analytics: queryOptions({
      queryKey: analyticsQueryKeys.overview(),
      queryFn: () => api.get('/analytics'),
      staleTime,
    }),
    summary: queryOptions({
      queryKey: dailySummariesQueryKeys.today(),
      queryFn: () => api.get('/daily-summaries/today'),
      staleTime,
    }),
  }
}

export type Queries = ReturnType<typeof createQueries>

/** The path each query of the app asks. */
export const pathOfQuery: Record<keyof Queries, ReadPath> = {
  motivation: '/daily-motivations/today',
  goals: '/goals',
  checkIns: '/check-ins',
  partners: '/partners',
  dashboard: '/home-dashboard',
  analytics: '/analytics',
  summary: '/daily-summaries/today',
}

export const queryNames = Object.keys(pathOfQuery) as (keyof Queries)[]

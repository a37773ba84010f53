/** Query keys of the app, one factory per resource. */
export const goalsQueryKeys = { all: ['goals'] as const }

export const checkInsQueryKeys = { all: ['check-ins'] as const }

export const partnersQueryKeys = { all: ['partners'] as const }

export const homeDashboardQueryKeys = {
  all: ['home-dashboard'] as const,
  dashboard: () => [...homeDashboardQueryKeys.all, 'dashboard'] as const,
}

export const analyticsQueryKeys = {
  all: ['analytics'] as const,
  overview: () => [...analyticsQueryKeys.all, 'overview'] as const,
}

export const dailySummariesQueryKeys = {
  all: ['daily-summaries'] as const,
  today: () => [...dailySummariesQueryKeys.all, 'today'] as const,
}

export const dailyMotivationsQueryKeys = {
  all: ['daily-motivations'] as const,
  today: () => [...dailyMotivationsQueryKeys.all, 'today'] as const,
}

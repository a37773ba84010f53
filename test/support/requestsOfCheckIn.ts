/** What one check-in asks of the demo's API, with all that its triggers write: one request for each endpoint. */
export const requestsOfCheckIn = {
  'GET /api/analytics': 1,
  'GET /api/check-ins': 1,
  'GET /api/daily-summaries/today': 1,
  'GET /api/goals': 1,
  'GET /api/home-dashboard': 1,
  'GET /api/partners': 1,
  'POST /api/check-ins': 1,
}

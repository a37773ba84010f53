import { pathOfQuery, queryNames } from '../../shared/queries.ts'
import { useRun } from '../demo.ts'
import { Card } from '../ui/Card.tsx'

/** Requests per endpoint, each before the number an app without the library would have made. */
export function EndpointBars() {
  const { requestsOf, directOf } = useRun()
  const rows = queryNames.map((name) => {
    const endpoint = `GET /api${pathOfQuery[name]}`
    return { path: pathOfQuery[name], requests: requestsOf[endpoint] ?? 0, direct: directOf[endpoint] ?? 0 }
  })
  const most = Math.max(1, ...rows.map(({ requests, direct }) => Math.max(requests, direct)))
  const widthOf = (count: number) => `${(100 * count) / most}%`
  return (
    <Card
      title="Requests by endpoint"
      aside={
        <span className="legend">
          <span className="key made">made</span>
          <span className="key direct">without the library</span>
        </span>
      }
    >
      <table className="bars">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Endpoint</th>
            <th scope="col">Chart</th>
            <th scope="col">Requests made</th>
            <th scope="col">Without the library</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ path, requests, direct }) => (
            <tr key={path} data-endpoint={`GET /api${path}`}>
              <th scope="row">{path}</th>
              <td className="bar-cell" aria-hidden="true">
                <span className="bar direct" style={{ inlineSize: widthOf(direct) }} />
                <span className="bar made" style={{ inlineSize: widthOf(requests) }} />
              </td>
              <td className="count made">{requests}</td>
              <td className="count direct">{direct}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  )
}

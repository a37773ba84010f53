/** What a request says of where it comes from. */
export interface Arrival {
  readonly method: string
  /** A header by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

const ownNames = ['127.0.0.1', 'localhost']
const harmlessMethods = ['GET', 'HEAD', 'OPTIONS']
const ownSites = ['same-origin', 'none']

/**
 * Why a server on `port` of this machine must not answer, or undefined. Every page in the same browser can reach such a
 * server: under the server's own name from another origin, and under a name of its own that it lets point here.
 */
export function findRefusal({ method, header }: Arrival, port: number): string | undefined {
  // The URL class leaves the default port out, as browsers do.
  const hosts = ownNames.map((name) => new URL(`http://${name}:${port}`).host)
  const host = header('host')
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return `Expected the host to be ${hosts.join(' or ')}, got \`${host ?? ''}\`.`
  }
  const origin = header('origin')
  if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
    return `Expected a request of this server's own page, got one of \`${origin}\`.`
  }
  const site = header('sec-fetch-site')
  if (site !== undefined && !ownSites.includes(site) && !harmlessMethods.includes(method)) {
    return `Expected a write of this server's own page, got one that is ${site}.`
  }
  return undefined
}

/** Headers of every answer: other pages can neither frame it, nor guess its type, nor embed it. */
export const guardHeaders: Readonly<Record<string, string>> = {
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

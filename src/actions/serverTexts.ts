const denials =
  /\b(Unauthorized|PrivateOnly|TopicNameRequired|UnableToReplayMessages)\b|do not have permissions to read from this Channel/
const badTokens = /\b(InvalidJWTToken|MalformedJWT|JwtSignatureError|InvalidJWTExpiration)\b/

/** Whether the server refuses a channel for a reason that only a new token, or somebody else, can change. */
export const isDenial = (message: string): boolean => denials.test(message)

/** Whether the server refuses the token of a join, whatever the channel. */
export const isBadToken = (message: string): boolean => badTokens.test(message)

/** The table that a refused subscription names, as in `[event: *, schema: public, table: goals, filters: [], …]`. */
export function refusedTable(message: string): { readonly schema: string; readonly table: string } | undefined {
  const named = /\[event: [^,]*, schema: (?<schema>.+?), table: (?<table>.+?), filters?: /.exec(message)?.groups
  return named?.['schema'] && named['table'] ? { schema: named['schema'], table: named['table'] } : undefined
}

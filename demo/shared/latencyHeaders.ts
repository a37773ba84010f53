/**
 * Sent by a client that waits for the latency of the API itself. A browser opens six connections to a server of HTTP/1.1:
 * slow answers that hold them would make an app wait for its own requests, which no API over HTTP/2 has it do.
 */
export const latencyAtClientHeader = 'x-latency-at-client'

/** How long such a client has to wait, in milliseconds. */
export const latencyMsHeader = 'x-latency-ms'

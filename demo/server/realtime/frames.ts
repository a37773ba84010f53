/** One message of the Phoenix protocol as the client sends it. */
export interface ClientMessage {
  joinRef: string | null
  ref: string | null
  topic: string
  event: string
  payload: unknown
}

/** Where a server message goes; its payload travels apart, as JSON text. */
export interface Address {
  joinRef?: string | null
  ref?: string | null
  topic: string
  event: string
}

/** A binary broadcast: `payload` is raw bytes, or JSON when `isJson`. */
export interface BinaryBroadcast {
  joinRef: string | null
  ref: string | null
  topic: string
  event: string
  isJson: boolean
  payload: Buffer
}

export type Vsn = '1.0.0' | '2.0.0'

const clientBroadcastKind = 3
const serverBroadcastKind = 4
const jsonEncoding = 1

/** The serializer a `vsn` parameter asks for; undefined when there is none. */
export function parseVsn(vsn: string | null): Vsn | undefined {
  if (vsn === null || /^1\.0\.\d+$/.test(vsn)) return '1.0.0'
  return /^2\.0\.\d+$/.test(vsn) ? '2.0.0' : undefined
}

/** Reads a text frame; undefined when it is not a message of the protocol. */
export function decodeText(vsn: Vsn, text: string): ClientMessage | undefined {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return undefined
  }
  if (vsn === '2.0.0') {
    if (!Array.isArray(frame) || frame.length !== 5) return undefined
    return toMessage(frame[0], frame[1], frame[2], frame[3], frame[4])
  }
  if (!isRecord(frame)) return undefined
  return toMessage(frame['join_ref'] ?? null, frame['ref'] ?? null, frame['topic'], frame['event'], frame['payload'])
}

function toMessage(joinRef: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown) {
  if (!isRef(joinRef) || !isRef(ref) || typeof topic !== 'string' || typeof event !== 'string') return undefined
  return { joinRef, ref, topic, event, payload: payload ?? {} }
}

/** Reads a binary frame; undefined when it is not a broadcast push. */
export function decodeBinary(bytes: Buffer): BinaryBroadcast | undefined {
  const headerLength = 7
  if (bytes.length < headerLength || bytes[0] !== clientBroadcastKind) return undefined
  const parts: string[] = []
  let offset = headerLength
  for (let index = 1; index <= 5; index++) {
    const end = offset + (bytes[index] ?? 0)
    if (end > bytes.length) return undefined
    parts.push(bytes.toString('utf8', offset, end))
    offset = end
  }
  const [joinRef = '', ref = '', topic = '', event = ''] = parts
  return {
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event,
    isJson: bytes[6] === jsonEncoding,
    payload: bytes.subarray(offset),
  }
}

/** Writes a text frame. `payloadJson` is spliced in as it is, so numbers keep all their digits. */
export function encodeText(
  vsn: Vsn,
  { joinRef = null, ref = null, topic, event }: Address,
  payloadJson: string,
): string {
  if (vsn === '2.0.0') {
    return `[${JSON.stringify(joinRef)},${JSON.stringify(ref)},${JSON.stringify(topic)},${JSON.stringify(event)},${payloadJson}]`
  }
  return `{"topic":${JSON.stringify(topic)},"event":${JSON.stringify(event)},"payload":${payloadJson},"ref":${JSON.stringify(ref)}}`
}

/** Writes a broadcast as a binary frame. */
export function encodeBinaryBroadcast(
  topic: string,
  event: string,
  metaJson: string,
  isJson: boolean,
  payload: Uint8Array,
): Buffer {
  const parts = [topic, event, metaJson].map((part) => Buffer.from(part))
  const header = [serverBroadcastKind, ...parts.map(({ length }) => length), isJson ? jsonEncoding : 0]
  return Buffer.concat([Buffer.from(header), ...parts, payload])
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isRef(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

import type { ChangeData, ChangeFrame, RowChange } from './changes.ts'
import type { CorruptStatus, FaultState } from './faults.ts'
import type { Subscriber } from './subscriptions.ts'

/** What became of the changes read so far. */
export interface DeliveryStats {
  /** Row changes of published tables. */
  captured: number
  /** Row changes lost to a fault. */
  lost: number
  /** `postgres_changes` frames handed to channels. */
  frames: number
}

/** What became of the messages of the database so far. */
export interface MessageStats {
  /** Messages handed to channels of their topic, once for each channel. */
  messages: number
}

interface SentFrame {
  subscriber: Subscriber
  ids: readonly number[]
  dataJson: string
  type: string
}

const corruptErrors: Record<CorruptStatus, string> = {
  400: 'Error 400: Bad Request, no primary key',
  401: 'Error 401: Unauthorized',
  413: 'Error 413: Payload Too Large',
}

/** Sends the frames of each change, in order, with the faults that are set. */
export class Delivery {
  readonly stats: DeliveryStats = { captured: 0, lost: 0, frames: 0 }
  readonly #faults: FaultState
  readonly #queue: { dueAtMs: number; work: () => void }[] = []
  #timer: NodeJS.Timeout | undefined
  #secondStartedAtMs = 0
  #changesThisSecond = 0

  constructor(faults: FaultState) {
    this.#faults = faults
  }

  deliver({ frames }: RowChange): void {
    const { settings } = this.#faults
    this.stats.captured++
    const isOverRate = this.#isOverRate()
    if (this.#faults.take('loseNext') || settings.loseChanges || isOverRate) {
      this.stats.lost++
      return
    }
    const isMisrouted = this.#faults.take('misrouteNext') || settings.misrouteChanges
    const corruptStatus = this.#faults.take('corruptNext') ? this.#faults.corruptStatus : undefined
    const copies = this.#faults.take('duplicateNext') || settings.duplicateChanges ? 2 : 1
    const sent = frames.map((frame) => ({
      subscriber: frame.subscriber,
      type: frame.data.type,
      ids: isMisrouted ? otherIds(frame) : frame.ids,
      dataJson: encodeData(corruptStatus === undefined ? frame.data : corrupt(frame.data, corruptStatus)),
    }))
    this.#later(() => {
      for (let copy = 0; copy < copies; copy++) for (const frame of sent) this.#send(frame)
    })
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#queue.length = 0
  }

  #send({ subscriber, ids, dataJson, type }: SentFrame): void {
    this.stats.frames++
    subscriber.sendChange(ids, dataJson, type)
  }

  /** Runs `work` after the delivery delay, never before work that came first. */
  #later(work: () => void): void {
    const { deliveryDelayMs } = this.#faults.settings
    if (deliveryDelayMs === 0 && this.#queue.length === 0) {
      work()
      return
    }
    this.#queue.push({ dueAtMs: Date.now() + deliveryDelayMs, work })
    this.#timer ??= setTimeout(() => this.#sendDue(), deliveryDelayMs)
  }

  #sendDue(): void {
    this.#timer = undefined
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const waitMs = next.dueAtMs - Date.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#sendDue(), waitMs)
        return
      }
      this.#queue.shift()
      next.work()
    }
  }

  #isOverRate(): boolean {
    const { maxChangesPerSecond } = this.#faults.settings
    if (maxChangesPerSecond === Infinity) {
      this.#secondStartedAtMs = 0
      return false
    }
    const nowMs = Date.now()
    if (nowMs - this.#secondStartedAtMs >= 1000) {
      this.#secondStartedAtMs = nowMs
      this.#changesThisSecond = 0
    }
    return ++this.#changesThisSecond > maxChangesPerSecond
  }
}

function otherIds({ subscriber, ids }: ChangeFrame): number[] {
  const others = subscriber.bindingIds.filter((id) => !ids.includes(id))
  return others.length > 0 ? others.slice(0, 1) : [0]
}

function corrupt(data: ChangeData, status: CorruptStatus): ChangeData {
  const error = corruptErrors[status]
  if (status === 413) return { ...data, error, recordJson: smallValues(data.recordJson) }
  return { ...data, error, committedAt: null, columnsJson: '[]', recordJson: '{}', oldRecordJson: '{}' }
}

/** What a row that is too large keeps: an injected fault treats every text as a big value. */
function smallValues(recordJson: string): string {
  const record = JSON.parse(recordJson) as Record<string, unknown>
  return JSON.stringify(Object.fromEntries(Object.entries(record).filter(([, value]) => typeof value === 'number')))
}

function encodeData({ schema, table, type, committedAt, columnsJson, recordJson, oldRecordJson, error }: ChangeData) {
  const record = type === 'DELETE' ? '' : `,"record":${recordJson}`
  const oldRecord = type === 'INSERT' ? '' : `,"old_record":${oldRecordJson}`
  return (
    `{"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)},"type":"${type}"` +
    `,"commit_timestamp":${JSON.stringify(committedAt)},"columns":${columnsJson}${record}${oldRecord}` +
    `,"errors":${error === null ? 'null' : JSON.stringify([error])}}`
  )
}

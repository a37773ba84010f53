import type { PendingKey } from '../pendingKey.ts'
import { dueAt } from './deadlines.ts'
import { type GroupWindow, GroupWindows } from './groupWindows.ts'
import type { StrategyPort } from './windows.ts'

/** One window per key. */
export class KeyWindows extends GroupWindows<PendingKey> {
  constructor(port: StrategyPort) {
    super(port)
    for (const key of port.queue.keys.values()) this.noteKey(key)
  }

  override noteKey(key: PendingKey): void {
    this.openLater(key)
  }

  protected override isPending(key: PendingKey): boolean {
    return this.port.queue.keys.get(key.id) === key
  }

  protected override dueAtMs({ group, jitterMs }: GroupWindow<PendingKey>): number {
    return dueAt(group.firstAtMs, group.lastAtMs, this.port.timing, jitterMs)
  }

  protected override groupOf(keyId: string): PendingKey | undefined {
    return this.port.queue.keys.get(keyId)
  }

  protected override groupOfId(id: string): PendingKey | undefined {
    return this.port.queue.keys.get(id)
  }

  protected override keyIdsOf({ id }: PendingKey): readonly string[] {
    return [id]
  }

  protected override get openGroups(): number {
    return this.port.queue.keys.size
  }
}

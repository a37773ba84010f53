import type { TestFeedChannel } from './testChannel.ts'

/** The channels of a client as supabase-js has them: one object for each topic, until one of the topic closes. */
export abstract class TestClient<Channel extends TestFeedChannel> {
  #channels: Channel[] = []

  protected abstract create(topic: string, config: object): Channel

  channel(name: string, options?: { readonly config: object }): Channel {
    const topic = `realtime:${name}`
    const known = this.#channels.find((channel) => channel.topic === topic)
    if (known) return known
    const channel = this.create(topic, options?.config ?? {})
    this.#channels.push(channel)
    return channel
  }

  async removeChannel(channel: Channel): Promise<'ok'> {
    channel.tell('CLOSED')
    return 'ok'
  }

  getChannels(): Channel[] {
    return this.#channels
  }

  drop(topic: string): void {
    this.#channels = this.#channels.filter((channel) => channel.topic !== topic)
  }
}

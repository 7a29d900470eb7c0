/**
 * Collects the messages of a queue for one run: those that are there, or those of a time
 * window. It keeps what it received until it is confirmed.
 */
import type { QueueReader, ReceivedMessage } from "../../sdk/message_queue.ts";
import type { QueueMessage } from "../../sdk/sources/messages.ts";
import { messageOf } from "./queue_message.ts";
import type { Received, Wanted } from "./reader_request.ts";

/**
 * An answer is one line, which the parent has in memory as a whole. A queue may give more
 * at once: the rest waits for the next answer.
 */
const MOST_BYTES = 4 * 1024 * 1024;

export class Collector {
  readonly #reader: QueueReader;
  readonly #now: () => number;
  /** By id: a queue may deliver a message again while it is held. */
  readonly #held = new Map<string, ReceivedMessage>();
  #bytes = 0;
  #firstAt = 0;
  /** The messages of the last answer. */
  #given: readonly ReceivedMessage[] = [];

  /** @param now milliseconds of a clock that is never set back */
  constructor(reader: QueueReader, now: () => number = () => performance.now()) {
    this.#reader = reader;
    this.#now = now;
  }

  /** @returns nothing while the window is open */
  async receive({ max, waitMs, windowMs }: Wanted): Promise<Received> {
    const room = max - this.#held.size;
    if (room > 0 && this.#bytes < MOST_BYTES)
      this.#hold(await this.#reader.receive({ max: room, waitMs: this.#wait(waitMs, windowMs) }));
    const isFull = this.#held.size >= max || this.#bytes >= MOST_BYTES;
    if (!isFull && this.#left(windowMs) > 0) return { messages: [], unreadable: [] };
    return this.#give(max);
  }

  /** Confirms the messages of the last answer. */
  async confirm(): Promise<void> {
    const given = this.#given;
    if (given.length > 0) await this.#reader.confirm(given);
    this.#given = [];
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #hold(received: readonly ReceivedMessage[]): void {
    if (this.#held.size === 0) this.#firstAt = this.#now();
    for (const message of received) this.#held.set(message.id, message);
    this.#measure();
  }

  #give(max: number): Received {
    this.#given = firstOf(this.#held.values(), max);
    for (const { id } of this.#given) this.#held.delete(id);
    this.#measure();
    const all = this.#given.map(messageOf);
    return {
      messages: all.filter((one): one is QueueMessage => !("reason" in one)),
      unreadable: all.filter((one) => "reason" in one),
    };
  }

  #measure(): void {
    this.#bytes = [...this.#held.values()].reduce((sum, one) => sum + sizeOf(one), 0);
  }

  /** Whole milliseconds, as timers of plugins need them. */
  #wait(waitMs: number, windowMs: number): number {
    if (this.#held.size === 0) return waitMs;
    return Math.min(waitMs, Math.max(0, Math.ceil(this.#left(windowMs))));
  }

  /** Milliseconds until the window of the held messages ends. */
  #left(windowMs: number): number {
    return this.#held.size === 0 ? 0 : this.#firstAt + windowMs - this.#now();
  }
}

/** The first messages: at most `max`, and no more after {@link MOST_BYTES}. */
function firstOf(messages: Iterable<ReceivedMessage>, max: number): readonly ReceivedMessage[] {
  const first: ReceivedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (first.length === max || bytes >= MOST_BYTES) break;
    first.push(message);
    bytes += sizeOf(message);
  }
  return first;
}

function sizeOf({ body, key, headers }: ReceivedMessage): number {
  const texts = [key ?? "", ...Object.entries(headers).flat()];
  return texts.reduce((sum, text) => sum + text.length, body?.length ?? 0);
}

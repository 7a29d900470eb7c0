/**
 * Message queues: how a plugin reads the messages of a system. A process of its own opens
 * the queue of a source (`messages`), and asks it for messages.
 */
import type { Connection } from "./connection.ts";
import type { HookContext } from "./hook.ts";
import type { Json } from "./json.ts";

/**
 * What the reader of one source is opened with.
 * @example
 * const open = (connection: Connection, { settings, signal }: QueueContext) =>
 *   connect(connection, String(settings.topic), signal);
 */
export interface QueueContext extends HookContext {
  /** What the source of the DAG names, such as its topic. */
  readonly settings: Readonly<Record<string, Json>>;
  /** The DAG and the source, as a name for groups of readers: `dagsmith.dag.source`. */
  readonly reader: string;
  /** How long messages may wait until they are confirmed, in milliseconds. */
  readonly holdMs: number;
}

/**
 * A message as its system delivers it.
 * @example const message: ReceivedMessage = { id: "7", body: "{}", key: null, headers: {}, at: null };
 */
export interface ReceivedMessage {
  /** Names the message for ever: each delivery of it has the same id, and no other has. */
  readonly id: string;
  /** UTF-8, or a text; null for no body. */
  readonly body: Uint8Array | string | null;
  /** Its key, or what its system has like it; null for none. */
  readonly key: string | null;
  /** Headers or attributes by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was sent: ISO 8601; null when the system does not say. */
  readonly at: string | null;
}

/**
 * Reads one queue. Its functions are called one after the other.
 * @typeParam Message may carry what `confirm` needs
 * @example
 * const reader: QueueReader = await ordersQueue.open(connection, context);
 * const received = await reader.receive({ max: 10, waitMs: 1_000 });
 * await reader.confirm(received);
 */
export interface QueueReader<Message extends ReceivedMessage = ReceivedMessage> {
  /**
   * Waits until messages are there, for at most `waitMs`.
   * @returns at most `max` messages, each once until the system delivers it again
   * @throws Error when the system refuses or is away; the reader is then closed
   */
  receive(wanted: { readonly max: number; readonly waitMs: number }): Promise<readonly Message[]>;
  /** Tells the system that it need not deliver these messages again: runs of them exist. */
  confirm(messages: readonly Message[]): Promise<void>;
  /** Messages that are not confirmed are delivered again, to whichever reader. */
  close(): Promise<void>;
}

/**
 * A kind of queue, by its id. A plugin exports its queues as `messageQueues`.
 * @example export const messageQueues: readonly MessageQueue[] = [ordersQueue];
 */
export interface MessageQueue<Message extends ReceivedMessage = ReceivedMessage> {
  /** As `messages` names it, such as `kafka`. */
  readonly id: string;
  /** The types of connection that it takes. */
  readonly types: readonly [string, ...string[]];
  /** Opens a reader. @throws Error in words for people */
  open(connection: Connection, context: QueueContext): Promise<QueueReader<Message>>;
}

/** What the process that reads a message queue is asked, and what it answers. */
import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";
import type { QueueMessage } from "../../sdk/sources/messages.ts";

/** Plugins of dagsmith that export `messageQueues`. */
export const QUEUE_PLUGINS = ["aws", "kafka"];

/** What a reader is opened with. */
export interface OpenReader {
  /** The id of the queue. */
  readonly queue: string;
  readonly settings: Readonly<Record<string, Json>>;
  readonly reader: string;
  readonly holdMs: number;
  readonly connection: Connection;
  /** Packages of users that may export `messageQueues`. */
  readonly packages: readonly string[];
  readonly projectFolder: string;
}

/** A request of the parent. It sends the next one after the answer, but `close` at any time. */
export type ReaderRequest =
  | ({ readonly do: "open" } & OpenReader)
  | ({ readonly do: "receive" } & Wanted)
  /** The messages of the last answer have runs, or never get one. */
  | { readonly do: "confirm" }
  /** Leaves the queue. The process ends; there is no answer. */
  | { readonly do: "close" };

/** Which messages the parent asks for. */
export interface Wanted {
  readonly max: number;
  /** How long to wait for the first message. */
  readonly waitMs: number;
  /** How long to collect messages after the first one. */
  readonly windowMs: number;
}

/** A message that no run can have. */
export interface UnreadableMessage {
  readonly id: string;
  readonly reason: string;
}

/** Messages that were received. */
export interface Received {
  readonly messages: readonly QueueMessage[];
  readonly unreadable: readonly UnreadableMessage[];
}

export type ReaderAnswer =
  | ({ readonly type: "received" } & Received)
  /** The request is done. */
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly reason: string };

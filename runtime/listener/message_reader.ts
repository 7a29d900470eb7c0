/**
 * Follows one source of messages: takes messages from its queue, creates their runs, and
 * then confirms them. When a process dies in between, the queue delivers the messages
 * again, and they are known by their ids. A queue that is away is tried again, and delays
 * no other.
 */
import type { QueueMessage } from "../../sdk/sources/messages.ts";
import type { Received } from "../child/reader_request.ts";
import type { ProcessOptions } from "../connections/plugin_process.ts";
import { ReaderProcess } from "../connections/reader_process.ts";
import { fittingEvents } from "../params/fitting_events.ts";
import { Loop, type Pass } from "../service/loop.ts";
import { roomFor } from "../store/sources/event_batches.ts";
import {
  type ActiveSource,
  createMessageRuns,
  noteReceived,
  setMessageSourceError,
} from "../store/sources/message_source.ts";
import { startQueuedRuns } from "../transactions/start_runs.ts";
import type { SubscriberOptions } from "./subscriber.ts";

/** How the processes are started that read queues. */
export interface ReaderOptions extends ProcessOptions {
  /** Packages of users that may have queues. */
  readonly packages: readonly string[];
  readonly projectFolder: string;
}

export interface MessageReaderOptions extends SubscriberOptions {
  readonly readers: ReaderOptions;
}

/** How soon a DAG with too many runs is looked at again. */
const LOOK_EVERY_MS = 1_000;
/** How long a queue waits for a message before it answers without one. */
const WAIT_MS = 10_000;
const RETRY = { firstMs: 500, longestMs: 15_000 };
/** About how many messages one transaction takes: enough for whole batches. */
const TAKE = 500;
/** Characters of an error that the page shows. */
const LONGEST_REASON = 500;
/** The time that a transaction may take, on a busy machine. */
const TRANSACTION_MS = 60_000;

export class MessageReader {
  readonly loop: Loop;
  readonly #source: ActiveSource;
  readonly #options: MessageReaderOptions;
  #reader: ReaderProcess | undefined;
  /** The fault that the page shows. */
  #fault: string | null;
  #isFull = false;

  constructor(source: ActiveSource, options: MessageReaderOptions) {
    this.#source = source;
    this.#options = options;
    this.#fault = source.error;
    const { dagId, spec } = source;
    this.loop = new Loop(
      {
        name: "read_messages",
        detail: { dag: dagId, source: spec.name },
        everyMs: LOOK_EVERY_MS,
        retry: RETRY,
        staggerMs: 0,
        nextInMs: async () => (this.#isFull ? null : 0),
        runOnce: (pass) => this.#look(pass),
      },
      options.log,
    );
    this.loop.start();
  }

  /** The process that reads the queue; undefined while there is none. */
  get pid(): number | undefined {
    return this.#reader?.pid;
  }

  /** Ends the process. Messages without runs stay in the queue. Idempotent. */
  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    await this.#leave();
    await stopped;
    // The last pass may have opened the queue.
    await this.#leave();
  }

  /** @returns how many messages it took */
  async #look(pass: Pass): Promise<number> {
    try {
      const taken = await this.#read(pass);
      await this.#report(null);
      return taken;
    } catch (error) {
      await this.#leave();
      if (pass.signal.aborted) return 0;
      const { spec } = this.#source;
      const words = error instanceof Error ? error.message : String(error);
      const whole = this.#options.mask(`The queue of ${spec.name} cannot be read: ${words}`);
      // A part of a secret would not be masked.
      const reason = whole.slice(0, LONGEST_REASON);
      await this.#report(reason);
      throw new Error(reason, { cause: error });
    }
  }

  async #read(pass: Pass): Promise<number> {
    const { spec, dagId } = this.#source;
    const room = await roomFor(this.#options.db, dagId);
    this.#isFull = room === 0;
    if (this.#isFull || pass.signal.aborted) return 0;
    pass.at("opening the queue");
    this.#reader ??= await this.#open(pass.signal);
    if (pass.signal.aborted) return 0;
    pass.at("receiving messages");
    const most = spec.windowMs > 0 ? 1 : Math.max(1, Math.floor(TAKE / spec.batch));
    const max = spec.batch * Math.min(room, most);
    const reader = this.#reader;
    const received = await reader.receive({ max, waitMs: WAIT_MS, windowMs: spec.windowMs });
    pass.at("creating runs");
    if (!(await this.#take(received))) {
      // The DAG was paused: its messages wait in the queue.
      await this.#leave();
      return 0;
    }
    await reader.confirm();
    return received.messages.length;
  }

  async #open(signal: AbortSignal): Promise<ReaderProcess> {
    const { readers, connection: find } = this.#options;
    const { spec, dagId } = this.#source;
    const { environment, user, packages, projectFolder } = readers;
    const { queue, settings, windowMs } = spec;
    const connection = await find(spec.connection);
    const of = { queue, settings, connection, packages, projectFolder };
    const reader = `dagsmith.${dagId}.${spec.name}`;
    const holdMs = windowMs + TRANSACTION_MS;
    return ReaderProcess.open({ ...of, reader, holdMs }, { environment, user }, signal);
  }

  /** @returns false when the DAG takes no runs now */
  async #take({ messages, unreadable }: Received): Promise<boolean> {
    if (messages.length === 0 && unreadable.length === 0) return true;
    const { db, plans, log } = this.#options;
    const { spec, dagId } = this.#source;
    // Before the transaction: a schema may take seconds, and it locks the DAG.
    const fits = await fittingEvents(spec.when, messages, fieldsOf);
    const runs = await createMessageRuns(db, this.#source, messages, new Set(fits));
    if (runs === null) return false;
    for (const { id, reason } of unreadable)
      log("message_unreadable", { dag: dagId, source: spec.name, message: id, reason });
    await noteReceived(db, { dagId, name: spec.name }, unreadable);
    if (runs > 0) await startQueuedRuns(db, plans, [dagId]);
    return true;
  }

  async #leave(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }

  /** Writes the fault, or that there is none, where users see it. */
  async #report(error: string | null): Promise<void> {
    if (this.#fault === error) return;
    this.#fault = error;
    const { dagId, spec } = this.#source;
    const { db } = this.#options;
    await setMessageSourceError(db, { dagId, name: spec.name }, error).catch(() => undefined);
  }
}

const fieldsOf = ({ key, value, headers }: QueueMessage) => ({ key, value, headers });

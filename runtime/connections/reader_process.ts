/**
 * The process that reads the message queue of one source, as the scheduler sees it. One
 * request is on its way at a time.
 */
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { errorMessage } from "../../sdk/error_message.ts";
import { LineReader } from "../child/line_reader.ts";
import type {
  OpenReader,
  ReaderAnswer,
  ReaderRequest,
  Received,
  Wanted,
} from "../child/reader_request.ts";
import { killGroup, type ProcessOptions, startPluginProcess } from "./plugin_process.ts";
import { parseReaderAnswer } from "./reader_answer.ts";

/** Messages of 4 MiB and one more message, as JSON. */
const LONGEST_ANSWER = 64 * 1024 * 1024;
/** The time that a plugin may take to load and to join its queue. */
const OPEN_MS = 60_000;
/** The time that a queue may take besides the time that messages are awaited. */
const ANSWER_MS = 20_000;
/** A reader that leaves its queue spares the others a wait; a silent one is killed. */
const CLOSE_MS = 3_000;

export class ReaderProcess {
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #kill: () => void;
  readonly #closed = Promise.withResolvers<void>();
  #ended: string | undefined;
  #pending: PromiseWithResolvers<ReaderAnswer> | undefined;

  private constructor(folder: string, options: ProcessOptions) {
    this.#child = startPluginProcess("read_queue", folder, options);
    this.#kill = () => killGroup(this.#child);
    process.once("exit", this.#kill);
    this.#channel = this.#child.stdio[3] as Duplex;
    this.#listen();
  }

  /**
   * @param signal ends the process while it opens its queue: a system that does not answer
   *   would hold up a stop for a minute
   * @throws Error why the queue cannot be opened
   */
  static async open(
    request: OpenReader,
    options: ProcessOptions,
    signal: AbortSignal,
  ): Promise<ReaderProcess> {
    signal.throwIfAborted();
    const reader = new ReaderProcess(request.projectFolder, options);
    const stop = (): void => reader.kill();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await reader.#ask({ do: "open", ...request }, OPEN_MS);
      return reader;
    } catch (error) {
      reader.kill();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** The id of the process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  async receive(wanted: Wanted): Promise<Received> {
    const answer = await this.#ask({ do: "receive", ...wanted }, wanted.waitMs + ANSWER_MS);
    return answer.type === "received" ? answer : { messages: [], unreadable: [] };
  }

  async confirm(): Promise<void> {
    await this.#ask({ do: "confirm" }, ANSWER_MS);
  }

  /**
   * Leaves the queue, and ends the process. A request that is on its way is rejected.
   * Idempotent.
   */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const timer = setTimeout(() => this.kill(), CLOSE_MS);
    this.#channel.write(`${JSON.stringify({ do: "close" } satisfies ReaderRequest)}\n`);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  kill(): void {
    process.removeListener("exit", this.#kill);
    this.#kill();
    this.#channel.destroy();
  }

  #listen(): void {
    const reader = new LineReader((line) => this.#settle(parseReaderAnswer(line)), LONGEST_ANSWER);
    this.#channel.on("error", () => undefined);
    this.#channel.on("data", (chunk: Uint8Array) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.#end(errorMessage(error));
      }
    });
    this.#child.once("error", (error) => {
      this.#end(error.message);
      this.#closed.resolve();
    });
    this.#child.once("close", (code, signal) => {
      this.#end(`the process that reads it ended with ${signal ?? code}`);
      this.#closed.resolve();
    });
  }

  async #ask(request: ReaderRequest, limitMs: number): Promise<ReaderAnswer> {
    if (this.#ended !== undefined) throw new Error(this.#ended);
    const pending = Promise.withResolvers<ReaderAnswer>();
    this.#pending = pending;
    const late = (): void => this.#end(`no answer within ${limitMs / 1_000} s`);
    const timer = setTimeout(late, limitMs);
    try {
      this.#channel.write(`${JSON.stringify(request)}\n`);
      const answer = await pending.promise;
      if (answer.type === "failed") throw new Error(answer.reason);
      return answer;
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  #settle(answer: ReaderAnswer): void {
    this.#pending?.resolve(answer);
  }

  /** The process is of no more use. */
  #end(reason: string): void {
    this.#ended ??= reason;
    this.#pending?.reject(new Error(reason));
    this.kill();
  }
}

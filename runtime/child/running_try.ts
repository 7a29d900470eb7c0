/**
 * The try that some code belongs to. Code of an ended try may still run: what it says and
 * asks carries the number of its own try, never that of the try that runs now.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { DagsmithError } from "../../sdk/errors.ts";
import { once } from "../../sdk/once.ts";
import type { PrintedLines } from "./capture.ts";
import { send } from "./channel.ts";
import { fileClient } from "./context/file_client.ts";
import { sentFields } from "./context/sent_fields.ts";
import { LineCutter } from "./line_cutter.ts";
import type { CallMethod, Calls, LogSource } from "./protocol.ts";
import type { LogLevel, TaskHost, TryResult } from "./run_try.ts";
import type { SpanRecord } from "./span_record.ts";

/** Longer lines of log are sent in several messages. Characters. */
const MAX_LINE = 65_536;
/** Spans of a try. */
const MOST_SPANS = 1_000;

export class RunningTry {
  readonly id: number;
  readonly taskId: string;
  readonly abort = new AbortController();
  /** Resolves with an error that the body does not wait for. */
  readonly crash = Promise.withResolvers<TryResult>();
  readonly printed: PrintedLines;
  #spans = 0;

  constructor(id: number, taskId: string) {
    this.id = id;
    this.taskId = taskId;
    this.printed = {
      stdout: new LineCutter((text) => this.log("info", text, "stdout")),
      stderr: new LineCutter((text) => this.log("warn", text, "stderr")),
    };
  }

  log(level: LogLevel, text: string, source: LogSource = "dagsmith"): void {
    for (let from = 0; from === 0 || from < text.length; from += MAX_LINE)
      send({ type: "log", try: this.id, level, source, text: text.slice(from, from + MAX_LINE) });
  }

  /** Ends the lines that were begun. */
  endLines(): void {
    this.printed.stdout.end();
    this.printed.stderr.end();
  }

  /** Sends a span; a task that makes them without end sends no more. */
  span(span: SpanRecord): void {
    this.#spans += 1;
    if (this.#spans <= MOST_SPANS) send({ type: "span", try: this.id, span });
  }

  /** What its task may ask. */
  readonly host: TaskHost = {
    ...fileClient(once(() => this.#call("fileAccess"))),
    connection: (id) => this.#call("connection", id),
    variable: (key) => this.#call("variable", key),
    pullXCom: (taskId, key) => this.#call("pullXCom", taskId, key),
    pullPage: (taskId, after) => this.#call("pullPage", taskId, String(after)),
    pushXCom: async (key, json) => void (await this.#call("pushXCom", key, json)),
    readState: (scope, key) => this.#call("readState", scope, key),
    listState: (scope, prefix) => this.#call("listState", scope, prefix),
    writeState: async ({ scope, key, json }) =>
      void (await this.#call("writeState", scope, key, ...(json === null ? [] : [json]))),
    folder: async ({ path, hash }) => {
      if (hash === null) throw new DagsmithError("FOLDER_NOT_BUNDLED", { path });
      return this.#call("folder", hash);
    },
    labelRun: async (key, value) => void (await this.#call("labelRun", key, value)),
    noteRun: async (text) => void (await this.#call("noteRun", text)),
    writeRendered: async (fields) => void (await this.#call("writeRendered", sentFields(fields))),
    readSteps: () => this.#call("readSteps"),
    beginStep: async (name) => void (await this.#call("beginStep", name)),
    writeStep: async (name, json) =>
      void (await this.#call("writeStep", name, ...(json === null ? [] : [json]))),
    assetEvents: (uri, limit) => this.#call("assetEvents", uri, String(limit)),
    log: (level, text) => this.log(level, text, "task"),
  };

  #call<Method extends CallMethod>(
    method: Method,
    ...args: Calls[Method]["args"]
  ): Promise<Calls[Method]["value"]> {
    const reply = Promise.withResolvers<unknown>();
    lastCall += 1;
    calls.set(lastCall, reply);
    send({ type: "call", try: this.id, call: lastCall, method, args });
    return reply.promise as Promise<Calls[Method]["value"]>;
  }
}

const calls = new Map<number, PromiseWithResolvers<unknown>>();
let lastCall = 0;

/** The question that an answer of the worker belongs to; each is answered once. */
export function takeCall(call: number): PromiseWithResolvers<unknown> | undefined {
  const reply = calls.get(call);
  calls.delete(call);
  return reply;
}

/** Follows code through callbacks and timers to the try that started it. */
export const owner: AsyncLocalStorage<RunningTry> = new AsyncLocalStorage();

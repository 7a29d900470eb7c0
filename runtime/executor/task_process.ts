/**
 * One task process, seen from the worker: forks it, gives it tries one after the other, carries its questions to the worker's host, and
 * makes sure that it ends, with everything it started, when it is told to.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { isDagsmithError } from "../../sdk/errors.ts";
import { LineCutter } from "../child/line_cutter.ts";
import {
  type CallMethod,
  type FromChild,
  LineReader,
  type LogSource,
  type ToChild,
} from "../child/protocol.ts";
import type { CallbackRequest } from "../child/run_callback.ts";
import type { LogLevel, TryRequest, TryResult } from "../child/run_try.ts";

/** What a running try needs of its worker. */
export interface TryHost {
  call(method: CallMethod, args: readonly string[]): Promise<unknown>;
  log(level: LogLevel, source: LogSource, text: string): void;
}

/** How a try ended in its process. */
export type ProcessEnd = TryResult | { readonly outcome: "crashed"; readonly reason: string };

/** After an abort: how long a task may tidy up before SIGTERM, and then before SIGKILL. */
const TERM_AFTER_MS = 5_000;
const KILL_AFTER_MS = 2_000;
/** After the end of a process: how long its last words may take, when something it started keeps its output open. */
const LAST_WORDS_MS = 500;

const MAIN = fileURLToPath(
  new URL(`../child/main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

interface Running {
  readonly host: TryHost;
  readonly end: PromiseWithResolvers<ProcessEnd>;
}

export interface TaskProcessOptions {
  /** The environment of the process; must hold none of the worker's secrets. */
  readonly env: NodeJS.ProcessEnv;
  /** Where native addons that a bundle left outside are looked up. */
  readonly folder: string;
}

export class TaskProcess {
  /** The bundles it has loaded; it can run others' tries only as a blank process. */
  bundle: string | undefined;
  tries = 0;
  /** Bytes of memory it has gained since its first try ended. */
  growth = 0;
  #firstRss: number | undefined;
  readonly #process: ChildProcess;
  readonly #channel: Duplex;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<string>();
  #running: Running | undefined;
  #ending: NodeJS.Timeout | undefined;
  #complaints: string[] = [];
  #gone = false;
  #spoilt = false;
  readonly #printed: readonly LineCutter[];

  constructor(options: TaskProcessOptions) {
    // A process group of its own, so that a kill reaches what the task started, and Ctrl-C in the terminal reaches only the worker.
    this.#process = spawn(process.execPath, ["--enable-source-maps", MAIN, options.folder], {
      env: options.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    this.#channel = this.#process.stdio[3] as Duplex;
    const reader = new LineReader((line) => this.#receive(JSON.parse(line) as FromChild));
    this.#channel
      .on("data", (chunk: Uint8Array) => reader.push(chunk))
      .on("error", () => undefined);
    this.#printed = [this.#pipe("stdout"), this.#pipe("stderr")];
    this.#process.once("error", (error) => this.#exit(`could not start: ${error.message}`));
    this.#process.once("exit", (code, signal) =>
      this.#exit(
        signal ? `was killed by ${signal}` : `exited with code ${code} before the task had ended`,
      ),
    );
  }

  /** Resolves when it can take a try, or has ended without. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Whether something of an earlier try may still run in it. */
  get isSpoilt(): boolean {
    return this.#spoilt;
  }

  /** Runs one try, or one callback. Never rejects. */
  run(
    bundle: string,
    request: TryRequest,
    host: TryHost,
    callback?: CallbackRequest,
  ): Promise<ProcessEnd> {
    const end = Promise.withResolvers<ProcessEnd>();
    this.#running = { host, end };
    this.tries += 1;
    if (this.#gone) end.resolve({ outcome: "crashed", reason: "the task process is gone" });
    else this.#send({ type: "run", bundle, request, ...(callback && { callback }) });
    return end.promise.finally(() => {
      this.#running = undefined;
      clearTimeout(this.#ending);
    });
  }

  /** Asks the running try to stop: its AbortSignal first, then SIGTERM, then SIGKILL for the whole process group. */
  abort(reason: string): void {
    if (!this.#running || this.#ending) return;
    this.#send({ type: "abort", reason });
    this.#ending = setTimeout(() => {
      this.#signal("SIGTERM");
      this.#ending = setTimeout(() => this.#signal("SIGKILL"), KILL_AFTER_MS);
    }, TERM_AFTER_MS);
  }

  /** Ends the process and all it started. Idempotent; resolves when it is gone. */
  async stop(): Promise<void> {
    // Of a process that is gone the number may belong to another by now.
    if (!this.#gone) this.#signal("SIGKILL");
    await this.#exited.promise;
  }

  #send(message: ToChild): void {
    if (!this.#gone) this.#channel.write(`${JSON.stringify(message)}\n`);
  }

  #receive(message: FromChild): void {
    if (message.type === "ready") return void this.#ready.resolve();
    const running = this.#running;
    if (!running) return;
    if (message.type === "log") running.host.log(message.level, message.source, message.text);
    // #answer() never rejects: it sends the failure of a call to the child.
    else if (message.type === "call") void this.#answer(running.host, message);
    else if (message.type === "done") {
      this.#spoilt ||= message.isSpoilt;
      this.#measure(message.rss);
      // What was printed before the end lies in the pipes by now, and this turn of the event loop reads it.
      setImmediate(() => this.#finish(running, message.result));
    }
  }

  #measure(rss: number | undefined): void {
    if (rss === undefined) return;
    this.#firstRss ??= rss;
    this.growth = rss - this.#firstRss;
  }

  #finish(running: Running, end: ProcessEnd): void {
    for (const lines of this.#printed) lines.end();
    running.end.resolve(end);
  }

  async #answer(
    host: TryHost,
    { call, method, args }: Extract<FromChild, { type: "call" }>,
  ): Promise<void> {
    try {
      this.#send({ type: "reply", call, value: await host.call(method, args) });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      this.#send({
        type: "refuse",
        call,
        error: { name, message, ...(isDagsmithError(error) ? { code: error.code } : {}) },
      });
    }
  }

  /** Output that does not come through the channel: of programs the task started, and the last words of a dying process. */
  #pipe(source: "stdout" | "stderr"): LineCutter {
    const lines = new LineCutter((text) => {
      if (source === "stderr") this.#complaints = [...this.#complaints.slice(-20), text];
      this.#running?.host.log(source === "stderr" ? "warn" : "info", source, text);
    });
    this.#process[source]
      ?.on("data", (chunk: Uint8Array) => lines.push(chunk))
      .on("error", () => undefined);
    return lines;
  }

  #exit(how: string): void {
    this.#signal("SIGKILL");
    this.#gone = true;
    this.#ready.resolve();
    clearTimeout(this.#ending);
    this.#exited.resolve(how);
    // Its last lines, and why it died, may still be in the pipes.
    const heard = setTimeout(() => this.#mourn(how), LAST_WORDS_MS);
    this.#process.once("close", () => {
      clearTimeout(heard);
      this.#mourn(how);
    });
  }

  #mourn(how: string): void {
    const outOfMemory = this.#complaints.some((line) => line.includes("heap out of memory"));
    const reason = outOfMemory ? "the task process ran out of memory" : `the task process ${how}`;
    if (this.#running) this.#finish(this.#running, { outcome: "crashed", reason });
  }

  /** To the whole group: a task's own children must not outlive it. */
  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.#process.pid) process.kill(-this.#process.pid, signal);
    } catch {
      // The group is gone already.
    }
  }
}

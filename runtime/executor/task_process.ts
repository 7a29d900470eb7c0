/**
 * One task process, seen from the worker. This class forks it, gives it one try after the
 * other, passes its requests to the worker's host, and ends it with all processes that it
 * started.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { errorMessage } from "../../sdk/error_message.ts";
import { type DagsmithError, isDagsmithError } from "../../sdk/errors.ts";
import { LineCutter } from "../child/line_cutter.ts";
import { LineReader } from "../child/line_reader.ts";
import type { CallMethod, FromChild, LogSource, ToChild } from "../child/protocol.ts";
import type { CallbackRequest } from "../child/run_callback.ts";
import type { LogLevel, TryRequest, TryResult } from "../child/run_try.ts";
import type { SpanRecord } from "../child/span_record.ts";
import type { LoadableBundle } from "./bundle_cache.ts";
import { EndedTries } from "./ended_tries.ts";
import type { Scratch } from "./scratch.ts";
import { invalidMessage, longestLine, parseTaskMessage } from "./task_message.ts";
import { MAIN, type TaskUser } from "./task_user.ts";

/** The functions of the worker that a running try needs. */
export interface TryHost {
  call(method: CallMethod, args: readonly string[]): Promise<unknown>;
  log(level: LogLevel, source: LogSource, text: string): void;
  /** Absent: traces are off. */
  span?(span: SpanRecord): void;
}

/** How a try ended in its process. */
export type ProcessEnd = TryResult | { readonly outcome: "crashed"; readonly reason: string };

/** The process ended before any code of the try ran, so another process can run the try. */
export interface Unstarted {
  readonly outcome: "unstarted";
  /** How the process ended, such as "was killed by SIGKILL". */
  readonly how: string;
}

/**
 * After an abort: how long a task may clean up before SIGTERM, and then before SIGKILL.
 */
const TERM_AFTER_MS = 5_000;
const KILL_AFTER_MS = 2_000;
/**
 * After the end of a process: how long its last output may take, when a child process
 * keeps the output open.
 */
const LAST_OUTPUT_MS = 500;

/** The user of the system, and the environment with its home instead of the worker's. */
function asUser({ user }: TaskProcessOptions, env: NodeJS.ProcessEnv) {
  if (!user) return { env };
  const { uid, gid, home } = user;
  const { HOME: _, ...rest } = env;
  return { uid, gid, env: { ...rest, ...(home !== null && { HOME: home }) } };
}

interface Running {
  /** Its number among the tries of the process. */
  readonly id: number;
  readonly taskId: string;
  readonly host: TryHost;
  readonly end: PromiseWithResolvers<ProcessEnd | Unstarted>;
  /** The process did not get the request. */
  isUnsent: boolean;
  /** The process sent something for it, or was sent more than the request. */
  mayHaveBegun: boolean;
  /** The process said how it ended. */
  isDone: boolean;
}

export interface TaskProcessOptions {
  /** The environment of the process; must not contain the worker's secrets. */
  readonly env: NodeJS.ProcessEnv;
  /** The user that the process runs as. Default: that of the worker. */
  readonly user?: TaskUser | undefined;
  /** Where native addons that are not part of a bundle are looked up. */
  readonly folder: string;
  /** Makes and removes the folder for temporary files of the process. */
  readonly scratch: Scratch;
}

/**
 * What is printed before the process dies: by V8 for its heap and for its own structures,
 * and by C++.
 */
const OUT_OF_MEMORY = /\b(heap|process|JavaScript) out of memory|std::bad_alloc/;

export class TaskProcess {
  /** The bundle that it has loaded; only a blank process can take another bundle. */
  get bundle(): string | undefined {
    return this.#bundle;
  }
  tries = 0;
  /** Called when it has loaded its bundle, and the body of its first try begins. */
  onLoaded: (() => void) | undefined;
  /** How long its last try ran by its own clock; undefined when none has ended. */
  ranMs: number | undefined;
  /** Bytes of memory that it has gained since its first try ended. */
  growth = 0;
  #firstRss: number | undefined;
  readonly #process: ChildProcess;
  readonly #removeScratch: () => Promise<void>;
  /** Undefined when the system had no file descriptor left for it. */
  readonly #channel: Duplex | undefined;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #reader = new LineReader((line) => this.#receive(parseTaskMessage(line)));
  readonly #ended = new EndedTries();
  #bundle: string | undefined;
  #running: Running | undefined;
  #ending: NodeJS.Timeout | undefined;
  #isOutOfMemory = false;
  /** How it ended. */
  #how: string | undefined;
  /** It ended before it read all that was sent. */
  #hasUnread = false;
  #spoilt = false;
  #isGarbled = false;
  readonly #printed: readonly LineCutter[];

  constructor(options: TaskProcessOptions) {
    const scratch = options.scratch.make();
    this.#removeScratch = () => options.scratch.remove(scratch);
    // Its own process group: a kill then reaches the children of the task, and Ctrl-C in
    // the terminal reaches only the worker.
    this.#process = spawn(process.execPath, ["--enable-source-maps", MAIN, options.folder], {
      ...asUser(options, { ...options.env, ...(scratch && { TMPDIR: scratch }) }),
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    this.#channel = this.#process.stdio?.[3] as Duplex | undefined;
    this.#channel
      ?.on("data", (chunk: Uint8Array) => this.#read(chunk))
      // Linux resets the channel of a process that ends with messages unread.
      .on("error", ({ code, syscall }: NodeJS.ErrnoException) => {
        this.#hasUnread ||= syscall === "read" && code === "ECONNRESET";
      });
    this.#printed = [this.#pipe("stdout"), this.#pipe("stderr")];
    this.#process.once("error", (error) => this.#exit(`could not start: ${error.message}`));
    this.#process.once("exit", (code, signal) =>
      this.#exit(signal ? `was killed by ${signal}` : `exited with code ${code}`),
    );
  }

  /** Resolves when it can take a try, or has exited before that. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /**
   * Whether it can take another try: it runs, and no code of an earlier try may still run
   * in it.
   */
  get isUsable(): boolean {
    return this.#how === undefined && !this.#spoilt;
  }

  /** Hands over the code of the one bundle whose tries the process runs. */
  load(hash: string, { path, code }: LoadableBundle): void {
    this.#bundle = hash;
    this.#send({ type: "load", path, code });
  }

  /** Runs one try, or one callback. Never rejects. */
  run(
    request: TryRequest,
    host: TryHost,
    callback?: CallbackRequest,
  ): Promise<ProcessEnd | Unstarted> {
    this.tries += 1;
    const running = {
      ...{ id: this.tries, taskId: request.taskId, host },
      ...{ isUnsent: false, mayHaveBegun: false, isDone: false },
      end: Promise.withResolvers<ProcessEnd | Unstarted>(),
    };
    this.#running = running;
    this.#isOutOfMemory = false;
    this.#reader.maxLength = longestLine(request.maxOutputBytes);
    if (this.#how !== undefined) this.#finish(running, unstarted(running, this.#how));
    const message = {
      type: "run",
      try: running.id,
      request,
      ...(callback && { callback }),
    } as const;
    this.#write(message, (error) => {
      running.isUnsent ||= error != null;
    });
    return running.end.promise.finally(() => {
      this.#running = undefined;
      clearTimeout(this.#ending);
    });
  }

  /**
   * Asks the running try to stop: its AbortSignal first, then SIGTERM, then SIGKILL for
   * the whole process group.
   */
  abort(reason: string): void {
    if (!this.#running || this.#ending) return;
    this.#spoilt = true;
    this.#send({ type: "abort", reason });
    this.#ending = setTimeout(() => {
      this.#signal("SIGTERM");
      this.#ending = setTimeout(() => this.#signal("SIGKILL"), KILL_AFTER_MS);
    }, TERM_AFTER_MS);
  }

  /**
   * Ends the process and its children. Idempotent; resolves when the process has exited.
   */
  async stop(): Promise<void> {
    // After the process has exited, its pid may belong to another process.
    if (this.#how === undefined) this.#signal("SIGKILL");
    await this.#exited.promise;
  }

  #send(message: ToChild): void {
    if (this.#running) this.#running.mayHaveBegun = true;
    this.#write(message);
  }

  #write(message: ToChild, onWritten?: (error?: Error | null) => void): void {
    if (this.#how === undefined) this.#channel?.write(`${JSON.stringify(message)}\n`, onWritten);
  }

  /** Anything but a message ends the process: its later messages cannot be trusted. */
  #read(chunk: Uint8Array): void {
    if (this.#isGarbled) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#garbled(isDagsmithError(error) ? error : invalidMessage(errorMessage(error)));
    }
  }

  #garbled({ code, message }: DagsmithError): void {
    this.#isGarbled = true;
    this.#spoilt = true;
    const reason = `${code}: ${message}`;
    if (this.#running) this.#finish(this.#running, { outcome: "crashed", reason });
    this.#signal("SIGKILL");
  }

  #receive(message: FromChild): void {
    if (message.type === "ready") return void this.#ready.resolve();
    const running = this.#running;
    if (message.try > this.tries) throw invalidMessage("it speaks for a try that has not begun");
    if (message.try !== running?.id || running.isDone) return void this.#receiveLate(message);
    running.mayHaveBegun = true;
    if (message.type === "loaded") this.onLoaded?.();
    else if (message.type === "log") running.host.log(message.level, message.source, message.text);
    else if (message.type === "span") this.#span(running.host, message.span);
    // #answer() never rejects: it sends the failure of a call to the child.
    else if (message.type === "call") void this.#answer(running.host, message);
    else this.#done(running, message);
  }

  #span(host: TryHost, span: SpanRecord | null): void {
    if (span) host.span?.(span);
  }

  #done(
    running: Running,
    { isSpoilt, ms, rss, result }: Extract<FromChild, { type: "done" }>,
  ): void {
    running.isDone = true;
    this.#ended.add(running);
    this.#spoilt ||= isSpoilt;
    this.ranMs = ms;
    this.#measure(rss);
    // Output that was printed before the end is in the pipes by now. This tick may have
    // looked at the pipes before that; the next one reads them.
    setImmediate(() => setImmediate(() => this.#finish(running, result)));
  }

  /** From an ended try: its lines go into its own log, and its calls are refused. */
  #receiveLate(message: Exclude<FromChild, { type: "ready" }>): void {
    const refusal = this.#ended.receive(message);
    if (refusal) this.#refuse(refusal.call, refusal.error);
  }

  #measure(rss: number | undefined): void {
    if (rss === undefined) return;
    this.#firstRss ??= rss;
    this.growth = rss - this.#firstRss;
  }

  #finish(running: Running, end: ProcessEnd | Unstarted): void {
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
      this.#refuse(call, error);
    }
  }

  #refuse(call: number, error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const code = isDagsmithError(error) ? { code: error.code } : {};
    this.#send({ type: "refuse", call, error: { name, message, ...code } });
  }

  /**
   * Output that does not come through the channel: of programs that the task started, and
   * of a process that dies.
   */
  #pipe(source: "stdout" | "stderr"): LineCutter {
    const lines = new LineCutter((text) => {
      if (source === "stderr") this.#isOutOfMemory ||= OUT_OF_MEMORY.test(text);
      this.#running?.host.log(source === "stderr" ? "warn" : "info", source, text);
    });
    this.#process[source]
      ?.on("data", (chunk: Uint8Array) => lines.push(chunk))
      .on("error", () => undefined);
    return lines;
  }

  #exit(how: string): void {
    this.#signal("SIGKILL");
    // It never rejects, and nothing waits for it.
    void this.#removeScratch();
    this.#how = how;
    this.#ready.resolve();
    clearTimeout(this.#ending);
    this.#exited.resolve();
    // The last lines, and the reason of its death, may still be in the pipes. On a busy
    // machine this timer fires before the pipes are read; the next ticks read them.
    const end = (): void => this.#end(how);
    const timer = setTimeout(() => setImmediate(() => setImmediate(end)), LAST_OUTPUT_MS);
    this.#process.once("close", () => {
      clearTimeout(timer);
      end();
    });
  }

  #end(exit: string): void {
    const running = this.#running;
    if (!running) return;
    const how = this.#isOutOfMemory ? "ran out of memory" : exit;
    this.#finish(running, this.#nothingRan(running) ? unstarted(running, how) : crashed(how));
  }

  /** The request is the last message that was sent, and it was not read. */
  #nothingRan({ mayHaveBegun, isUnsent }: Running): boolean {
    return !mayHaveBegun && (isUnsent || this.#hasUnread || !this.#channel);
  }

  /** Signals the whole group: children of a task must not outlive it. */
  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.#process.pid) process.kill(-this.#process.pid, signal);
    } catch {
      // The group no longer exists.
    }
  }
}

function crashed(how: string): ProcessEnd {
  const when = how.startsWith("exited") ? " before the task had ended" : "";
  return { outcome: "crashed", reason: `the task process ${how}${when}` };
}

function unstarted({ host }: Running, how: string): Unstarted {
  host.log("warn", "dagsmith", `a task process ${how} before it began`);
  return { outcome: "unstarted", how };
}

/**
 * One inspector process, seen from outside: starts it, sends it one bundle at a time, and
 * reports how a request ended, also when the process died. Another file decides which DAG
 * file caused a failure.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { errorMessage } from "../../sdk/error_message.ts";
import type { InspectAnswer, InspectRequest } from "../child/inspect.ts";
import { LineReader } from "../child/line_reader.ts";
import { Loop } from "../service/loop.ts";
import { LONGEST_ANSWER, parseAnswer } from "./inspect_answer.ts";

/** How a request ended. */
export type Outcome =
  | Exclude<InspectAnswer, { readonly type: "ready" | "started" }>
  /** `began`: the process reached this file, so no earlier file delayed it. */
  | { readonly type: "timeout"; readonly began: boolean }
  | { readonly type: "memory" }
  /** It sent what is no answer. */
  | { readonly type: "garbled"; readonly problem: string }
  /** `began`: the file may have ended it. */
  | { readonly type: "exited"; readonly how: string; readonly began: boolean };

export interface ProcessLimits {
  /** Longest time for one file. */
  readonly timeLimitMs: number;
  /**
   * Heap limit; resident memory, which also counts buffers, may be
   * {@link EXTRA_RESIDENT_MEGABYTES} more.
   */
  readonly memoryLimitMegabytes: number;
  /** The complete environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user of the system that it runs as. Undefined: that of this process. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  /** Its working directory. */
  readonly folder: string;
}

const SCRIPT = fileURLToPath(
  new URL(
    `../child/inspect${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`,
    import.meta.url,
  ),
);
/**
 * The time that Node itself may take to start, on a busy machine, before a file's own
 * time counts.
 */
const BOOT_LIMIT_MS = 30_000;
const MEMORY_CHECK_MS = 100;
const EXTRA_RESIDENT_MEGABYTES = 256;
/**
 * Enough of the output to recognise how Node died. The rest is read and dropped, so that
 * a file that prints does not hang.
 */
const OUTPUT_TAIL = 16_384;
const PAGES_PER_MEGABYTE = 256;

export class InspectorProcess {
  readonly #child: ChildProcess;
  /** Undefined when the system had no file descriptor left for it. */
  readonly #channel: Duplex | undefined;
  readonly #reader = new LineReader((line) => this.#receive(parseAnswer(line)), LONGEST_ANSWER);
  readonly #limits: ProcessLimits;
  readonly #closed: Promise<void>;
  #answer: (outcome: Outcome) => void = () => {};
  #started: () => void = () => {};
  #hasBegun = false;
  #exit: Outcome | undefined;
  #errorTail = "";
  /** After that its pid may belong to another process. */
  #gone = false;
  /** The number of files it was asked for. */
  requests = 0;

  constructor(limits: ProcessLimits) {
    this.#limits = limits;
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${limits.memoryLimitMegabytes}`, SCRIPT],
      {
        cwd: limits.folder,
        env: { ...limits.environment },
        ...(limits.user && { uid: limits.user.uid, gid: limits.user.gid }),
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        // Leads its own process group, so that its child processes die with it.
        detached: true,
      },
    );
    this.#channel = this.#child.stdio?.[3] as Duplex | undefined;
    this.#channel
      ?.on("data", (chunk: Uint8Array) => this.#read(chunk))
      .on("error", () => undefined);
    this.#child.stdout?.resume();
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errorTail = (this.#errorTail + chunk.toString()).slice(-OUTPUT_TAIL);
    });
    this.#child.on("error", (error) => this.#end(this.#exited(error.message)));
    this.#closed = new Promise((resolve) => {
      // "close" comes after the last output, in which Node says why it died.
      this.#child.once("close", (code, signal) => {
        this.#end(this.#howItDied(code, signal));
        resolve();
      });
      // A child of the process may hold the output open after the process itself has
      // exited.
      this.#child.once("exit", () => {
        this.#killGroup();
        this.#gone = true;
      });
    });
    process.once("exit", this.#killGroup);
  }

  /** Whether it can take another file. */
  get alive(): boolean {
    return this.#exit === undefined;
  }

  /**
   * Inspects one bundle; unless the process answers, it has exited afterwards. One
   * request at a time.
   */
  async run(request: InspectRequest): Promise<Outcome> {
    if (this.#exit) return this.#exit;
    this.requests += 1;
    this.#hasBegun = false;
    const watches = new AbortController();
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#answer = resolve;
      this.#limitTime(watches.signal);
      this.#limitMemory(watches.signal);
      this.#channel?.write(`${JSON.stringify(request)}\n`, (error) => error && this.#killGroup());
    });
    watches.abort();
    if (outcome.type !== "described" && outcome.type !== "failed") await this.stop();
    return outcome;
  }

  /**
   * Kills the process and its children; resolves when it has exited. May be called again.
   */
  async stop(): Promise<void> {
    this.#killGroup();
    await this.#closed;
    process.removeListener("exit", this.#killGroup);
  }

  #read(chunk: Uint8Array): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#end({ type: "garbled", problem: errorMessage(error) });
    }
  }

  #receive(answer: InspectAnswer): void {
    if (answer.type === "started") {
      this.#hasBegun = true;
      this.#started();
    } else if (answer.type !== "ready") this.#answer(answer);
  }

  #limitTime(signal: AbortSignal): void {
    const end = (began: boolean) => () => this.#answer({ type: "timeout", began });
    let timer = setTimeout(end(false), BOOT_LIMIT_MS + this.#limits.timeLimitMs);
    this.#started = () => {
      clearTimeout(timer);
      timer = setTimeout(end(true), this.#limits.timeLimitMs);
    };
    signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /**
   * Buffers are outside the heap that Node limits. Only Linux shows their size cheaply;
   * elsewhere only the heap limit applies.
   */
  #limitMemory(signal: AbortSignal): void {
    if (process.platform !== "linux") return;
    const limit =
      (this.#limits.memoryLimitMegabytes + EXTRA_RESIDENT_MEGABYTES) * PAGES_PER_MEGABYTE;
    const look = async (): Promise<number> => {
      const pages = await readFile(`/proc/${this.#child.pid}/statm`, "utf8").catch(() => "");
      if (Number(pages.split(" ")[1]) <= limit || signal.aborted) return 0;
      this.#answer({ type: "memory" });
      return 1;
    };
    const everyMs = MEMORY_CHECK_MS;
    const loop = new Loop({ name: "limit_memory", everyMs, staggerMs: everyMs, runOnce: look });
    signal.addEventListener("abort", () => void loop.stop());
    loop.start();
  }

  #howItDied(code: number | null, signal: NodeJS.Signals | null): Outcome {
    if (/heap out of memory|Reached heap limit/.test(this.#errorTail) && code !== 0)
      return { type: "memory" };
    return this.#exited(signal ? `killed by ${signal}` : `exit code ${code}`);
  }

  #exited(how: string): Outcome {
    return { type: "exited", how, began: this.#hasBegun };
  }

  #end(outcome: Outcome): void {
    this.#exit ??= outcome;
    this.#answer(this.#exit);
  }

  readonly #killGroup = (): void => {
    if (this.#child.pid === undefined || this.#gone) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // The group no longer exists.
    }
  };
}

/**
 * One service of a chaos run: a real `dag` process behind a proxy of its own, which is
 * started again whenever it ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, writeFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TcpProxy } from "./proxy.ts";

export type Role = "scheduler" | "worker" | "web";

/** Loaded first by each service, so that its clock can be set while it runs. */
const CLOCK = new URL("../support/shifted_clock.ts", import.meta.url).href;
const ARGUMENTS: Readonly<Record<Role, readonly string[]>> = {
  scheduler: ["scheduler"],
  worker: ["worker", "--slots", "6"],
  web: ["web"],
};
const RESTART_AFTER_MS = 500;
/**
 * The last line of a service that finds no database when it starts: it ends, and is
 * started again, as by systemd or Kubernetes.
 */
const NO_DATABASE = /^error: No database answers /;
/** After the end of a fault: until a service has found new connections, or a new life. */
export const RECOVERY_MS = 12_000;
/** A start under load, and until then no heartbeat. */
const START_MS = 12_000;

export interface ServiceOptions {
  readonly name: string;
  readonly role: Role;
  /** The file that is the command `dag`. */
  readonly bin: string;
  readonly folder: string;
  readonly proxy: TcpProxy;
  readonly env: Readonly<Record<string, string>>;
}

export class Service {
  readonly name: string;
  readonly role: Role;
  readonly proxy: TcpProxy;
  /** Ends that no fault caused, in words. */
  readonly unaskedEnds: string[] = [];
  readonly #bin: string;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #isWanted = true;
  #isKilled = false;
  /** Whether this process has worked. */
  #isUp = false;
  /** By the monotonic clock: when the last fault of its own, or its start, is over. */
  #healthyAt = 0;
  #isDisturbed = false;

  constructor({ name, role, bin, folder, proxy, env }: ServiceOptions) {
    this.name = name;
    this.role = role;
    this.proxy = proxy;
    this.#bin = bin;
    this.#folder = join(folder, name);
    this.#env = env;
  }

  get pid(): number | undefined {
    const process = this.#process;
    return process?.exitCode === null && process.signalCode === null ? process.pid : undefined;
  }

  /** Milliseconds since the last fault of its own was over; 0 while one lasts. */
  get healthyMs(): number {
    return this.pid === undefined ? 0 : Math.max(0, performance.now() - this.#healthyAt);
  }

  /** Whether it runs and no lasting fault is done to it now. */
  get isFree(): boolean {
    return this.pid !== undefined && !this.#isDisturbed;
  }

  /** Starts it for the first time, or after a kill: the start is part of the fault. */
  async start(): Promise<void> {
    this.#isKilled = false;
    this.suffersFor(START_MS);
    await this.#start();
  }

  async #start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    if (!existsSync(this.#clock)) this.setClock(0);
    const log = createWriteStream(join(this.#folder, "log"), { flags: "a" });
    await once(log, "open");
    const args = ["--import", CLOCK, this.#bin, ...ARGUMENTS[this.role]];
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      env: { ...this.#env, CLOCK: this.#clock },
      stdio: ["ignore", log, log],
    });
    log.close();
    this.#process = child;
    this.#isUp = false;
    child.once("exit", (code, signal) => void this.#onExit(signal ?? `code ${code}`));
  }

  /** Counts as disturbed by a fault of its own for this long from now. */
  suffersFor(ms: number): void {
    this.#healthyAt = Math.max(this.#healthyAt, performance.now() + ms);
  }

  /** Does a fault that lasts; no other one meets the service meanwhile. */
  async disturb(ms: number, begin: () => void, end: () => void): Promise<void> {
    this.#isDisturbed = true;
    this.suffersFor(ms + RECOVERY_MS);
    begin();
    await new Promise((resolve) => setTimeout(resolve, ms));
    end();
    this.#isDisturbed = false;
  }

  /** A sign of life was seen: from here on it may not end for lack of a database. */
  noteLife(): void {
    this.#isUp = true;
  }

  /** @param clockMs how far its clock is off when it comes back */
  kill(clockMs: number): void {
    this.#isKilled = true;
    this.#process?.kill("SIGKILL");
    this.setClock(clockMs);
  }

  /** Sets the clock of the process, which may run. @param offMs how far it is off then */
  setClock(offMs: number): void {
    writeFileSync(this.#clock, String(offMs));
  }

  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  get #clock(): string {
    return join(this.#folder, "clock");
  }

  /** Processes that it started and that run. */
  async children(): Promise<readonly number[]> {
    const { pid } = this;
    if (pid === undefined) return [];
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    return text
      .split(" ")
      .map(Number)
      .filter((child) => child > 0);
  }

  /** Asks it to end. @returns how it ended, and after how long */
  async stop(): Promise<{ readonly end: string; readonly ms: number }> {
    this.#isWanted = false;
    const child = this.#process;
    if (!child || this.pid === undefined) return { end: "was not running", ms: 0 };
    const from = performance.now();
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 40_000);
    const [code, signal] = await ended;
    clearTimeout(killer);
    return { end: signal ?? `code ${code}`, ms: performance.now() - from };
  }

  /** The end of what it printed. */
  async log(): Promise<string> {
    return readFile(join(this.#folder, "log"), "utf8").catch(() => "");
  }

  async #onExit(end: string): Promise<void> {
    if (!this.#isWanted) return;
    const [isUp, isKilled] = [this.#isUp, this.#isKilled];
    const last = (await this.log()).trimEnd().split("\n").at(-1) ?? "";
    if (!isKilled && (isUp || !NO_DATABASE.test(last)))
      this.unaskedEnds.push(`${this.name} ended with ${end}: ${last}`);
    const again = (): Promise<void> => (isKilled ? this.start() : this.#start());
    setTimeout(() => this.#isWanted && void again(), RESTART_AFTER_MS);
  }
}

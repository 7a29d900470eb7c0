/** Schedulers, listeners and workers in processes of their own, which a test may end as it likes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { EventName } from "../../runtime/service/events.ts";
import { until } from "./until.ts";

const { PATH, NODE_COMPILE_CACHE } = process.env;
const SERVICE = fileURLToPath(new URL("service.ts", import.meta.url));

/** Of the log, and of the process itself; a misspelt name must not compile. */
type SaidEvent = EventName | "database" | "ready";

export interface NodeProcess {
  readonly pid: number;
  /** What it said, by line. */
  readonly said: readonly { readonly event: SaidEvent; readonly [detail: string]: unknown }[];
  /** Null while it lives. */
  readonly ended: string | null;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts one, and waits until it is ready. It is killed when the test ends, if it lives
 * then.
 */
export async function startService(
  role: "scheduler" | "listener" | "worker",
  env: Readonly<Record<string, string>>,
): Promise<NodeProcess> {
  const cacheFolder = await mkdtemp(join(tmpdir(), "dagsmith-cache-"));
  const child = spawn(process.execPath, [SERVICE, role], {
    env: { PATH, NODE_COMPILE_CACHE, CACHE_FOLDER: cacheFolder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: { event: SaidEvent }[] = [];
  const complaints: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(JSON.parse(line)));
  createInterface({ input: child.stderr }).on("line", (line) => complaints.push(line));
  const service = handle(child, said, complaints);
  onTestFinished(async () => {
    await service.end("SIGKILL");
    await rm(cacheFolder, { recursive: true, force: true });
  });
  await until(`the start of the ${role}`, async () => {
    if (service.ended) throw new Error(`the ${role} ${service.ended}`);
    return said.some(({ event }) => event === "ready");
  });
  return service;
}

function handle(
  child: ChildProcess,
  said: readonly { event: SaidEvent }[],
  complaints: readonly string[],
): NodeProcess {
  const ended = (): string | null => {
    if (child.exitCode === null && child.signalCode === null) return null;
    return [`ended with ${child.signalCode ?? `code ${child.exitCode}`}`, ...complaints].join("\n");
  };
  const exited = once(child, "exit");
  return {
    pid: child.pid!,
    said,
    get ended() {
      return ended();
    },
    signal: (signal) => void child.kill(signal),
    end: async (signal = "SIGTERM") => {
      if (ended() !== null) return;
      child.kill(signal);
      await exited;
    },
  };
}

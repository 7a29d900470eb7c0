/** Services as processes on the database of a stand, as a deployment runs them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../support/until.ts";
import { numberIn, type Question } from "./server_counts.ts";
import type { Stand } from "./stand.ts";

const BIN = fileURLToPath(new URL("../../runtime/cli/bin.ts", import.meta.url));
const MOST_SECONDS = 1_800;

const ALIVE: Question = {
  name: "bench_fleet_alive",
  text: `
select (select count(*) from dagsmith.worker where state = 'active')
  + (select count(*) from dagsmith.scheduler) as n`,
};

export interface FleetSize {
  readonly schedulers: number;
  /** The arguments of each `dag worker`. */
  readonly workers: readonly (readonly string[])[];
}

export interface Fleet extends AsyncDisposable {
  /** Stops all services and waits for their end. Idempotent. */
  stop(): Promise<void>;
}

/** Resolves when every service has its heartbeat. */
export async function startFleet({ db }: Stand, size: FleetSize): Promise<Fleet> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATABASE_URL: db.url };
  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [BIN, ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
  const services = [
    ...Array.from({ length: size.schedulers }, () => start(["scheduler"])),
    ...size.workers.map((args) => start(["worker", ...args])),
  ];
  const stop = async (): Promise<void> => void (await Promise.all(services.map(stopService)));
  try {
    const alive = async () => (await numberIn(db, ALIVE)) === services.length;
    await until("all services", alive, MOST_SECONDS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, [Symbol.asyncDispose]: stop };
}

async function stopService(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return;
  const ended = once(service, "exit");
  service.kill("SIGTERM");
  await ended;
}

/** A run under way, on services that are processes of their own. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { Server } from "../../chaos/server.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { type Gate, newGate } from "../../support/gate.ts";
import { type NodeProcess, startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy } from "../../support/worker.ts";

/** A migrated server of its own, of which one test disposes. */
export async function ownServer(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-fault-"));
  // As root, PostgreSQL runs as another user, who must be able to enter this folder.
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const server = await Server.open(join(folder, "server"));
  onTestFinished(() => server.stop());
  await migrate(server.db);
  await migrateQueue(server.db);
  return server;
}

export interface UnderWay {
  readonly gate: Gate;
  readonly run: { readonly id: number; readonly runId: string };
  /** A scheduler and two workers. */
  readonly services: readonly NodeProcess[];
}

/**
 * Starts a scheduler, two workers and a run, and waits for its first notes.
 * @param url where the services find the database. Default: the server itself
 */
export async function underWay(
  { db }: Pick<Server, "db">,
  {
    id,
    text,
    notes,
    url = db.url,
  }: {
    readonly id: string;
    readonly text: string;
    /** How many lines its tasks have written by then. */
    readonly notes: number;
    readonly url?: string;
  },
): Promise<UnderWay> {
  const gate = await newGate();
  await deploy(db, await dagFolder({ [`${id}.js`]: text }));
  const env = { DATABASE_URL: url, ...gate.env };
  const services = await Promise.all([
    startService("scheduler", env),
    startService("worker", env),
    startService("worker", env),
  ]);
  const run = await triggerRun(db, { dagId: id, actor: "test" });
  await until("some of the work", async () => (await gate.notes()).length >= notes);
  return { gate, run, services };
}

/** No service had to start again, and each of them still ends in order. */
export async function expectUnshaken(services: readonly NodeProcess[]): Promise<void> {
  expect(services.map(({ ended }) => ended)).toEqual(services.map(() => null));
  expect(
    services.flatMap(({ said }) => said.filter(({ event }) => event === "worker_restarted")),
  ).toEqual([]);
  await Promise.all(services.map((service) => service.end("SIGTERM")));
  expect(services.map(({ ended }) => ended)).toEqual(services.map(() => "ended with code 0"));
}

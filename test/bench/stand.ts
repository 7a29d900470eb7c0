/**
 * A database, a worker and DAGs on one machine: what the engine's benchmarks measure on.
 * The server keeps its default durability.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployFolder, triggerRun } from "../../runtime/actions/index.ts";
import { loadFolder } from "../../runtime/bundler/folder.ts";
import { startThrowawayPostgres } from "../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../runtime/executor/queue.ts";
import { startWorker, type WorkerService } from "../../runtime/executor/supervisor.ts";
import type { WorkerOptions } from "../../runtime/executor/worker.ts";
import { type Database, openDatabase } from "../../runtime/store/database/database.ts";
import { migrate } from "../../runtime/store/database/migrate.ts";
import { withClient } from "../../runtime/store/database/probe.ts";
import { ensureDatabase } from "../../runtime/store/database/server.ts";

export interface Stand extends AsyncDisposable {
  readonly db: Database;
  /** Deploys DAG files. */
  deploy(...sources: readonly string[]): Promise<void>;
  startWorker(slots: number, options?: Partial<WorkerOptions>): Promise<WorkerService>;
  /**
   * Triggers a run and waits for its end. @returns milliseconds from the run's start to
   * its end, by the database's clock
   */
  run(dagId: string): Promise<{ readonly id: number; readonly ms: number }>;
}

/**
 * A database that nothing else uses: on the server of DATABASE_URL where it is set, else
 * on one of ours.
 * @param settings of our server
 */
export async function benchServer(
  settings: readonly string[] = [],
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = process.env.DATABASE_URL;
  if (!server) return startThrowawayPostgres(settings);
  const name = `dagsmith_bench_${randomBytes(6).toString("hex")}`;
  const url = await ensureDatabase(server, name);
  return {
    url,
    stop: () =>
      withClient(server, async (client) => {
        await client.query(`drop database ${name} with (force)`);
      }),
  };
}

/** @param settings of our server */
export async function openStand(settings: readonly string[] = []): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bench-"));
  const server = await benchServer(settings);
  const db = openDatabase(server.url, { poolSize: 14 });
  await migrate(db);
  await migrateQueue(db);
  return {
    db,
    deploy: async (...sources) => {
      await mkdir(join(folder, "dags"), { recursive: true });
      for (const [index, source] of sources.entries())
        await writeFile(join(folder, "dags", `bench_${index}.ts`), source);
      const loaded = await loadFolder(join(folder, "dags"));
      if (loaded.errors[0]) throw new Error(loaded.errors[0].message);
      await deployFolder(db, loaded, { actor: "bench" });
    },
    startWorker: (slots, options) =>
      startWorker({
        ...{ db, slots, folder, cacheFolder: join(folder, "cache"), log: () => undefined },
        ...options,
        taskEnv: { PATH: process.env.PATH },
        secrets: {
          connection: () => Promise.reject(new Error("none")),
          variable: async () => null,
          mask: (text) => text,
          learnParams: () => undefined,
        },
      }),
    run: async (dagId) => {
      const { id } = await triggerRun(db, { dagId, actor: "bench" });
      return { id, ms: await runEnd(db, id) };
    },
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function runEnd(db: Database, id: number): Promise<number> {
  for (;;) {
    const [run] = await db.query<{ state: string; ms: string }>(
      {
        name: "bench_run",
        text: "select state, extract(epoch from finished_at - started_at) * 1000 as ms from dagsmith.dag_run where id = $1",
      },
      [id],
    );
    if (run?.state === "success") return Number(run.ms);
    if (run?.state === "failed") throw new Error(`run ${id} failed`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

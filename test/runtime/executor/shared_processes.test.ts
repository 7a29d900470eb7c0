/**
 * How tries share the processes of a pool: few are busy while tries are short, and no try
 * waits for one that takes long.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import type { TryRequest } from "../../../runtime/child/run_try.ts";
import type { BundleCache, LoadableBundle } from "../../../runtime/executor/bundle_cache.ts";
import { Scratch } from "../../../runtime/executor/scratch.ts";
import { PATIENCE_MS, ShortTries } from "../../../runtime/executor/short_tries.ts";
import { TaskPool } from "../../../runtime/executor/task_pool.ts";
import type { TaskProcess, TryHost } from "../../../runtime/executor/task_process.ts";

const { PATH, NODE_COMPILE_CACHE } = process.env;
const scratch = new Scratch(randomUUID());
const OPTIONS = {
  scratch,
  env: { PATH, NODE_COMPILE_CACHE },
  folder: process.cwd(),
};
let loaded: LoadableBundle;

afterAll(() => scratch.close());
beforeAll(async () => {
  const folder = fileURLToPath(new URL("shared_dags", import.meta.url));
  const { versions, errors } = await loadFolder(folder);
  expect(errors).toEqual([]);
  const code = versions[0]?.code.toString() ?? "";
  loaded = { path: join(folder, "shares.js"), code };
});

const TIME = "2026-01-01T00:00:00.000Z";
const requestOf = (taskId: string, params: object = {}): TryRequest => ({
  ...{ dagId: "shares", taskId, runId: "one", tryNumber: 1, mapIndex: -1, item: null },
  ...{ logicalDate: TIME, dataIntervalStart: TIME, dataIntervalEnd: TIME, timezone: "UTC" },
  ...{ params: params as TryRequest["params"], inputs: {}, trigger: null },
});

/** `began` resolves with the first line that a try logs. */
class Host implements TryHost {
  readonly #began = Promise.withResolvers<void>();

  get began(): Promise<void> {
    return this.#began.promise;
  }
  async call(): Promise<unknown> {
    return null;
  }
  log(): void {
    this.#began.resolve();
  }
}

/** A file that does not exist yet, and how to make it. */
async function gate() {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-gate-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "open");
  return { file, open: () => writeFile(file, "") };
}

const SUCCESS = { outcome: "success", output: null };

test("a try that blocks holds back no other of its pool", async () => {
  const bundles = { read: async () => loaded } as unknown as BundleCache;
  const pool = new TaskPool(8, { ...OPTIONS, bundles });
  onTestFinished(() => pool.stop());
  const { file, open } = await gate();
  const run = (taskId: string, host = new Host()) =>
    pool.run("bundle", false, (process) => process.run(requestOf(taskId, { file }), host));
  await run("says");
  const blocking = Array.from({ length: 5 }, () => new Host());
  const blocked = blocking.map((host) => run("blocks", host));
  const behind = Array.from({ length: 12 }, () => run("says"));
  for (const end of behind) expect(await end).toEqual(SUCCESS);
  await Promise.all(blocking.map(({ began }) => began));
  await open();
  for (const end of blocked) expect(await end).toEqual(SUCCESS);
});

test("short tries of two bundles keep each other's processes in a full pool", async () => {
  const bundles = { read: async () => loaded } as unknown as BundleCache;
  const pool = new TaskPool(2, { ...OPTIONS, bundles });
  onTestFinished(() => pool.stop());
  const processes = new Set<TaskProcess>();
  const run = (bundle: string) =>
    pool.run(bundle, false, async (process) => {
      processes.add(process);
      return { outcome: "success", output: "null" };
    });
  await Promise.all([run("one"), run("two")]);
  for (let round = 0; round < 20; round++)
    await Promise.all([run("one"), run("one"), run("two"), run("two")]);
  expect(processes.size).toBe(2);
});

describe("a pool that has stopped starts no process", () => {
  const bundles = { read: async () => loaded } as unknown as BundleCache;
  const reason = "the worker has stopped";

  test.each([false, true])("for a later try, fresh: %s", async (fresh) => {
    const pool = new TaskPool(1, { ...OPTIONS, bundles });
    await pool.stop();
    const end = await pool.run("bundle", fresh, () => Promise.reject(new Error("it began")));
    expect(end).toEqual({ outcome: "crashed", reason });
  });

  test("for a try that waited", async () => {
    const pool = new TaskPool(1, { ...OPTIONS, bundles });
    const { file } = await gate();
    const host = new Host();
    const blocked = pool.run("bundle", false, (process) =>
      process.run(requestOf("blocks", { file }), host),
    );
    await host.began;
    const waiting = pool.run("bundle", false, () => Promise.reject(new Error("it began")));
    await pool.stop();
    expect(await waiting).toEqual({ outcome: "crashed", reason });
    expect(await blocked).toMatchObject({ outcome: "crashed" });
  });

  test("for a try whose process it ended before the try began", async () => {
    const pool = new TaskPool(2, { ...OPTIONS, bundles });
    let processes = 0;
    const end = await pool.run("bundle", false, async () => {
      processes += 1;
      await pool.stop();
      return { outcome: "unstarted", how: "was killed by SIGKILL" };
    });
    expect([end, processes]).toEqual([{ outcome: "crashed", reason }, 1]);
  });
});

const CORES = 2;
/** How long a short try runs, by the clock of its process. */
const SHORT = 0.05;

/** Begins as many tries as it may. */
function beginAll(tries: ShortTries<number>, nowMs: number, isLoaded = true): number {
  for (let begun = 0; ; begun += 1) {
    if (!tries.mayBegin()) return begun;
    tries.begin(nowMs * 1_000 + begun, isLoaded, nowMs);
  }
}

describe("of the processes of a pool", () => {
  test("as many are busy as there are cores, while tries are short", () => {
    const tries = new ShortTries<number>(CORES);
    expect(beginAll(tries, 0)).toBe(CORES);
    tries.end(0, SHORT, 1);
    expect(beginAll(tries, 1)).toBe(1);
    expect(tries.waited(PATIENCE_MS - 1)).toEqual([]);
    expect(tries.mayBegin()).toBe(false);
  });

  test("one with a slow try does not count, until that try has ended", () => {
    const tries = new ShortTries<number>(CORES);
    beginAll(tries, 0);
    tries.end(1, SHORT, 1);
    tries.begin(1, true, 1);
    expect(tries.waited(PATIENCE_MS)).toEqual([0]);
    tries.end(0, 100, 100);
    tries.begin(0, true, 100);
    expect(tries.waited(100)).toEqual([1]);
  });

  test("twice as many are busy after each wait for slow tries, and few again after a short one", () => {
    const tries = new ShortTries<number>(CORES);
    const begun = [beginAll(tries, 0)];
    for (let wait = 1; wait <= 3; wait += 1) {
      tries.waited(wait * PATIENCE_MS);
      begun.push(beginAll(tries, wait * PATIENCE_MS));
    }
    expect(begun).toEqual([2, 4, 8, 16]);
    for (let index = 0; index < 16; index += 1)
      tries.end(3 * PATIENCE_MS * 1_000 + index, SHORT, 7);
    expect(beginAll(tries, 7)).toBe(CORES);
  });

  test("on a busy machine few are busy, though the ends of short tries are seen late", () => {
    for (const [ranMs, slow] of [
      [SHORT, 0],
      [4, CORES],
    ] as const) {
      const tries = new ShortTries<number>(CORES);
      tries.begin(-1, true, 0);
      tries.end(-1, ranMs, 6);
      beginAll(tries, 10);
      expect(tries.waited(20)).toHaveLength(slow);
      tries.waited(30);
      expect(tries.mayBegin()).toBe(true);
    }
  });

  test("one that loads its bundle has more time before others start, too", () => {
    const tries = new ShortTries<number>(CORES);
    beginAll(tries, 0, false);
    expect(tries.waited(100)).toEqual([]);
    tries.loaded(1, 100);
    expect(tries.waited(100 + PATIENCE_MS)).toEqual([1]);
    expect(tries.waited(5_000)).toEqual([0]);
  });
});

/** A deployment of 5,000 files in which nothing has changed since the last one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployFolder } from "../../runtime/actions/index.ts";
import { loadKept } from "../../runtime/bundler/kept_load.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { writeDagFolder } from "./bundler.bench.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const FILES = 5_000;

export async function deployRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  const project = await mkdtemp(join(tmpdir(), "dagsmith-bench-"));
  try {
    const folder = join(project, "dags");
    await writeDagFolder(folder, FILES);
    const kept = join(project, ".dagsmith", "builds", "bench");
    const first = await deploySeconds(stand.db, folder, kept, FILES);
    const second = await deploySeconds(stand.db, folder, kept, 0);
    const note = `the first took ${first.toFixed(1)} s`;
    return [atMost(`${FILES} unchanged files deployed again`, second, "s", 2, note)];
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

async function deploySeconds(
  db: Database,
  folder: string,
  kept: string,
  expected: number,
): Promise<number> {
  const startedAt = performance.now();
  const load = await loadKept(kept, { code: "bench", folder, environment: {} }, {});
  const { deployed } = await deployFolder(db, load, { actor: "bench" });
  const seconds = (performance.now() - startedAt) / 1_000;
  const changed = deployed.filter(({ isNew }) => isNew).length;
  if (deployed.length !== FILES || changed !== expected)
    throw new Error(`${changed} of ${deployed.length} DAGs changed; ${expected} should have`);
  return seconds;
}

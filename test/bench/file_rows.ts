/**
 * One large file through `files`: the memory that it takes, and its speed over a plain
 * copy.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { valuesInFolder } from "../../runtime/large_values/folder.ts";
import { atLeast, atMost, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const MEGABYTE = 1024 * 1024;
const FILE_MEGABYTES = 1024;
const PEAK_MEGABYTES = 300;

const BYTES = `async function* () { const part = Buffer.alloc(${MEGABYTE}, 7); for (let i = 0; i < ${FILE_MEGABYTES}; i++) yield part; }`;
const DAG = `
import { dag } from "dagsmith";
const d = dag("files");
const peak = () => process.resourceUsage().maxRSS / 1024;
const put = d.task("put", async ({ files }) => {
  const startedAt = performance.now();
  const file = await files.put("large.bin", (${BYTES})());
  return { file, ms: performance.now() - startedAt, peak: peak() };
});
d.task("read", { inputs: { put }, freshProcess: true }, async ({ files, inputs }) => {
  let bytes = 0;
  for await (const chunk of await files.open(inputs.put.file)) bytes += chunk.length;
  return { bytes, peak: peak() };
});
export default d;
`;

export async function fileRows(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bench-files-"));
  await using stand = await openStand();
  const worker = await stand.startWorker(2, { xcoms: { folder, spillBytes: MEGABYTE } });
  try {
    await stand.deploy(DAG);
    const plainMs = await plainCopyMs(folder);
    forgetPeak();
    const before = ownPeak();
    const { id } = await stand.run("files");
    const [put, read] = [await outputOf(stand, id, "put"), await outputOf(stand, id, "read")];
    const peak = Math.max(put.peak, read.peak);
    const name = `a file of ${FILE_MEGABYTES} MiB`;
    return [
      atMost(`${name}: peak memory of a task`, peak, "MiB", PEAK_MEGABYTES),
      atMost(`${name}: memory that the worker takes more`, ownPeak() - before, "MiB", 150),
      atLeast(`${name}: speed of files.put over a plain copy`, plainMs / (put.ms ?? 1), "x", 0.8),
    ];
  } finally {
    await worker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same bytes into the same store, without a task. */
async function plainCopyMs(folder: string): Promise<number> {
  const part = Buffer.alloc(MEGABYTE, 7);
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < FILE_MEGABYTES; i++) yield part;
  };
  const values = valuesInFolder(folder);
  const startedAt = performance.now();
  await values.writeStream("plain", bytes());
  const ms = performance.now() - startedAt;
  await values.remove("plain");
  return ms;
}

async function outputOf(stand: Stand, runId: number, taskId: string) {
  const { rows } = await stand.db.pool.query(
    "select value from dagsmith.xcom where run_id = $1 and task_id = $2",
    [runId, taskId],
  );
  return rows[0].value as { readonly peak: number; readonly ms?: number };
}

/** Linux forgets the peak of this process: it is the worker, and has bundled the DAG. */
function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

function ownPeak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

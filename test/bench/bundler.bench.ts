/**
 * How fast DAG files become versions: a thousand of them from nothing, and one of them
 * after an edit.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FolderLoad } from "../../runtime/bundler/folder.ts";
import { loadFolder } from "../../runtime/bundler/folder.ts";
import { watchFolder } from "../../runtime/bundler/watch.ts";

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: string;
  readonly ok: boolean;
}

const FILES = 1_000;
const EDITS = 5;
const COLD_TARGET_S = 10;
const EDIT_TARGET_S = 0.3;

/** The rows of the bundler; each of them does the work once, on files of its own. */
export async function bundlerRows(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bench-"));
  try {
    await writeDagFolder(folder, FILES);
    return [await coldRow(folder), await editRow(folder)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function coldRow(folder: string): Promise<Row> {
  const startedAt = performance.now();
  const { versions, errors } = await loadFolder(folder);
  const seconds = (performance.now() - startedAt) / 1000;
  if (versions.length !== FILES)
    throw new Error(`${versions.length} of ${FILES} DAGs were loaded; ${errors[0]?.message}`);
  return row(`${FILES} DAG files, cold: discover, bundle, inspect`, seconds, COLD_TARGET_S);
}

/**
 * From the end of the write to the new version in hand: the slowest of some edits, over
 * the whole folder.
 */
async function editRow(folder: string): Promise<Row> {
  let arrived: (load: FolderLoad) => void = () => {};
  const next = (): Promise<FolderLoad> =>
    new Promise((resolve) => {
      arrived = resolve;
    });
  let load = next();
  const watch = watchFolder(folder, (changed) => arrived(changed));
  try {
    await load;
    let slowest = 0;
    for (let edit = 1; edit <= EDITS; edit++) {
      load = next();
      await writeFile(join(folder, "dag_500.ts"), dagFile(500, `edit_${edit}`));
      const startedAt = performance.now();
      const { versions } = await load;
      slowest = Math.max(slowest, (performance.now() - startedAt) / 1000);
      if (!versions.some(({ spec }) => spec.tasks.some(({ taskId }) => taskId === `edit_${edit}`)))
        throw new Error("the edit is missing");
    }
    return row(
      `one of ${FILES} DAG files edited: new version live (slowest of ${EDITS})`,
      slowest,
      EDIT_TARGET_S,
    );
  } finally {
    await watch.stop();
  }
}

function row(name: string, seconds: number, target: number): Row {
  return {
    name,
    value: Math.round(seconds * 1000) / 1000,
    unit: "s",
    target: `< ${target}`,
    ok: seconds < target,
  };
}

/** Writes so many small DAG files, which share two imports. */
export async function writeDagFolder(folder: string, files: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "partitions.ts"), HELPER);
  await writeFile(
    join(folder, "count.sql"),
    "select count(*) from {{ table | identifier }} where day = {{ day }}\n",
  );
  for (let index = 0; index < files; index++)
    await writeFile(join(folder, `dag_${index}.ts`), dagFile(index, "report"));
}

const HELPER = `import type { DataInterval } from "dagsmith";

export const REGIONS = ["eu", "us", "asia"] as const;

export function partitionOf(interval: DataInterval, region: string): string {
  return \`trips/\${region}/\${interval.start.toISODate()}.csv\`;
}
`;

function dagFile(index: number, lastTask: string): string {
  return `import { chain, dag, sqlFromTemplate } from "dagsmith";
import query from "./count.sql";
import { partitionOf, REGIONS } from "./partitions.ts";

const d = dag("dag_${index}", {
  schedule: "@daily", startDate: "2026-01-01", tags: ["trips"], defaults: { retries: 2, retryDelay: "5m" },
});

const begin = d.empty("begin");
const loaded = d.empty("loaded");
for (const region of REGIONS) {
  const extract = d.task(\`extract_\${region}\`, async ({ dataInterval, log }) => {
    log.info("extracting", region);
    return { key: partitionOf(dataInterval, region), rows: ${index} };
  });
  const load = d.task(\`load_\${region}\`, { inputs: { extract }, executionTimeout: "10m" }, async ({ inputs, log }) => {
    log.info("loading", inputs.extract.key);
    return inputs.extract.rows;
  });
  chain(begin, extract, load, loaded);
}
const report = d.task("${lastTask}", { triggerRule: "none_failed" }, async ({ logicalDate }) => {
  return sqlFromTemplate(query, { table: "trips", day: logicalDate }).render().values.length;
});
chain(loaded, report);

export default d;
`;
}

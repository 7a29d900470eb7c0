/** `dag import airflow`: TypeScript DAGs from the Python files of Airflow. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { ImportedDag } from "../../import_airflow/import_file.ts";
import { type Cli, command, wrongUsage } from "../command.ts";
import { safeText } from "../output/terminal.ts";

interface Options {
  readonly out?: string;
}

interface ReadFile {
  /** The path as it was given. */
  readonly source: string;
  readonly dags: readonly ImportedDag[];
  readonly notes: readonly { readonly line: number; readonly text: string }[];
}

const airflow = command({
  usage: "airflow <files...>",
  summary: "Write a TypeScript DAG for each Airflow DAG of Python files, and report what is left",
  more: "Reads the Python and runs nothing of it. What has no counterpart becomes a task that fails with TODO and keeps the Python text. Writes no file that exists already.",
  options: [{ flags: "--out <folder>", text: "where the DAGs are written (default: dags)" }],
  example: "dag import airflow airflow/dags/orders.py --out dags",
  document: async () => (await import("../documents/dags.ts")).imported,
  run: async (cli, [files]: readonly [readonly string[]], { out = "dags" }: Options) => {
    const read = await Promise.all(files.map((file) => readDags(cli, file)));
    const folder = resolve(cli.folder, out);
    refuseTwice(read);
    await writeAll(folder, read);
    return outcome(cli, folder, read);
  },
});

async function readDags(cli: Cli, source: string): Promise<ReadFile> {
  const { importAirflowFile } = await import("../../import_airflow/import_file.ts");
  const text = await readFile(resolve(cli.folder, source), "utf8").catch(() =>
    wrongUsage("files", `${source} cannot be read: name Python files`),
  );
  return { source, ...importAirflowFile(text, basename(source)) };
}

/** @throws DagsmithError DUPLICATE_DAG_ID */
function refuseTwice(read: readonly ReadFile[]): void {
  const sources = new Map<string, string>();
  for (const { source, dags } of read)
    for (const { dagId } of dags) {
      const first = sources.get(dagId);
      if (first !== undefined)
        throw new DagsmithError("DUPLICATE_DAG_ID", { dag: dagId, first, second: source });
      sources.set(dagId, source);
    }
}

/** @throws DagsmithError FOLDER_NOT_EMPTY naming the files that would have to be replaced */
async function writeAll(folder: string, read: readonly ReadFile[]): Promise<void> {
  const dags = read.flatMap((one) => one.dags);
  const found = dags.map(({ file }) => file).filter((file) => existsSync(join(folder, file)));
  if (found.length > 0)
    throw new DagsmithError("FOLDER_NOT_EMPTY", { folder, found: found.join(", ") });
  await mkdir(folder, { recursive: true });
  // A file that was created since the check must not be replaced.
  for (const { file, text } of dags) await writeFile(join(folder, file), text, { flag: "wx" });
}

function outcome(cli: Cli, folder: string, read: readonly ReadFile[]) {
  const files = read.map(({ source, dags, notes }) => ({
    source,
    notes,
    dags: dags.map(({ text, ...dag }) => ({ ...dag, file: join(folder, dag.file) })),
  }));
  const dags = files.flatMap((file) => file.dags);
  const total = { dags: dags.length, tasks: sum(dags, "tasks"), carried: sum(dags, "carried") };
  const lines = files.flatMap((file) => [
    ...file.notes.map((note) => placed(file.source, note)),
    ...file.dags.flatMap((dag) => dagLines(cli, file.source, dag)),
  ]);
  return { json: { files, ...total }, lines: [...lines, "", totalLine(total)] };
}

type ReportedDag = Omit<ImportedDag, "text">;

function sum(dags: readonly ReportedDag[], field: "tasks" | "carried"): number {
  return dags.reduce((total, dag) => total + dag[field], 0);
}

function dagLines(cli: Cli, source: string, dag: ReportedDag): readonly string[] {
  const { dagId, file, tasks, carried, todo, notes } = dag;
  const path = relative(cli.folder, file);
  return [
    safeText(`wrote ${path}: DAG ${dagId}, ${carried} of ${tasks} tasks are complete`),
    ...notes.map((note) => placed(source, note)),
    ...todo.map(({ taskId, line, reasons }) =>
      placed(source, { line, text: `task ${taskId}: ${reasons.join("; ")}` }),
    ),
  ];
}

function placed(source: string, { line, text }: { readonly line: number; readonly text: string }) {
  return safeText(`  ${source}:${line}: ${text.replace(/\s+/g, " ")}`);
}

function totalLine(total: {
  readonly dags: number;
  readonly tasks: number;
  readonly carried: number;
}): string {
  const { dags, tasks, carried } = total;
  const rest = tasks - carried;
  return `${dags} ${dags === 1 ? "DAG" : "DAGs"}, ${tasks} tasks: ${carried} complete, ${rest} with TODO`;
}

export const importCommands = [airflow];

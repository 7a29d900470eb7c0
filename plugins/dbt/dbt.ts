/** The operator that runs dbt on a project that is part of the version. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type BundledFolder,
  type FileRef,
  type FromContext,
  type Json,
  resolveField,
  type TaskBody,
  type TaskContext,
  withCode,
} from "dagsmith";
import { pythonEnvironment, runProcess } from "dagsmith/plugins/process";
import { dbtLog } from "./log_lines.ts";
import { PROFILE_NAME, profileOf } from "./profile.ts";
import { type DbtNode, failureCode, failureText, readResults } from "./results.ts";

/**
 * Options of {@link dbt}.
 * @example const options: DbtOptions = { project: folder("./dbt"), connection: "warehouse" };
 */
export interface DbtOptions<Context extends TaskContext = TaskContext> {
  /** The dbt project, made by `folder()`. Its own profiles are not used. */
  readonly project: BundledFolder;
  /** The id of a connection of type `postgres`: the database that dbt works in. */
  readonly connection: string;
  /** `build`, `run`, `test`, `seed`, `snapshot` or `compile`. Default `build`. */
  readonly command?: FromContext<string, Context>;
  /** Nodes to work on, in dbt's selection syntax. Default: all. */
  readonly select?: FromContext<string | undefined, Context>;
  /** Nodes to leave out. Default: none. */
  readonly exclude?: FromContext<string | undefined, Context>;
  /** Variables of the project. Default: none. */
  readonly vars?: FromContext<Readonly<Record<string, Json>>, Context>;
  /** Nodes at once. Default 4. */
  readonly threads?: number;
  /** The schema for models. Default `public`. */
  readonly schema?: string;
  /** Python packages with dbt. Default: dbt 1.10 with its adapter for PostgreSQL. */
  readonly requirements?: readonly string[];
}

/**
 * What dbt did.
 * @example const { results }: DbtResult = inputs.built;
 */
export type DbtResult = {
  /** Each node, in the order in which dbt ended it. */
  readonly results: readonly DbtNode[];
  /** `run_results.json` and `manifest.json`; null where there is no store for files. */
  readonly artefacts: { readonly runResults: FileRef; readonly manifest: FileRef } | null;
};

const REQUIREMENTS = ["dbt-core==1.10.*", "dbt-postgres==1.9.*"];

/**
 * Runs dbt. A retry runs `dbt retry`: only the nodes that failed, and those behind them.
 * dbt is installed once on a machine, as packages of `python()` are.
 * @returns a body whose output is what became of each node
 * @throws DbtError naming failed models and failed tests; FailTask when dbt cannot be
 *   installed; DagsmithError WRONG_CONNECTION_TYPE
 * @example
 * const project = folder("./dbt", { exclude: ["target", "logs"] });
 * d.task("build", { retries: 2 }, dbt({ project, connection: "warehouse", select: "staging" }));
 */
export function dbt<Context extends TaskContext = TaskContext>(
  options: DbtOptions<Context>,
): TaskBody<DbtResult, Context> {
  return async function dbt(context) {
    const folder = await mkdtemp(join(tmpdir(), "dagsmith-dbt-"));
    try {
      return await runIn(folder, options, context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/**
 * A run of dbt that failed.
 * @example if (error instanceof DbtError) log.warn(error.results.length);
 */
export class DbtError extends Error {
  /** Tells it from other errors. */
  override readonly name = "DbtError";
  /** What became of each node; empty when dbt failed before the first. */
  readonly results: readonly DbtNode[];

  /** Called by this plugin only. */
  constructor(message: string, results: readonly DbtNode[]) {
    super(message);
    this.results = results;
  }
}

async function runIn<Context extends TaskContext>(
  folder: string,
  options: DbtOptions<Context>,
  context: Context,
): Promise<DbtResult> {
  const { threads = 4, schema, requirements = REQUIREMENTS } = options;
  const interpreter = await pythonEnvironment({ requirements }, context);
  const profile = profileOf(await context.connection(options.connection), { threads, schema });
  await writeFile(join(folder, "profiles.yml"), profile.text, { mode: 0o600 });
  const before = await resultsBefore(context);
  const work = before === null ? await workOf(options, context) : await retryOf(before, context);
  context.rendered({ command: ["dbt", ...work] });
  const { exitCode, lastLines } = await runProcess(
    {
      command: [join(dirname(interpreter), "dbt"), ...GLOBAL, ...work, ...placesOf(folder)],
      cwd: await context.pathOf(options.project),
      env: { ...profile.env, DBT_SEND_ANONYMOUS_USAGE_STATS: "false" },
    },
    { log: dbtLog(context.log), signal: context.signal },
  );
  const results = await readResults(join(folder, "target", "run_results.json"));
  const artefacts = await artefactsOf(folder, context).catch(unlessNoStore);
  if (exitCode === 0) return { results, artefacts };
  await context.step(stepOf(context.tryNumber), () => artefacts?.runResults ?? null);
  throw withCode(failureCode(results), new DbtError(failureText(results, lastLines), results));
}

const GLOBAL = ["--log-format", "json", "--no-use-colors", "--no-partial-parse"];

function placesOf(folder: string): readonly string[] {
  return [
    ...["--profiles-dir", folder, "--profile", PROFILE_NAME],
    // The project can only be read, and two tries must not share what dbt writes.
    ...["--target-path", join(folder, "target"), "--log-path", join(folder, "logs")],
  ];
}

async function workOf<Context extends TaskContext>(
  options: DbtOptions<Context>,
  context: Context,
): Promise<readonly string[]> {
  const select = await resolveField(options.select, context);
  const exclude = await resolveField(options.exclude, context);
  return [
    (await resolveField(options.command, context)) ?? "build",
    ...(select === undefined ? [] : ["--select", select]),
    ...(exclude === undefined ? [] : ["--exclude", exclude]),
    ...["--vars", JSON.stringify((await resolveField(options.vars, context)) ?? {})],
  ];
}

/**
 * What an earlier try leaves for a retry is the result of a step, which a clear forgets.
 */
function stepOf(tryNumber: number): string {
  return `dbt results of try ${tryNumber}`;
}

async function resultsBefore({ step, tryNumber }: TaskContext): Promise<FileRef | null> {
  if (tryNumber === 1) return null;
  return step(stepOf(tryNumber - 1), (): FileRef | null => null);
}

async function retryOf(before: FileRef, { files }: TaskContext): Promise<readonly string[]> {
  return ["retry", "--state", dirname(await files.path(before))];
}

async function artefactsOf(folder: string, { files }: TaskContext) {
  const put = (name: string) => files.put(name, { path: join(folder, "target", name) });
  const runResults = await put("run_results.json");
  return { runResults, manifest: await put("manifest.json") };
}

/** Without a store, and when dbt ended before it wrote them. */
function unlessNoStore(error: NodeJS.ErrnoException): null {
  if (error.code === "FILES_NOT_SET" || error.code === "ENOENT") return null;
  throw error;
}

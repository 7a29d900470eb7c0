/**
 * Runs a past try again in this process: its version and params, and its recorded
 * interval, item and inputs. Its output and its XComs are not stored. Its effects on
 * outside systems do happen.
 */

import type { Connection } from "../../sdk/connection.ts";
import { graphOf } from "../../sdk/dag/dag.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { loadDags } from "../child/load.ts";
import { type LogLevel, runTry, type TaskHost, type TryResult } from "../child/run_try.ts";
import { isGroup, isLoop, plannedTask } from "../engine/plan/plan.ts";
import { storedScope } from "../engine/results/state_scope.ts";
import { tryRequest } from "../executor/attempt.ts";
import { BundleCache } from "../executor/bundle_cache.ts";
import { FileStore } from "../executor/files/file_store.ts";
import { FolderCache } from "../executor/folder_cache.ts";
import { Spill, type SpillOptions } from "../executor/spill.ts";
import { ValueStore } from "../executor/value_store.ts";
import { assertAllowed } from "../secrets/allowed.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { getReplayInstance } from "../store/instances/replay_instance.ts";
import { generationOfTry } from "../store/runs/run_generation.ts";
import { type RunSnapshot, RunSnapshotCache } from "../store/runs/run_snapshot.ts";
import { assetEvents } from "../store/sources/asset.ts";
import { listState, readState } from "../store/values/state.ts";
import { LocalFiles } from "../testing/local_files.ts";
import { renderedText } from "../testing/rendered_text.ts";
import { wrongUsage } from "./command.ts";

export interface ReplayRequest {
  /** The run's number. */
  readonly run: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  /** Undefined: the last try. */
  readonly tryNumber: number | undefined;
  /**
   * The folder of the project, where packages are looked up; and the folder for bundles.
   */
  readonly folder: string;
  readonly bundles: string;
  /** The store of large values. */
  readonly xcoms: SpillOptions | undefined;
}

/** What a task may request, in addition to what is recorded. */
export interface ReplayWorld {
  connection(id: string): Promise<Connection>;
  variable(key: string): Promise<string | null>;
  log(level: LogLevel, text: string): void;
}

export interface Replay {
  readonly tryNumber: number;
  readonly version: number;
  readonly result: TryResult;
}

/**
 * @throws DagsmithError UNKNOWN_RUN, UNKNOWN_INSTANCE, INVALID_ARGUMENT for a try that
 *   does not exist, BUNDLE_MISSING, XCOM_FILE_MISSING, XCOM_FILE_UNREADABLE
 */
export async function replay(
  db: Database,
  request: ReplayRequest,
  world: ReplayWorld,
): Promise<Replay> {
  const { run, taskId, mapIndex } = request;
  const plans = new Plans();
  const current = (await new RunSnapshotCache(plans).get(db, [{ id: run, generation: 0 }])).get(
    run,
  );
  if (!current) throw new DagsmithError("UNKNOWN_RUN", { run });
  const past = await getReplayInstance(db, run, taskId, mapIndex);
  if (!past)
    throw new DagsmithError("UNKNOWN_INSTANCE", {
      instance: mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`,
    });
  const { tryNumber = past.tryNumber } = request;
  if (tryNumber > past.tryNumber) wrongUsage("--try", `there were ${past.tryNumber} tries`);
  const facts = await factsThen(db, plans, current, { instanceId: past.id, tryNumber });
  if (isGroup(plannedTask(facts.version.plan, taskId).spec))
    wrongUsage("<task>", `"${taskId}" is a group, which runs no code; replay one of its tasks`);
  const { path, code } = await new BundleCache(db, request.bundles).read(facts.version.bundleHash);
  const { file } = facts.version;
  const dags = await loadDags(path, { code, projectFolder: request.folder, file });
  const dag = dags.find(({ dagId }) => dagId === facts.version.dagId);
  const ref = dag && graphOf(dag).find(taskId);
  if (!dag || !ref)
    throw new DagsmithError("UNKNOWN_TASK", {
      task: taskId,
      dag: facts.version.dagId,
      tasks: "those of another version",
    });
  const folders = new FolderCache(db, request.bundles, `replay-${process.pid}`);
  const spill = new Spill(db, request.xcoms);
  const files = new FileStore(db, request.xcoms?.folder, { fileBytes: 0, runBytes: 0 });
  try {
    const values = new ValueStore(db, spill);
    const { plan } = facts.version;
    const { spec } = plannedTask(plan, taskId);
    const previous = isLoop(spec)
      ? await values.previous({ runId: run, taskId, mapIndex })
      : undefined;
    const given = {
      inputs: await values.inputs(facts, spec, mapIndex),
      previous,
      maxOutputBytes: spill.limitFor(plan, taskId),
    };
    const asked = tryRequest({ taskId, mapIndex, tryNumber, item: past.item }, facts, given);
    const result = await runTry(
      dag,
      ref,
      asked,
      hostOf({ db, values, folders, files }, facts, { taskId, mapIndex }, world),
      new AbortController().signal,
    );
    return { tryNumber, version: facts.version.number, result };
  } finally {
    await folders.close();
    files.close();
    spill.close();
  }
}

/**
 * The version and params of a run at the time of a try: a clear may have changed them
 * since.
 */
async function factsThen(
  db: Database,
  plans: Plans,
  facts: RunSnapshot,
  of: { readonly instanceId: number; readonly tryNumber: number },
): Promise<RunSnapshot> {
  const generation = await generationOfTry(db, facts.id, of);
  const version =
    generation && (await plans.get(db, [generation.versionId])).get(generation.versionId);
  return generation && version ? { ...facts, version, params: generation.params } : facts;
}

interface Stores {
  readonly db: Database;
  readonly values: ValueStore;
  readonly folders: FolderCache;
  readonly files: FileStore;
}

function hostOf(
  { db, values, folders, files }: Stores,
  facts: RunSnapshot,
  { taskId, mapIndex }: { readonly taskId: string; readonly mapIndex: number },
  world: ReplayWorld,
): TaskHost {
  const stored = (scope: string): string =>
    storedScope(scope, { dagId: facts.version.dagId, taskId });
  const own = new LocalFiles().hostOf({ taskId, mapIndex });
  return {
    ...own,
    // What the replay stored itself is in no store.
    readFile: async (file) => own.readFile(file).catch(() => files.readOf(facts.id, file)),
    folder: async ({ path, hash }) => {
      if (hash === null) throw new DagsmithError("FOLDER_NOT_BUNDLED", { path });
      return folders.path(hash);
    },
    labelRun: async (key, value) => world.log("info", `label ${key} = ${value} (not recorded)`),
    noteRun: async (text) => world.log("info", `note: ${text} (not recorded)`),
    writeRendered: async (fields) =>
      world.log("info", `rendered fields (not recorded)\n${renderedText(fields)}`),
    // A replay runs every step, and stores none.
    readSteps: async () => ({}),
    beginStep: async () => undefined,
    writeStep: async (name) => world.log("info", `step ${name} is done (not recorded)`),
    readState: (scope, key) => readState(db, stored(scope), key),
    listState: (scope, prefix) => listState(db, stored(scope), prefix),
    writeState: async ({ key, json }) => world.log("info", `state ${key} = ${json} (not recorded)`),
    connection: async (id) => {
      assertAllowed(facts.version.spec, id);
      return world.connection(id);
    },
    variable: (key) => world.variable(key),
    log: (level, text) => world.log(level, text),
    pullXCom: (taskId, key) => values.pull(facts, taskId, key),
    pullPage: (taskId, after) => values.page(facts.id, taskId, after),
    assetEvents: async (uri, limit) => (await assetEvents(db, uri, { limit })).toReversed(),
    pushXCom: async (key, value) => world.log("info", `xcom ${key} = ${value} (not recorded)`),
  };
}

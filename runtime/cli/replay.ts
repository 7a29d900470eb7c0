/**
 * Does a past try's work again, in this process: the version its run has, its params, interval, item and inputs as they are recorded. What
 * it returns and pushes goes nowhere; what it does to the outside world it does.
 */

import type { Connection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { loadDags } from "../child/load.ts";
import { type LogLevel, runTry, type TaskHost, type TryRequest, type TryResult } from "../child/run_try.ts";
import { eagerInputs, plannedTask } from "../engine/plan.ts";
import { BundleCache } from "../executor/bundle_cache.ts";
import { assetEvents } from "../store/asset.ts";
import type { Database } from "../store/database.ts";
import { getPastInstance } from "../store/past_instance.ts";
import { Plans } from "../store/plans.ts";
import { type RunFacts, RunFactsCache } from "../store/run_facts.ts";
import { getOutputPage, getXComs, RETURN_VALUE } from "../store/xcom.ts";
import { wrongUsage } from "./command.ts";

export interface ReplayRequest {
  /** The run's number. */
  readonly run: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  /** Undefined: the last one. */
  readonly tryNumber: number | undefined;
  /** The folder of the project, where packages are looked up; and where bundles are kept. */
  readonly folder: string;
  readonly bundles: string;
}

/** What a task may ask, beside what is recorded. */
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

/** @throws DagsmithError UNKNOWN_RUN, UNKNOWN_INSTANCE, INVALID_ARGUMENT for a try that there was not, BUNDLE_MISSING */
export async function replay(db: Database, request: ReplayRequest, world: ReplayWorld): Promise<Replay> {
  const { run, taskId, mapIndex } = request;
  const facts = (await new RunFactsCache(new Plans()).get(db, [{ id: run, edition: 0 }])).get(run);
  if (!facts) throw new DagsmithError("UNKNOWN_RUN", { run });
  const past = await getPastInstance(db, run, taskId, mapIndex);
  if (!past) throw new DagsmithError("UNKNOWN_INSTANCE", { instance: mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]` });
  const { tryNumber = past.tryNumber } = request;
  if (tryNumber > past.tryNumber) wrongUsage("--try", `there were ${past.tryNumber} tries`);
  const bundle = await new BundleCache(db, request.bundles).path(facts.version.bundleHash);
  const dags = await loadDags(bundle, { projectFolder: request.folder, file: facts.version.file });
  const dag = dags.find(({ dagId }) => dagId === facts.version.dagId);
  const ref = dag?.find(taskId);
  if (!dag || !ref) throw new DagsmithError("UNKNOWN_TASK", { task: taskId, dag: facts.version.dagId, tasks: "those of another version" });
  const asked = { ...requestOf(facts, request, tryNumber, past.item), inputs: await recordedInputs(db, facts, taskId) };
  const result = await runTry(dag, ref, asked, hostOf(db, facts, world), new AbortController().signal);
  return { tryNumber, version: facts.version.number, result };
}

function requestOf(facts: RunFacts, { taskId, mapIndex }: ReplayRequest, tryNumber: number, item: Json): Omit<TryRequest, "inputs"> {
  const { runId, version, logicalDate, dataIntervalStart, dataIntervalEnd, partitionKey, params, trigger } = facts;
  return {
    ...{ dagId: version.dagId, taskId, runId, tryNumber, mapIndex, item, params, partitionKey, trigger },
    logicalDate: logicalDate.toISOString(),
    dataIntervalStart: dataIntervalStart.toISOString(),
    dataIntervalEnd: dataIntervalEnd.toISOString(),
    timezone: version.spec.timezone,
  };
}

async function recordedInputs(db: Database, facts: RunFacts, taskId: string): Promise<Readonly<Record<string, Json>>> {
  const inputs: Record<string, Json> = {};
  for (const [name, from] of Object.entries(eagerInputs(plannedTask(facts.version.plan, taskId).spec)))
    inputs[name] = await recorded(db, facts, from, RETURN_VALUE);
  return inputs;
}

/** What a task left: for a mapped task the list; null when there is nothing. */
async function recorded(db: Database, { id, version }: RunFacts, taskId: string, key: string): Promise<Json> {
  const values = (await getXComs(db, [{ runId: id, taskId }], key)).map(({ value }) => value);
  return version.plan.tasks.get(taskId)?.spec.each ? values : (values[0] ?? null);
}

function hostOf(db: Database, facts: RunFacts, world: ReplayWorld): TaskHost {
  return {
    connection: (id) => world.connection(id),
    variable: (key) => world.variable(key),
    log: (level, text) => world.log(level, text),
    pullXCom: (taskId, key) => recorded(db, facts, taskId, key),
    pullPage: (taskId, after) => getOutputPage(db, { runId: facts.id, taskId }, after),
    assetEvents: async (uri, limit) => (await assetEvents(db, uri, { limit })).toReversed(),
    pushXCom: async (key, value) => world.log("info", `xcom ${key} = ${value} (not recorded)`),
  };
}

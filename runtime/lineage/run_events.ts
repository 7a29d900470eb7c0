/**
 * The events of OpenLineage for a run that ended: its start and its end, and those of each
 * of its tries, with the assets that a task read and updated as datasets. Pure.
 */
import type { TaskSpec } from "../../sdk/spec/index.ts";
import {
  instanceKey,
  type ReportedPart,
  type ReportedTry,
  type ReportedUpdate,
} from "../store/runs/reported_part.ts";
import type { ReportedRun } from "../store/runs/run_report.ts";
import { datasetOf, type LineageDataset, updatedDataset } from "./lineage_dataset.ts";
import { facet, PRODUCER } from "./lineage_facet.ts";
import { runUuid, tryUuid } from "./lineage_ids.ts";

const SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

interface LineageJob {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Readonly<Record<string, object>>;
}

export interface LineageEvent {
  readonly eventType: "START" | "COMPLETE" | "FAIL";
  /** ISO 8601. */
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, object>> };
  readonly job: LineageJob;
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
  readonly producer: string;
  readonly schemaURL: string;
}

/** What lineage knows of a run besides its rows. */
export interface RunDetails {
  /** The tasks of the version of the run, by their ids. */
  readonly tasks: ReadonlyMap<string, TaskSpec>;
  /** By instance. */
  readonly updates: ReadonlyMap<string, readonly ReportedUpdate[]>;
}

/** The first part has the start of the run, the last part has its end. */
export function eventsOf(
  namespace: string,
  { run, tries, isFirst, last }: ReportedPart,
  details: RunDetails,
): readonly LineageEvent[] {
  const common = { producer: PRODUCER, schemaURL: SCHEMA };
  const begin = { ...common, inputs: [], outputs: [], ...ofRun(namespace, run) };
  const eventTime = (run.startedAt ?? run.queuedAt).toISOString();
  const facets = tryFacets(namespace, run);
  return [
    ...(isFirst ? [{ ...begin, eventType: "START" as const, eventTime }] : []),
    ...tries.flatMap((one) => eventsOfTry({ namespace, run, facets }, one, details)),
    ...(last === null ? [{ ...begin, ...endOf(begin.run, run) }] : []),
  ];
}

function tryFacets(namespace: string, run: ReportedRun): LineageEvent["run"]["facets"] {
  const parent = { run: { runId: runUuid(namespace, run) }, job: { namespace, name: run.dagId } };
  return { parent: facet("1-2-0/ParentRunFacet", parent), ...timesOf(run) };
}

interface Tried {
  readonly namespace: string;
  readonly run: ReportedRun;
  readonly facets: LineageEvent["run"]["facets"];
}

function eventsOfTry(
  { namespace, run, facets }: Tried,
  ofTry: ReportedTry,
  { tasks, updates }: RunDetails,
): readonly LineageEvent[] {
  const { taskId } = ofTry;
  const begin = {
    ...{ producer: PRODUCER, schemaURL: SCHEMA, outputs: [] },
    inputs: (tasks.get(taskId)?.inlets ?? []).map(datasetOf),
    run: { runId: tryUuid(namespace, run, ofTry), facets },
    job: jobOf(namespace, `${run.dagId}.${taskId}`, "TASK"),
  };
  const updated = ofTry.state === "success" ? (updates.get(instanceKey(ofTry)) ?? []) : [];
  return [
    { ...begin, eventType: "START", eventTime: ofTry.startedAt.toISOString() },
    { ...begin, outputs: updated.map(updatedDataset), ...endOf(begin.run, ofTry) },
  ];
}

interface Ended {
  readonly state: string;
  readonly reason: string | null;
  readonly finishedAt: Date;
}

function endOf(run: LineageEvent["run"], { state, reason, finishedAt }: Ended) {
  const eventTime = finishedAt.toISOString();
  if (state !== "failed" && state !== "lost")
    return { eventType: "COMPLETE" as const, eventTime, run };
  const message = reason ?? `it is ${state}`;
  const errorMessage = facet("1-0-1/ErrorMessageRunFacet", {
    ...{ message, programmingLanguage: "TypeScript" },
  });
  const facets = { ...run.facets, errorMessage };
  return { eventType: "FAIL" as const, eventTime, run: { ...run, facets } };
}

function ofRun(namespace: string, run: ReportedRun) {
  return {
    run: { runId: runUuid(namespace, run), facets: timesOf(run) },
    job: jobOf(namespace, run.dagId, "DAG"),
  };
}

function timesOf({ dataIntervalStart, dataIntervalEnd }: ReportedRun) {
  return {
    nominalTime: facet("1-0-1/NominalTimeRunFacet", {
      nominalStartTime: dataIntervalStart.toISOString(),
      nominalEndTime: dataIntervalEnd.toISOString(),
    }),
  };
}

function jobOf(namespace: string, name: string, jobType: "DAG" | "TASK"): LineageJob {
  const kind = { processingType: "BATCH", integration: "DAGSMITH", jobType };
  return { namespace, name, facets: { jobType: facet("2-0-4/JobTypeJobFacet", kind) } };
}

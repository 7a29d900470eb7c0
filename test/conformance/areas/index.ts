/** Every area by its name. */
import type { Area } from "../area.ts";
import { assetCondition, assetQueue } from "./asset.ts";
import { backfillCreate, backfillDatesArea } from "./backfill.ts";
import { connectionJson, connectionUri } from "./connection.ts";
import { dagRunLeaves, dagRunState } from "./dag_run.ts";
import { branch, shortCircuit } from "./decisions.ts";
import {
  mappingConcat,
  mappingExpand,
  mappingExpandKwargs,
  mappingMap,
  mappingZip,
} from "./mapping.ts";
import { paramValidate } from "./params.ts";
import { partitionMapper } from "./partition.ts";
import { dependsOnPast } from "./past.ts";
import { priorityWeight } from "./priority_weight.ts";
import { timeRestriction } from "./restriction.ts";
import { retryBackoff } from "./retry.ts";
import { runId, runIdAllowed } from "./run_id.ts";
import {
  cronPreset,
  timetableManual,
  timetableNext,
  timetableSequence,
  timetableValidate,
} from "./timetable.ts";
import { triggerRule } from "./trigger_rule.ts";

export const AREAS: Readonly<Record<string, Area>> = {
  "timetable.next": timetableNext,
  "timetable.sequence": timetableSequence,
  "timetable.manual": timetableManual,
  "timetable.validate": timetableValidate,
  "cron.preset": cronPreset,
  run_id: runId,
  "run_id.allowed": runIdAllowed,
  trigger_rule: triggerRule,
  "dagrun.state": dagRunState,
  "dagrun.leaves": dagRunLeaves,
  "retry.backoff": retryBackoff,
  "connection.uri": connectionUri,
  "connection.json": connectionJson,
  "param.validate": paramValidate,
  "mapping.expand": mappingExpand,
  "mapping.expand_kwargs": mappingExpandKwargs,
  "mapping.map": mappingMap,
  "mapping.concat": mappingConcat,
  "mapping.zip": mappingZip,
  "dag.time_restriction": timeRestriction,
  "partition.mapper": partitionMapper,
  "backfill.dates": backfillDatesArea,
  "backfill.create": backfillCreate,
  depends_on_past: dependsOnPast,
  branch,
  short_circuit: shortCircuit,
  priority_weight: priorityWeight,
  "asset.condition": assetCondition,
  "asset.queue": assetQueue,
};

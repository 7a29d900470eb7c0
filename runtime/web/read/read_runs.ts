/** Reads runs as people may see them. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { type FoundRuns, listRuns, type RunQuery, searchRuns } from "../../store/reads/run_list.ts";
import { findRuns as findRunsByName, getRun, type RunDetail } from "../../store/reads/runs.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

export type { RunDetail };

const RUN_IDS = ["dagId", "runId", "runType", "state"] as const;

export async function readRuns(
  { reader, mask }: WebServices,
  query: RunQuery,
): Promise<readonly RunDetail[]> {
  return (await listRuns(reader, query)).map((run) => maskRow(mask, run, RUN_IDS));
}

/** A page of runs by any filters, and where the next page begins. */
export async function findRuns({ reader, mask }: WebServices, query: RunQuery): Promise<FoundRuns> {
  const { runs, before } = await searchRuns(reader, query);
  return { runs: runs.map((run) => maskRow(mask, run, RUN_IDS)), before };
}

/** @throws DagsmithError UNKNOWN_RUN */
export async function readRunRow({ reader, mask }: WebServices, id: number): Promise<RunDetail> {
  const run = await getRun(reader, id);
  if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  return maskRow(mask, run, RUN_IDS);
}

/** The number of a run by its DAG and its id. @throws DagsmithError UNKNOWN_RUN */
export async function readRunNumber(
  { reader }: WebServices,
  dagId: string,
  runId: string,
): Promise<number> {
  const [run] = await findRunsByName(reader, `${dagId}/${runId}`);
  if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: `${dagId}/${runId}` });
  return run.id;
}

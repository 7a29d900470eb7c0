/** Finds DAGs, tasks, assets and runs by a word, as people may see them. */
import { findRuns, visibleRuns } from "../../store/reads/runs.ts";
import { type FoundNames, type SearchScope, searchNames } from "../../store/reads/search.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";
import type { RunDetail } from "./read_runs.ts";

/** Shown of each kind. */
const MOST = 8;

export interface Found extends FoundNames {
  readonly runs: readonly Pick<
    RunDetail,
    "id" | "dagId" | "runId" | "runType" | "logicalDate" | "state"
  >[];
}

export const NOTHING: Found = { dags: [], tasks: [], assets: [], runs: [] };

export async function readSearch(
  { reader, mask }: WebServices,
  word: string,
  scope: SearchScope,
): Promise<Found> {
  const [names, runs] = await Promise.all([
    searchNames(reader, word, MOST, scope),
    findRuns(reader, word),
  ]);
  return {
    dags: names.dags.map((dag) => maskRow(mask, dag, ["dagId"])),
    tasks: names.tasks,
    assets: names.assets.map((asset) => maskRow(mask, asset, [])),
    runs: (await visibleRuns(reader, runs, scope.visible)).slice(0, MOST),
  };
}

/** Which assets a task updates by succeeding: all its outlets, with what it said of them, and what it named under an alias. */
import type { Json } from "../../../sdk/json.ts";
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import type { AssetUpdate } from "../store.ts";

/** What a task said of one asset while it ran. */
export interface SaidUpdate {
  readonly uri: string;
  readonly alias: string | null;
  readonly extra: Json;
}

export function updatesOf(
  { outlets }: Pick<TaskSpec, "outlets">,
  { runId, taskId, mapIndex }: Pick<AssetUpdate, "runId" | "taskId" | "mapIndex">,
  said: readonly SaidUpdate[],
): readonly AssetUpdate[] {
  const silent = outlets.flatMap((outlet) =>
    "asset" in outlet ? [{ uri: outlet.asset, alias: null, extra: {} }] : [],
  );
  // One update of each asset: the last word counts.
  const latest = new Map(
    [...silent, ...said].map((update): [string, SaidUpdate] => [update.uri, update]),
  );
  return [...latest.values()].map((update) => ({ runId, taskId, mapIndex, ...update }));
}

/**
 * Which assets a successful task updates: its outlets, and those that it declared while
 * it ran.
 */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import type { AssetUpdate } from "../store.ts";
import type { DeclaredUpdate } from "./outcome.ts";

export function updatesOf(
  { outlets }: Pick<TaskSpec, "outlets">,
  { runId, taskId, mapIndex }: Pick<AssetUpdate, "runId" | "taskId" | "mapIndex">,
  declared: readonly DeclaredUpdate[],
): readonly AssetUpdate[] {
  const undeclared = outlets.flatMap((outlet) =>
    "asset" in outlet ? [{ uri: outlet.asset, alias: null, extra: {} }] : [],
  );
  // One update of each asset: the last declaration counts.
  const latest = new Map(
    [...undeclared, ...declared].map((update): [string, DeclaredUpdate] => [update.uri, update]),
  );
  return [...latest.values()].map((update) => ({ runId, taskId, mapIndex, ...update }));
}

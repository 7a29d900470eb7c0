/**
 * The assets of a running task. Its updates take effect when it succeeds; events of its
 * inlets come from the host.
 */

import { DagsmithError } from "../../../sdk/errors.ts";
import { type Json, toJson } from "../../../sdk/json.ts";
import { type Asset, type AssetEvent, MAX_EXTRA_BYTES } from "../../../sdk/sources/asset.ts";
import type { TaskAssets } from "../../../sdk/task/context.ts";
import { definitionOf } from "../../../sdk/task/task_definition.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import type { DeclaredUpdate } from "../../engine/results/outcome.ts";

const USUAL_EVENTS = 100;

/** The source of events of assets. */
export interface AssetHost {
  assetEvents(uri: string, limit: number): Promise<readonly AssetEvent[]>;
}

/** @param updates the updates of the task; the task appends to it */
export function taskAssets(
  ref: TaskRef<unknown>,
  host: AssetHost,
  updates: DeclaredUpdate[],
): TaskAssets {
  const { outlets = [], inlets = [] } = definitionOf(ref).options;
  return {
    update: (asset, { extra = {}, alias } = {}) => {
      const isOutlet = outlets.some((one) =>
        alias === undefined
          ? isAsset(one, asset.uri)
          : one.type === "asset_alias" && one.alias === alias,
      );
      if (!isOutlet)
        throw new DagsmithError("NOT_AN_OUTLET", { task: ref.taskId, asset: alias ?? asset.uri });
      updates.push({
        uri: asset.uri,
        alias: alias ?? null,
        extra: JSON.parse(toJson(extra, MAX_EXTRA_BYTES)) as Json,
      });
    },
    events: async <Extra extends Json>(
      { uri }: Asset<Extra>,
      { limit = USUAL_EVENTS }: { readonly limit?: number } = {},
    ) => {
      if (!inlets.some((one) => isAsset(one, uri)))
        throw new DagsmithError("NOT_AN_INLET", { task: ref.taskId, asset: uri });
      return (await host.assetEvents(
        uri,
        limit,
      )) as readonly AssetEvent[] as readonly AssetEvent<Extra>[];
    },
  };
}

function isAsset(one: { readonly type: string; readonly uri?: string }, uri: string): boolean {
  return one.type === "asset" && one.uri === uri;
}

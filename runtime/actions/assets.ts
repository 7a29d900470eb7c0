/** Records that a person or a program outside dagsmith updated an asset. */

import { DagsmithError } from "../../sdk/errors.ts";
import { type Json, toJson } from "../../sdk/json.ts";
import { MAX_EXTRA_BYTES } from "../../sdk/sources/asset.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { isKnownAsset, recordAssetEvents } from "../store/sources/asset.ts";
import { createAssetRuns } from "../transactions/asset_runs.ts";

export interface AssetUpdateRequest {
  readonly uri: string;
  /** Default `{}`. */
  readonly extra?: Json;
  readonly actor: string;
}

/**
 * Writes an update, as the success of a task does, and creates the runs that waited for
 * it.
 * @returns the id of the event
 * @throws DagsmithError OUTPUT_TOO_LARGE for more than 64 KB of extra; UNKNOWN_ASSET when
 *   no DAG ever named the asset: most likely the URI has a typing error
 */
export async function updateAsset(
  db: Database,
  { uri, extra = {}, actor }: AssetUpdateRequest,
): Promise<{ readonly id: number }> {
  toJson(extra, MAX_EXTRA_BYTES);
  const id = await db.transaction(async (tx) => {
    if (!(await isKnownAsset(tx, uri))) throw new DagsmithError("UNKNOWN_ASSET", { asset: uri });
    const [event] = await recordAssetEvents(tx, [{ uri, extra, actor }]);
    await audit(tx, { actor, action: "update asset", detail: { uri }, after: { extra } });
    return event ?? 0;
  });
  await createAssetRuns(db, new Plans());
  return { id };
}

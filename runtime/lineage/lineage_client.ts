/** Posts events to a backend of OpenLineage, over HTTP. */
import { isRefusal } from "../service/refusals.ts";
import type { LineageEvent } from "./run_events.ts";

export interface LineageTarget {
  /** With the path of the endpoint. */
  readonly url: string;
  readonly apiKey: string | null;
}

/**
 * Resolves when the backend has the event.
 * @returns false when the backend refuses the event for good
 * @throws Error when another attempt may succeed
 */
export async function postEvent(
  { url, apiKey }: LineageTarget,
  event: LineageEvent,
  signal: AbortSignal,
): Promise<boolean> {
  const response = await fetch(url, {
    ...{ method: "POST", body: JSON.stringify(event), redirect: "error" },
    headers: {
      "content-type": "application/json",
      ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
    },
    signal,
  });
  await response.body?.cancel();
  if (response.ok || isRefusal(response.status)) return response.ok;
  throw new Error(`the lineage backend answered ${response.status}`);
}

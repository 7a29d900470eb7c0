/** Posts events to a backend of OpenLineage, over HTTP. */
import type { LineageEvent } from "./run_events.ts";

export interface LineageTarget {
  /** With the path of the endpoint. */
  readonly url: string;
  readonly apiKey: string | null;
}

const WITHIN_MS = 10_000;
/** A backend answers so to an event that it will never take. */
const REFUSALS = [400, 413, 422];

/**
 * Resolves when the backend has the event.
 * @returns false when the backend refuses the event for good
 * @throws Error when another attempt may succeed
 */
export async function postEvent(
  { url, apiKey }: LineageTarget,
  event: LineageEvent,
): Promise<boolean> {
  const response = await fetch(url, {
    ...{ method: "POST", body: JSON.stringify(event), redirect: "error" },
    headers: {
      "content-type": "application/json",
      ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
    },
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  await response.body?.cancel();
  if (response.ok || REFUSALS.includes(response.status)) return response.ok;
  throw new Error(`the lineage backend answered ${response.status}`);
}

/** Reads a page of the callbacks of a run or of one instance, as people may see them. */
import { CALLBACKS_PER_PAGE, pageOfCallbacks } from "../../store/reads/callbacks.ts";
import type { WebServices } from "../http/services.ts";
import type { CallbackPage } from "../views/run/callbacks.tsx";

export interface CallbackQuery {
  readonly runId: number;
  /** Null: of the run and all its tasks. */
  readonly instanceId: number | null;
  /** Null: from the newest on. */
  readonly before: number | null;
}

/** @param addressOf the address of the page that begins before an id */
export async function readCallbacks(
  { reader, mask }: WebServices,
  query: CallbackQuery,
  addressOf: (before: number) => string,
): Promise<CallbackPage> {
  const found = await pageOfCallbacks(reader, query);
  const masked = (text: string | null): string | null => (text === null ? null : mask(text));
  const last = found.length < CALLBACKS_PER_PAGE ? undefined : found.at(-1);
  return {
    callbacks: found.map((one) => ({
      ...one,
      reason: masked(one.reason),
      failure: masked(one.failure),
    })),
    older: last ? addressOf(last.id) : null,
  };
}

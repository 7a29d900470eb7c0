/** Reads the callbacks of a run or of one instance, as people may see them. */
import {
  CALLBACKS_PER_PAGE,
  type CallbackSummary,
  listCallbacks,
  pageOfCallbacks,
} from "../../store/reads/callbacks.ts";
import type { WebServices } from "../http/services.ts";
import { type LogLine, logLines } from "./log_lines.ts";
import { maskRow } from "./mask.ts";

export type ShownCallback = Omit<CallbackSummary, "lines">;

const CALLBACK_IDS = ["taskId", "event", "state"] as const;

export interface CallbackPage {
  /** Newest first. */
  readonly callbacks: readonly ShownCallback[];
  /** The address of the next page; null on the last. */
  readonly older: string | null;
}

export interface CallbackQuery {
  readonly runId: number;
  /** Null: the callbacks of the run and all its tasks. */
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
  const last = found.length < CALLBACKS_PER_PAGE ? undefined : found.at(-1);
  return {
    callbacks: found.map((callback) => maskRow(mask, callback, CALLBACK_IDS)),
    older: last ? addressOf(last.id) : null,
  };
}

/** All callbacks of a run, in the order in which they were queued, with their logs. */
export async function readAllCallbacks(
  { reader, mask }: WebServices,
  runId: number,
): Promise<readonly (ShownCallback & { readonly lines: readonly LogLine[] })[]> {
  return (await listCallbacks(reader, runId)).map(({ lines, ...callback }) => ({
    ...maskRow(mask, callback, CALLBACK_IDS),
    lines: logLines(lines, mask),
  }));
}

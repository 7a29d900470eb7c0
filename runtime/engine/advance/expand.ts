/**
 * The list of a mapped task when its trigger rule is met, or why there is none: a source
 * returned no list, was skipped or failed, or the list is too long. Without a list the
 * task ends: it never waits for a list that cannot come.
 */
import { DEFAULT_MAX_ITEMS } from "../../../sdk/describe/describe_each.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { EachSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { type StoredError, storedError } from "../../state/stored_error.ts";
import type { FinalState } from "../../state/task_state.ts";
import type { Counts } from "../counts/counts.ts";
import { fieldOf } from "../plan/plan.ts";
import { IN_A_FILE } from "../store.ts";
import { type ListSource, type ListView, sourcesOf, viewOf } from "./list_view.ts";

/** A task that ends instead of being mapped. */
export interface Unmapped {
  readonly state: FinalState;
  readonly reason: string;
  readonly error: StoredError | null;
}

/** The tasks that a list is made from. */
export interface Sources {
  /** The output of a task; undefined without one. */
  output(taskId: string): Promise<Json | undefined | typeof IN_A_FILE>;
  /**
   * How a task ended; a mapped one as its best instance. Undefined while it has not
   * ended.
   */
  stateOf(taskId: string): Promise<FinalState | undefined>;
}

/** The list, or why there is none. */
export async function expand(
  { taskId, maxItems }: TaskSpec,
  each: EachSpec,
  sources: Sources,
): Promise<ListView | Unmapped> {
  const lists = new Map<string, readonly Json[]>();
  for (const source of sourcesOf(each)) {
    const list = await listOf(source, taskId, sources);
    if ("state" in list) return list;
    lists.set(keyOf(source), list);
  }
  const view = viewOf(each, (source) => lists.get(keyOf(source)) ?? []);
  const limit = maxItems ?? DEFAULT_MAX_ITEMS;
  if (view.length > limit)
    return failed(new DagsmithError("TOO_MANY_ITEMS", { task: taskId, count: view.length, limit }));
  return view.length === 0 ? { state: "skipped", reason: "the list is empty", error: null } : view;
}

function keyOf({ taskId, kind, field }: ListSource): string {
  return JSON.stringify([taskId, kind, field]);
}

async function listOf(
  { taskId: source, kind, field }: ListSource,
  task: string,
  sources: Sources,
): Promise<readonly Json[] | Unmapped> {
  const whole = await sources.output(source);
  if (whole === IN_A_FILE) return failed(new DagsmithError("LIST_IN_A_FILE", { task, source }));
  const output = fieldOf(whole, field);
  if (Array.isArray(output) && kind === "list" && output.length > 0)
    return output as readonly Json[];
  if (kind === "record" && isRecord(output)) return Object.entries(output);
  // A lenient trigger rule lets the task run after a source that has no list to give.
  const missing =
    output === undefined || Array.isArray(output) ? await withoutList(source, sources) : undefined;
  if (missing) return missing;
  if (Array.isArray(output) && kind === "list") return [];
  const named = field === undefined ? source : `${source}.${field}`;
  const allowed = kind === "list" ? "a list" : "an object";
  return failed(
    new DagsmithError("NOT_A_LIST", { task, source: named, found: kindOf(output), allowed }),
  );
}

/** How a task ends whose list cannot come; undefined when the source succeeded. */
async function withoutList(source: string, sources: Sources): Promise<Unmapped | undefined> {
  const state = await sources.stateOf(source);
  if (state === undefined || state === "success") return undefined;
  const reason = `its list comes from "${source}", which ${state === "skipped" ? "was skipped" : "failed"}`;
  return { state: state === "skipped" ? "skipped" : "upstream_failed", reason, error: null };
}

/** How an ended task counts as the source of a list. */
export function sourceState({ success, failed, upstreamFailed }: Counts): FinalState {
  if (success > 0) return "success";
  return failed + upstreamFailed > 0 ? "failed" : "skipped";
}

function failed(error: DagsmithError): Unmapped {
  return { state: "failed", reason: error.code, error: storedError(error) };
}

function isRecord(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "empty";
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
      ? "an object"
      : `a ${typeof value}`;
}

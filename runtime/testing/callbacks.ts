/** Callbacks of a run in memory. A callback that fails changes nothing but the log. */
import { errorTitle } from "../../sdk/error_message.ts";
import { type CallbackRequest, runCallback } from "../child/run_callback.ts";
import type { NewCallback } from "../engine/store.ts";
import { memoryHost, requestOf, type TryInRun } from "./memory_host.ts";
import type { MemoryRun } from "./memory_run.ts";
import type { Emit } from "./reports.ts";

/** Runs a callback of a try or of a task. */
export async function runTaskCallback(
  run: MemoryRun,
  { instanceId, tryNumber, event, reason, error }: NewCallback,
  emit: Emit,
): Promise<void> {
  const instance = run.store.instance(instanceId);
  if (!instance) return;
  const callback = { event, ofRun: false, ordinal: 0, reason, error, url: null };
  // The instance may be at its next try already.
  await perform(run, { ...instance, tryNumber }, callback, emit);
}

/** Runs the callbacks of the run's end, when the DAG has any. */
export async function runRunCallbacks(run: MemoryRun, emit: Emit): Promise<void> {
  const event = run.store.run.state === "success" ? "onSuccess" : "onFailure";
  if (!run.spec.callbacks?.includes(event)) return;
  const noTask = { taskId: "", mapIndex: -1, tryNumber: 0, item: null };
  const end = { reason: null, error: null, url: null };
  await perform(run, noTask, { event, ofRun: true, ordinal: 0, ...end }, emit);
}

async function perform(
  run: MemoryRun,
  of: TryInRun,
  callback: CallbackRequest,
  emit: Emit,
): Promise<void> {
  const host = memoryHost(run, of, emit);
  const signal = run.options.signal ?? new AbortController().signal;
  const result = await runCallback(run.dag, requestOf(run, of), callback, host, signal);
  if (result.outcome === "failed")
    host.log("error", `${callback.event} failed: ${errorTitle(result.error)}`);
}

/** The outcome of a try for the engine, from the result of its body. Pure. */
import { errorTitle } from "../../sdk/error_message.ts";
import { MAX_LABEL, type TryResult } from "../child/run_try.ts";
import type { Outcome } from "../engine/results/outcome.ts";

export function outcomeOf(result: TryResult): Outcome {
  const named = result.label === undefined ? {} : { label: result.label.slice(0, MAX_LABEL) };
  if (result.outcome === "not_yet") return { kind: "not_yet", ...named };
  if (result.outcome === "asleep")
    return { kind: "asleep", step: result.step, at: result.at, inMs: result.inMs, ...named };
  if (result.outcome === "deferred") return { kind: "deferred", wait: result.wait, ...named };
  if (result.outcome === "success")
    return {
      kind: "success",
      output: result.output,
      ...(result.assets && { assets: result.assets }),
      ...(result.state && { state: result.state }),
      ...(result.again ? { again: true } : {}),
      ...named,
    };
  if (result.outcome === "skipped")
    return {
      kind: "skipped",
      reason: result.reason,
      ...(result.filteredOut ? { filteredOut: true } : {}),
      ...named,
    };
  if (result.outcome === "keys") return { kind: "needs_slots", keys: result.keys, ...named };
  const { error, retryable } = result;
  return { kind: "failed", reason: errorTitle(error), error, retryable, ...named };
}

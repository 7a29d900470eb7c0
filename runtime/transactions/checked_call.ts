/** Which calls are allowed: the DAG exists, takes calls, and takes these params. */
import { DagsmithError, isDagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { chainOfCall } from "../engine/plan/calls.ts";
import { callRefused } from "../engine/results/call_ends.ts";
import type { WaitOutcome } from "../engine/results/outcome.ts";
import { checkParams } from "../params/check_params.ts";
import type { NewCall } from "../store/waits/task_call.ts";

/** A call that is allowed. */
export interface CheckedCall {
  readonly call: NewCall;
  readonly versionId: number;
  /** With the defaults of the schema filled in. */
  readonly params: Json;
  /** The DAGs whose runs led to the run, in their order. */
  readonly chain: readonly string[];
}

/** A call that fails in place of starting a run. */
export interface RefusedCall {
  readonly caller: NewCall;
  readonly outcome: WaitOutcome;
}

type Spec = Pick<DagSpec, "dagId" | "paramsSchema">;

/** @param spec of the version that would run */
export async function checkedCall(
  call: NewCall,
  spec: Spec | undefined,
): Promise<CheckedCall | RefusedCall> {
  try {
    return await allowed(call, spec);
  } catch (error) {
    if (!isDagsmithError(error)) throw error;
    return { caller: call, outcome: callRefused(error) };
  }
}

/** @throws DagsmithError UNKNOWN_DAG, DAG_PAUSED, UNKNOWN_VERSION, INVALID_PARAMS, … */
async function allowed(call: NewCall, spec: Spec | undefined): Promise<CheckedCall> {
  const { dagId, isPaused, version, versionId } = call;
  if (isPaused === null)
    throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "Deploy it, or correct the call." });
  const chain = chainOfCall(call.chain, call.callerDagId, dagId);
  if (isPaused) throw new DagsmithError("DAG_PAUSED", { dag: dagId });
  if (versionId === null || !spec)
    throw new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version: String(version) });
  return { call, versionId, params: await checkParams(spec, call.params), chain };
}

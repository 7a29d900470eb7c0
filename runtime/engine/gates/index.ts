/**
 * All gates, in the order in which a task passes them. A new reason to wait adds its gate
 * here.
 */

import { PAST_GATE } from "./depends_on_past_gate.ts";
import type { Gate, Reason, WaitingFacts } from "./gate.ts";
import { GROUP_GATE } from "./group_gate.ts";
import { LIMIT_GATES } from "./limit_gates.ts";
import { RUN_GATES } from "./run_gates.ts";
import { RETRY_GATE } from "./time_gate.ts";
import { UPSTREAM_GATE } from "./upstream_gate.ts";
import { WAIT_GATE } from "./wait_gate.ts";
import { WORKER_GATE } from "./worker_gate.ts";

export type {
  Reason,
  UpstreamTask,
  WaitingFacts,
  WaitingInstance,
  WaitingRun,
  WorkerFacts,
} from "./gate.ts";

const GATES: readonly Gate[] = [
  ...RUN_GATES,
  GROUP_GATE,
  UPSTREAM_GATE,
  PAST_GATE,
  RETRY_GATE,
  WAIT_GATE,
  ...LIMIT_GATES,
  WORKER_GATE,
];

/**
 * All conditions that are not met. Never empty: with all gates open, the task starts in a
 * moment.
 */
export function unmetOf(facts: WaitingFacts): readonly Reason[] {
  const reasons = GATES.flatMap(({ name, unmet }) =>
    unmet(facts).map((text) => ({ gate: name, text })),
  );
  return reasons.length > 0 ? reasons : [{ gate: "none", text: "it starts in a moment" }];
}

/**
 * Whether a task's past lets it run. The case names the run before and whether there is
 * an older one; which of them counts, the product says.
 */
import { z } from "zod";
import {
  countsAsPrevious,
  isDependsOnPastMet,
  type PreviousState,
} from "../../../runtime/state/depends_on_past.ts";
import { TASK_STATES } from "../../../runtime/state/task_state.ts";
import { area } from "../area.ts";

const OTHER_STATES = ["none", "up_for_reschedule", "deferred", "restarting"] as const;
const STATES = z.array(z.enum([...TASK_STATES, ...OTHER_STATES]));

const INPUT = z.object({
  depends_on_past: z.boolean(),
  wait_for_downstream: z.boolean(),
  override_ignore_past: z.boolean(),
  has_previous_run: z.boolean(),
  previous_task_states: STATES,
  previous_downstream_states: STATES,
  first_run_of_backfill: z.boolean(),
  older_successful_scheduled_run: z.boolean(),
  catchup: z.boolean(),
  previous_run_type: z.string().nullable(),
});

export const dependsOnPast = area(INPUT, (input) => {
  const catchup = input.catchup ? "all" : "last";
  const previous = {
    type: input.previous_run_type ?? "scheduled",
    own: input.previous_task_states,
    downstream: input.previous_downstream_states,
  };
  const older = { type: "scheduled", own: ["success"], downstream: [] };
  const runs = [
    ...(input.older_successful_scheduled_run ? [older] : []),
    ...(input.has_previous_run ? [previous] : []),
  ];
  const before = runs.filter(({ type }) => countsAsPrevious(type, catchup)).at(-1) ?? null;
  const met = isDependsOnPastMet(
    {
      ...(input.depends_on_past && { dependsOnPast: true }),
      ...(input.wait_for_downstream && { waitForDownstream: true }),
    },
    {
      isExempt: input.first_run_of_backfill || input.override_ignore_past,
      previous: before && {
        own: before.own.map(stateOf),
        downstream: before.downstream.map(stateOf),
      },
      hasOlder: input.older_successful_scheduled_run,
    },
  );
  return { met };
});

/** A state that the product does not have is not an end either. */
function stateOf(name: string): PreviousState {
  return TASK_STATES.find((state) => state === name) ?? "none";
}

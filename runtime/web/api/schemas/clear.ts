/** What the API answers about clearing. */
import { z } from "zod";
import { TASK_STATES } from "../../../state/task_state.ts";

export const cleared = z.object({
  runs: z.array(
    z.object({
      id: z.int(),
      dagId: z.string(),
      runId: z.string(),
      instances: z.array(
        z.object({
          taskId: z.string(),
          mapIndex: z.int(),
          state: z.enum(TASK_STATES),
          tryNumber: z.int(),
        }),
      ),
    }),
  ),
});

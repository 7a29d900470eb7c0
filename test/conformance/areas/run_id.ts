/** What runs are called. */
import { z } from "zod";
import { runIdAllowed as isAllowed, runIdOf } from "../../../runtime/timetable/index.ts";
import { area, NotSupported } from "../area.ts";
import { INSTANT, INTERVAL, SCHEDULE, specOf } from "./schedule.ts";

const RUN_TYPES = ["scheduled", "manual"] as const;

export const runId = area(
  z.object({
    schedule: SCHEDULE,
    run_type: z.string(),
    run_after: INSTANT,
    data_interval: INTERVAL.nullable(),
  }),
  ({ schedule, run_type, run_after, data_interval }) => {
    const type = RUN_TYPES.find((known) => known === run_type);
    if (!type) throw new NotSupported(`an id of a run of the type ${run_type}`);
    return {
      run_id: runIdOf(type, {
        schedule: specOf(schedule),
        runAfter: run_after,
        dataInterval: data_interval,
      }),
    };
  },
);

export const runIdAllowed = area(
  z.object({ allowed_pattern: z.string().nullish(), run_id: z.string() }),
  (input) => ({
    allowed: isAllowed(input.run_id, input.allowed_pattern ?? undefined),
  }),
);

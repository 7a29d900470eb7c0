/** How long a failed try waits for the next. */
import { z } from "zod";
import { retryDelayMs } from "../../../runtime/state/retry.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { area } from "../area.ts";

/** Instances whose jitter is looked at: it is each one's own. */
const INSTANCES = Array.from({ length: 200 }, (_, index) => `${index}`);

export const retryBackoff = area(
  z.object({
    retry_delay_seconds: z.number().min(0),
    exponential_multiplier: z.number().min(0),
    failed_attempt: z.int().min(1),
    max_retry_delay_seconds: z.number().nullable(),
  }),
  ({
    retry_delay_seconds: delay,
    exponential_multiplier: multiplier,
    failed_attempt: attempt,
    max_retry_delay_seconds: longest,
  }) => {
    const d = dag("case");
    d.task(
      "task",
      {
        retryDelay: `${delay}s`,
        // A multiplier of 0 means that there is none.
        ...(multiplier > 0 ? { retryBackoff: multiplier } : {}),
        ...(longest === null ? {} : { maxRetryDelay: `${longest}s` }),
      },
      () => null,
    );
    const [task] = describeDag(d).tasks;
    if (!task) throw new Error("the DAG has no task");
    const delays = INSTANCES.map((seed) => retryDelayMs(task, attempt, seed) / 1_000);
    return { delay_seconds_min: Math.min(...delays), delay_seconds_max: Math.max(...delays) };
  },
  (expect, got) =>
    Number(got.delay_seconds_min) >= Number(expect.delay_seconds_min) &&
    Number(got.delay_seconds_max) <= Number(expect.delay_seconds_max),
);

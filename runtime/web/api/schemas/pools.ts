/** What the API answers about pools. */
import { z } from "zod";

const pool = z
  .object({
    name: z.string(),
    slots: z.int().meta({ description: "-1: no limit; 0: closed" }),
    description: z.string(),
    version: z.int().meta({ description: "Counts changes; send it with a change" }),
    queuedSlots: z.int().meta({ description: "Taken by tries that wait for a worker" }),
    runningSlots: z.int(),
    waitingSlots: z.int().meta({ description: "Requested by tries that wait for a slot" }),
  })
  .meta({ id: "Pool" });

export const pools = z.object({ pools: z.array(pool) });

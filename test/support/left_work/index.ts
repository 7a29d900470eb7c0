/**
 * Work of each job of a scheduler, twice: what a process left over that died. One of the
 * two can be locked, as a frozen process holds it.
 */
import { FLEET_WORK } from "./fleet.ts";
import { RUN_WORK } from "./runs.ts";
import { WAIT_WORK } from "./waits.ts";

export type { LeftWork } from "./parts.ts";

/** Every job of a scheduler but those that share no rows with other processes. */
export const LEFT_WORK = [...RUN_WORK, ...WAIT_WORK, ...FLEET_WORK];

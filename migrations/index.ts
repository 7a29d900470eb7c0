/** All migrations, in order. Listed rather than read from a folder, so that they ship inside the built package like any other code. */
import * as first from "./0001_first.ts";
import * as schedules from "./0002_schedules.ts";
import * as slots from "./0003_slots.ts";

export const migrations = [
  { name: "0001_first", ...first },
  { name: "0002_schedules", ...schedules },
  { name: "0003_slots", ...slots },
] as const;

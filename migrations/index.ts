/** All migrations, in order. Listed rather than read from a folder, so that they ship inside the built package like any other code. */
import * as first from "./0001_first.ts";
import * as schedules from "./0002_schedules.ts";
import * as waits from "./0008_waits.ts";

export const migrations = [
  { name: "0001_first", ...first },
  { name: "0002_schedules", ...schedules },
  { name: "0008_waits", ...waits },
] as const;

/** All migrations, in order. Listed rather than read from a folder, so that they ship inside the built package like any other code. */
import * as first from "./0001_first.ts";
import * as schedules from "./0002_schedules.ts";
import * as assets from "./0005_assets.ts";
import * as labels from "./0009_labels.ts";
import * as events from "./0010_events.ts";

export const migrations = [
  { name: "0001_first", ...first },
  { name: "0002_schedules", ...schedules },
  { name: "0005_assets", ...assets },
  { name: "0009_labels", ...labels },
  { name: "0010_events", ...events },
] as const;

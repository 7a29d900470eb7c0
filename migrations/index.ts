/** All migrations, in order. Listed rather than read from a folder, so that they ship inside the built package like any other code. */
import * as first from "./0001_first.ts";
import * as schedules from "./0002_schedules.ts";
import * as slots from "./0003_slots.ts";
import * as backfills from "./0004_backfills.ts";
import * as assets from "./0005_assets.ts";
import * as rules from "./0006_rules.ts";
import * as limits from "./0007_limits.ts";
import * as waits from "./0008_waits.ts";
import * as labels from "./0009_labels.ts";
import * as events from "./0010_events.ts";
import * as xcomFiles from "./0011_xcom_files.ts";
import * as groups from "./0012_groups.ts";
import * as runEditions from "./0013_run_editions.ts";

export const migrations = [
  { name: "0001_first", ...first },
  { name: "0002_schedules", ...schedules },
  { name: "0003_slots", ...slots },
  { name: "0004_backfills", ...backfills },
  { name: "0005_assets", ...assets },
  { name: "0006_rules", ...rules },
  { name: "0007_limits", ...limits },
  { name: "0008_waits", ...waits },
  { name: "0009_labels", ...labels },
  { name: "0010_events", ...events },
  { name: "0011_xcom_files", ...xcomFiles },
  { name: "0012_groups", ...groups },
  { name: "0013_run_editions", ...runEditions },
] as const;

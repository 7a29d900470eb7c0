/**
 * All migrations, in order. A migration never changes after its release; a change of the
 * schema is a new one at the end. Listed rather than read from a folder, so that the
 * built package contains them.
 */
import type { Knex } from "knex";
import * as schema from "./0001_schema.ts";
import * as retention from "./0002_retention.ts";
import * as liveness from "./0003_liveness.ts";
import * as setupCounts from "./0004_setup_counts.ts";
import * as state from "./0005_state.ts";
import * as step from "./0006_step.ts";
import * as access from "./0007_access.ts";
import * as secrets from "./0008_secrets.ts";
import * as calls from "./0009_calls.ts";
import * as files from "./0010_files.ts";
import * as events from "./0011_events.ts";
import * as anyRuns from "./0013_any_runs.ts";
import * as questions from "./0014_questions.ts";
import * as auditAndUsers from "./0015_audit_and_users.ts";
import * as versions from "./0016_versions.ts";
import * as stateTry from "./0018_state_try.ts";
import * as deployments from "./0019_deployments.ts";
import * as userVersion from "./0021_user_version.ts";
import * as runDays from "./0025_run_days.ts";
import * as renderedFields from "./0026_rendered_fields.ts";
import * as runReports from "./0027_run_reports.ts";
import * as deletedSettings from "./0028_deleted_settings.ts";
import * as stepTimes from "./0029_step_times.ts";
import * as messages from "./0033_messages.ts";
import * as reportLooks from "./0035_report_looks.ts";

export interface Migration {
  readonly name: string;
  up(knex: Knex): Promise<void>;
}

export const migrations: readonly Migration[] = [
  { name: "0001_schema", ...schema },
  { name: "0002_retention", ...retention },
  { name: "0003_liveness", ...liveness },
  { name: "0004_setup_counts", ...setupCounts },
  { name: "0005_state", ...state },
  { name: "0006_step", ...step },
  { name: "0007_access", ...access },
  { name: "0008_secrets", ...secrets },
  { name: "0009_calls", ...calls },
  { name: "0010_files", ...files },
  { name: "0011_events", ...events },
  { name: "0013_any_runs", ...anyRuns },
  { name: "0014_questions", ...questions },
  { name: "0015_audit_and_users", ...auditAndUsers },
  { name: "0016_versions", ...versions },
  { name: "0018_state_try", ...stateTry },
  { name: "0019_deployments", ...deployments },
  { name: "0021_user_version", ...userVersion },
  { name: "0025_run_days", ...runDays },
  { name: "0026_rendered_fields", ...renderedFields },
  { name: "0027_run_reports", ...runReports },
  { name: "0028_deleted_settings", ...deletedSettings },
  { name: "0029_step_times", ...stepTimes },
  { name: "0033_messages", ...messages },
  { name: "0035_report_looks", ...reportLooks },
];

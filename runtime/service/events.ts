/**
 * Every event that a service logs: the one place where its name, its level and its meaning
 * stand. Monitoring systems search for the names, so a name never changes. Pure.
 */

export type Level = "debug" | "info" | "warn" | "error";

interface EventSpec {
  readonly level: Level;
  /** When it is logged; one sentence. */
  readonly when: string;
}

export const EVENTS = {
  service_started: { level: "info", when: "All services of the process work." },
  service_stopping: { level: "info", when: "The process was asked to stop, or cannot go on." },
  notice: { level: "info", when: "A line that a terminal would show, as `text`." },
  database_awaited: { level: "warn", when: "Statements wait for a database that is away." },
  database_returned: { level: "info", when: "All statements that waited are done." },
  connections_replaced: {
    level: "warn",
    when: "Connections were closed because a statement got no answer.",
  },
  job_failed: { level: "error", when: "A pass of a background job failed; once for each reason." },
  job_recovered: { level: "info", when: "A background job works after failures." },
  loops_late: { level: "warn", when: "Background jobs are late by more than 30 s." },
  loops_recovered: { level: "info", when: "Jobs that were late are on time." },
  runs_created: { level: "info", when: "Runs were created." },
  runs_timed_out: { level: "warn", when: "Runs took longer than their time limit." },
  dags_paused: { level: "warn", when: "DAGs were paused because their runs failed in a row." },
  deadlines_missed: { level: "warn", when: "Deadlines passed before their runs ended." },
  tasks_expired: { level: "warn", when: "Tasks waited in the queue for longer than allowed." },
  tries_rescued: { level: "warn", when: "Tries of dead workers ended as lost." },
  jobs_unlocked: { level: "warn", when: "Queue jobs of dead workers became free." },
  worker_lost: { level: "warn", when: "A worker was declared lost: its heartbeat is too old." },
  worker_restarted: { level: "warn", when: "The worker starts again under a new id." },
  report_refused: { level: "error", when: "A collector of traces or lineage refused what it got." },
  traces_missing: { level: "warn", when: "Traces are set, but their packages are not installed." },
  rows_deleted: { level: "info", when: "Retention deleted old rows." },
  message_unreadable: { level: "error", when: "A message of a queue could not be read." },
  try_ended: { level: "debug", when: "A try ended, in whatever way but these two." },
  try_failed: { level: "warn", when: "A try failed." },
  try_lost: { level: "warn", when: "The task process of a try died, or its worker stopped." },
  page_exposed: { level: "warn", when: "Other machines reach the page without TLS." },
  certificate_renewed: { level: "info", when: "The page uses a new certificate." },
  request_failed: { level: "error", when: "The page could not answer a request." },
  download_failed: { level: "warn", when: "A download from the page broke off." },
  refusal_unaudited: { level: "warn", when: "A refused login could not be added to the audit." },
  webhook_secret_missing: {
    level: "warn",
    when: "The variable with a webhook's secret is not set.",
  },
  oidc_login_failed: { level: "warn", when: "A login at the OIDC provider failed." },
} as const satisfies Readonly<Record<string, EventSpec>>;

export type EventName = keyof typeof EVENTS;

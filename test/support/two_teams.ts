/**
 * A deployment of two teams: the DAGs `ours` and `theirs` with a tag each, which call each
 * other, and something on every page.
 */
import * as actions from "../../runtime/actions/index.ts";
import { recordDeployment } from "../../runtime/store/dags/deployment.ts";
import { dagSpec, type Rows, taskSpec } from "./rows.ts";
import type { TestWeb } from "./web.ts";

const CRON = { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" } as const;

export interface TwoTeams {
  /** The run of `ours` that calls a run of `theirs`. */
  readonly run: number;
  /** The run of `theirs` that it called. */
  readonly called: number;
  /** The run of `ours` that a task of `theirs` called. */
  readonly back: number;
}

export async function twoTeams({ rows, db }: Pick<TestWeb, "rows" | "db">): Promise<TwoTeams> {
  const ours = await rows.dag(team("ours", "theirs"));
  const theirs = await rows.dag(team("theirs", "ours"));
  const run = await rows.run("ours", ours, { state: "failed", runId: "manual__ours" });
  const called = await rows.run("theirs", theirs, { state: "running", runId: "manual__theirs" });
  const back = await rows.run("ours", ours, { state: "running", runId: "called__ours" });
  await call(rows, run, called, { dagId: "ours", runId: "manual__ours" });
  await call(rows, called, back, { dagId: "theirs", runId: "manual__theirs" });
  const instance = await rows.instance(run, "load", { state: "failed", error: ERROR });
  await rows.log(instance, 0, ["began", "went wrong"], 1, "error");
  await rows.sql(
    `insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
     values ($1, 'load', -1, 'return_value', '1')`,
    [run],
  );
  await furtherPages(rows);
  const range = { from: "2026-01-01", to: "2026-01-02" };
  await actions.createBackfill(db, { dagId: "ours", ...range, actor: "ada" });
  const first = {
    kind: "deploy",
    externalId: "first",
    digest: "0".repeat(64),
    restoredId: null,
  } as const;
  await recordDeployment(db, { ...first, actor: "ada", reason: "the first" });
  await actions.noteRun(db, { id: run, note: "look at it", actor: "ada" });
  return { run, called, back };
}

const ERROR = { name: "Error", message: "went wrong", stack: "Error: went wrong\n at dags/a.ts:3" };

function team(dagId: string, other: string) {
  const tasks = [
    taskSpec("load", { outlets: [{ asset: "lake://orders" }] }),
    taskSpec("ask", { call: { dagId: other, waits: true }, upstream: ["load"] }),
    taskSpec("group.each", { each: { items: [1, 2] } }),
  ];
  const schedules = [{ name: "", schedule: CRON, params: {} }];
  return dagSpec(dagId, { tags: [`team-${dagId}`], tasks, schedules });
}

/** A task `ask` of a run calls another run, and waits for it. */
async function call(
  rows: Rows,
  from: number,
  to: number,
  caller: { readonly dagId: string; readonly runId: string },
): Promise<void> {
  const asking = await rows.instance(from, "ask", { state: "deferred" });
  await rows.sql(
    `insert into dagsmith.task_call
       (task_instance_id, try_number, dag_id, params, waits, rerun, state, called_run_id)
     select $1, 1, dag_id, '{}', true, 'failed', 'going', id from dagsmith.dag_run where id = $2`,
    [asking, to],
  );
  const trigger = { type: "call", ...caller, taskId: "ask", mapIndex: -1, chain: [caller.dagId] };
  await rows.sql("update dagsmith.dag_run set run_type = 'called', trigger = $2 where id = $1", [
    to,
    JSON.stringify(trigger),
  ]);
}

async function furtherPages(rows: Rows): Promise<void> {
  await rows.sql(
    "insert into dagsmith.import_error (file, code, message) values ('x.ts', 'X', 'broken')",
  );
  await rows.sql("insert into dagsmith.pool (name, slots) values ('small', 2)");
}

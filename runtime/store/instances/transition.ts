/**
 * The only file that writes the state of task instances. A statement names the verb that
 * it performs. The verb gives the guard: the states that a row may leave. The state that
 * the row enters gives the other columns. So no statement can move a row that its verb
 * must not move, and none can forget a column.
 */
import { ENGINE, isFinal, TASK_STATES, type TaskState } from "../../state/task_state.ts";
import { FIRST_STATES, TASK_VERBS, type TaskVerb, type Verb } from "../../state/task_verbs.ts";
import { type ColumnValues, columnsByState, isOneOf, setList } from "../database/state_sql.ts";
import { ITEM } from "./instance_columns.ts";

/** The columns that go together with a state. */
type Column =
  | "worker_id"
  | "queued_at"
  | "started_at"
  | "first_started_at"
  | "finished_at"
  | "retry_at";

/** What a statement knows of its moves, as SQL; absent: nothing. */
interface Given {
  /** The worker that takes an instance, or the engine for a group instance. */
  readonly workerId?: string;
  /** When the next try may start. */
  readonly retryAt?: string;
  /** The try number after the move. Absent: the try stays the same, and does not end. */
  readonly nextTry?: string;
}

/** Columns that keep their value are not named here: `t` is the row before the move. */
const QUEUED_AT: Partial<Record<TaskState, string>> = {
  none: "null",
  // A cleared item was never queued at its new try.
  scheduled: "case t.state when 'none' then null else now() end",
  queued: "now()",
  up_for_retry: "now()",
};

// A woken sensor goes on with its try, which has started. What left `running` starts
// again.
const UNLESS_RUNNING = "case t.state when 'running' then null else t.started_at end";

const STARTED_AT: Partial<Record<TaskState, string>> = {
  none: "null",
  scheduled: UNLESS_RUNNING,
  queued: UNLESS_RUNNING,
  up_for_retry: "null",
  // A group instance that must stop still runs.
  running: "case t.state when 'running' then t.started_at else now() end",
};

// A task that only said its keys has not begun: its time limits count from its next
// start.
const hasOnlySaidItsKeys = (nextTry: string): string =>
  `t.state = 'running' and ${nextTry} = t.try_number and t.pokes = 0 and t.try_number = t.cleared_tries + 1`;

function firstStartedAt(to: TaskState, nextTry: string | undefined): string {
  if (to === "none") return "null";
  if (to === "running") return "coalesce(t.first_started_at, now())";
  return to === "scheduled" && nextTry
    ? `case when ${hasOnlySaidItsKeys(nextTry)} then null else t.first_started_at end`
    : "t.first_started_at";
}

/** Whether the row `t` is in a final state. */
export const HAS_ENDED = isOneOf("t.state", TASK_STATES.filter(isFinal));

/** The columns of an instance that enters a state. Pure. */
function columnsFor(to: TaskState, given: Given = {}): ColumnValues<Column> {
  const holder = given.workerId ? `coalesce(${given.workerId}, t.worker_id)` : "t.worker_id";
  return {
    worker_id: to === "running" || isFinal(to) ? holder : "null",
    queued_at: QUEUED_AT[to] ?? "t.queued_at",
    started_at: STARTED_AT[to] ?? "t.started_at",
    first_started_at: firstStartedAt(to, given.nextTry),
    // From one final state to another, by a mark or a decision, an instance keeps its
    // end.
    finished_at: isFinal(to) ? `case when ${HAS_ENDED} then t.finished_at else now() end` : "null",
    retry_at: to === "up_for_retry" ? (given.retryAt ?? "t.retry_at") : "null",
  };
}

/**
 * The same for an instance that is created, or created again after a clear: nothing of
 * the row before counts. Only a group instance begins as `running`, and the engine holds
 * it.
 */
function firstColumnsFor(to: TaskState): ColumnValues<Column> {
  const startedAt = to === "running" ? "now()" : "null";
  return {
    worker_id: to === "running" ? `'${ENGINE}'` : "null",
    queued_at: to === "queued" || to === "deferred" ? "now()" : "null",
    started_at: startedAt,
    first_started_at: startedAt,
    finished_at: isFinal(to) ? "now()" : "null",
    retry_at: "null",
  };
}

function update(columns: ColumnValues, rows: string, guard: string): string {
  return `update dagsmith.task_instance t set ${setList("t", columns)}\n${rows}\n  and ${guard}`;
}

function guardOf(verb: TaskVerb): string {
  return isOneOf("t.state", TASK_VERBS[verb].from);
}

/** A move of many instances by one verb. */
export interface Move extends Given {
  /** The end of the update, which picks the rows of `t`: `from … where t.id = v.id`. */
  readonly rows: string;
  /**
   * The state to enter as SQL, when the verb may enter several. Default: the only one.
   */
  readonly to?: string;
  /** Further columns to set. */
  readonly more?: ColumnValues;
}

/** An update that moves instances. The caller appends `returning`. */
export function move(verb: TaskVerb, { rows, to, more, ...given }: Move): string {
  const states: Verb["to"] = TASK_VERBS[verb].to;
  const state = to ?? `'${states[0]}'`;
  const columns = columnsByState(state, states, (one) => columnsFor(one, given));
  return update({ state, ...columns, ...more }, rows, guardOf(verb));
}

/**
 * An update that moves instances by any verb: the rows `v` name the state to enter and,
 * in `from_states`, the states to leave.
 */
export function moveByAnyVerb({ rows, to, more, ...given }: Move & { to: string }): string {
  const columns = columnsByState(to, TASK_STATES, (one) => columnsFor(one, given));
  return update({ state: to, ...columns, ...more }, rows, MAY_LEAVE);
}

/** Whether the row `t` is in a state that the transition `v` may leave. */
export const MAY_LEAVE = "t.state = any(string_to_array(v.from_states, ','))";

/**
 * The verb `recreate`: rows `v` of new instances whose own rows exist since before a
 * clear.
 */
export function recreate({ rows, more }: Pick<Move, "rows" | "more">): string {
  const columns = columnsByState("v.state", FIRST_STATES, firstColumnsFor);
  const again = { state: "v.state", item: ITEM, label: "null", ...columns, ...more };
  return update(again, rows, guardOf("recreate"));
}

/**
 * The verb `create`: an insert of rows `v` of new instances.
 * @param rows ends the insert: `from … v`
 */
export function create({ rows, more }: Pick<Move, "rows" | "more">): string {
  const columns = {
    ...{ run_id: "v.run_id", task_id: "v.task_id", map_index: "v.map_index", state: "v.state" },
    ...{ item: ITEM, ...columnsByState("v.state", FIRST_STATES, firstColumnsFor), ...more },
  };
  return `insert into dagsmith.task_instance as t (${Object.keys(columns).join(", ")})
overriding system value select ${Object.values(columns).join(", ")} ${rows}`;
}

/** {@link create}, or `recreate` for those whose rows exist since before a clear. */
export function createOrRecreate(rows: string): string {
  const names = Object.keys(firstColumnsFor("none"));
  const columns = {
    ...Object.fromEntries(["state", "item", ...names].map((name) => [name, `excluded.${name}`])),
    ...{ label: "null", reason: "null", error: "null" },
  };
  return `${create({ rows })}
on conflict (run_id, task_id, map_index) do update set ${setList("t", columns)}
where ${guardOf("recreate")}`;
}

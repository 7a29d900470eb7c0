/**
 * The only file that writes the state of runs. A statement names the verb that it
 * performs. The verb gives the guard: the states that a row may leave. The state that the
 * row enters gives the other columns.
 */
import type { RunState } from "../../state/run_state.ts";
import { RUN_VERBS, type RunVerb, type RunVerbName } from "../../state/run_verbs.ts";
import { type ColumnValues, columnsByState, isOneOf, setList } from "../database/state_sql.ts";

/** The columns that go together with a state. */
type Column = "queued_at" | "started_at" | "timeout_at" | "finished_at" | "reason";

/** What a statement knows of its moves, as SQL; absent: nothing. */
interface Given {
  /** When the run will have taken too long. */
  readonly timeoutAt?: string;
  /** Why the run ended. */
  readonly reason?: string;
}

const KEPT: ColumnValues<Column> = {
  queued_at: "r.queued_at",
  started_at: "r.started_at",
  timeout_at: "r.timeout_at",
  finished_at: "r.finished_at",
  reason: "r.reason",
};

/** The columns of a run that enters a state; `r` is the row before the move. Pure. */
function columnsFor(to: RunState, given: Given = {}): ColumnValues<Column> {
  const { timeoutAt, reason } = given;
  switch (to) {
    case "queued":
      return {
        ...{ queued_at: "now()", started_at: "null", timeout_at: "null" },
        ...{ finished_at: "null", reason: "null" },
      };
    case "running":
      return {
        ...KEPT,
        started_at: "coalesce(r.started_at, now())",
        timeout_at: timeoutAt ? `coalesce(r.timeout_at, ${timeoutAt})` : "r.timeout_at",
        finished_at: "null",
      };
    case "success":
    case "failed":
      return {
        ...KEPT,
        finished_at: "coalesce(r.finished_at, now())",
        reason: reason ?? "r.reason",
      };
  }
}

/** A move of runs. */
interface RunMove extends Given {
  /** The end of the update, which picks the rows of `r`: `from … where r.id = v.id`. */
  readonly rows: string;
  /**
   * The state to enter as SQL, when the verbs may enter several. Default: the only one.
   */
  readonly to?: string;
  /** Further columns to set. */
  readonly more?: ColumnValues;
}

/** An update that moves runs by one of these verbs. The caller appends `returning`. */
export function moveRuns(verbs: readonly RunVerbName[], move: RunMove): string {
  const { rows, to, more, ...given } = move;
  const states = [...new Set(verbs.flatMap((verb): RunVerb["to"] => RUN_VERBS[verb].to))];
  const state = to ?? `'${states[0]}'`;
  const columns = columnsByState(state, states, (one) => columnsFor(one, given));
  return `update dagsmith.dag_run r set ${setList("r", { state, ...columns, ...more })}
${rows} and ${guardOf(verbs)}`;
}

/**
 * The rows are found by their keys. A plain condition on the state would match the
 * partial index on active runs, and a generic plan would read all of them; a `case`
 * matches no index.
 */
function guardOf(verbs: readonly RunVerbName[]): string {
  const from = new Set(verbs.flatMap((verb): RunVerb["from"] => RUN_VERBS[verb].from));
  return `case when ${isOneOf("r.state", [...from])} then true end`;
}

/**
 * The verb `create`: an insert of runs. The caller appends `on conflict` and `returning`.
 * @param names the columns of the rows
 * @param rows a table with these columns
 */
export function createRun(names: string, rows: string): string {
  const [state] = RUN_VERBS.create.to;
  return `insert into dagsmith.dag_run (${names}, state) select *, '${state}' from ${rows}`;
}

/**
 * The trigger rules as a table of plain states: for each rule what it says of the states
 * before a task, the first line that holds. Written from the rules and not from the
 * engine, which decides from counts: the two are held against each other.
 */
import type { TriggerRule } from "../../../sdk/spec/index.ts";
import type { ShapedTask } from "./dag_shape.ts";

/** Success, failed, sKipped, Upstream failed, still Running or not begun. */
export type Letter = "S" | "F" | "K" | "U" | "R";
export type Decision = "run" | "wait" | "skip" | "upstream_failed";

type Condition = (before: readonly Letter[]) => boolean;

const any =
  (of: string): Condition =>
  (before) =>
    before.some((letter) => of.includes(letter));
const all =
  (of: string): Condition =>
  (before) =>
    before.every((letter) => of.includes(letter));
const ended = all("SFKU");

const TABLE: Readonly<
  Record<
    Exclude<TriggerRule, "all_done_setup_success">,
    readonly (readonly [Condition, Decision])[]
  >
> = {
  all_success: [
    [any("FU"), "upstream_failed"],
    [any("K"), "skip"],
    [all("S"), "run"],
  ],
  all_failed: [
    [any("SK"), "skip"],
    [all("FU"), "run"],
  ],
  all_done: [[ended, "run"]],
  all_done_min_one_success: [
    [any("K"), "skip"],
    [all("FU"), "upstream_failed"],
    [ended, "run"],
  ],
  all_skipped: [
    [any("SFU"), "skip"],
    [ended, "run"],
  ],
  one_success: [
    [any("S"), "run"],
    [all("K"), "skip"],
    [ended, "upstream_failed"],
  ],
  one_failed: [
    [any("FU"), "run"],
    [ended, "skip"],
  ],
  one_done: [
    [any("SF"), "run"],
    [ended, "skip"],
  ],
  none_failed: [
    [any("FU"), "upstream_failed"],
    [ended, "run"],
  ],
  none_failed_min_one_success: [
    [any("FU"), "upstream_failed"],
    [all("K"), "skip"],
    [ended, "run"],
  ],
  none_skipped: [
    [any("K"), "skip"],
    [ended, "run"],
  ],
  always: [[() => true, "run"]],
};

/** What is before a task, as letters. */
export interface Before {
  readonly direct: readonly Letter[];
  /**
   * The setups that it needs and that are not directly before it; of a teardown: the
   * setups that it undoes.
   */
  readonly setups: readonly Letter[];
  /** Of a teardown: everything else between its setups and itself. */
  readonly between: readonly Letter[];
}

export function decide(
  { rule, kind }: Pick<ShapedTask, "rule" | "kind">,
  { direct, setups, between }: Before,
): Decision {
  if (direct.length === 0) return "run";
  if (kind === "teardown") return blockedBy(between, decideTeardown(direct, setups));
  const own = decideByTable(rule, direct);
  if (rule === "always") return own;
  if (any("FU")(setups)) return "upstream_failed";
  return any("K")(setups) ? "skip" : blockedBy(setups, own);
}

function decideByTable(rule: TriggerRule, direct: readonly Letter[]): Decision {
  if (rule === "all_done_setup_success") return decideTeardown(direct, []);
  return TABLE[rule].find(([holds]) => holds(direct))?.[1] ?? "wait";
}

function blockedBy(others: readonly Letter[], decision: Decision): Decision {
  return decision === "run" && any("R")(others) ? "wait" : decision;
}

function decideTeardown(before: readonly Letter[], setups: readonly Letter[]): Decision {
  if (!ended(before)) return "wait";
  if (setups.length === 0 || any("S")(setups)) return "run";
  return all("K")(setups) ? "skip" : "upstream_failed";
}

/** Whether nothing before a task is left to end. */
export const isOver = ended;

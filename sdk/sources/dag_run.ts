/** Ends of runs of other DAGs that start runs. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Duration, durationMs } from "../duration.ts";
import { refuseUnknownOptions, wrongValue } from "../option_values.ts";
import { checkedName, type EventSource, nameFrom, someOf, source, whenOf } from "./event.ts";

/**
 * The end of a run of another DAG.
 * @example
 * triggeredBy(loaded).map(({ runId, state }: DagRunEnd) => `${runId}: ${state}`);
 */
export interface DagRunEnd {
  /** The DAG whose run ended. */
  readonly dagId: string;
  /** The id of the run that ended. */
  readonly runId: string;
  /** The state in which the run ended. */
  readonly state: "success" | "failed";
  /** When the run ended: ISO 8601 in UTC. */
  readonly at: string;
}

const RUN_ENDS = ["success", "failed"] as const;
const OF_ALL = ["within", "name", "when"];
const ONE_DAG = ["dag", "states", ...OF_ALL];
const ALL_DAGS = ["all", ...OF_ALL];
const ANY_DAG = ["any", "states", "tags", "exclude", "name", "when"];

/**
 * The parts of an end that `when` of {@link dagRun} may look at.
 * @example const eu: WhenRunEnd = { params: { region: "eu" }, labels: { tier: "gold" } };
 */
export interface WhenRunEnd {
  /** The DAG whose run ended. */
  readonly dagId?: string | undefined;
  /** The id of the run that ended. */
  readonly runId?: string | undefined;
  /** How the run was made, such as `scheduled` or `manual`. */
  readonly runType?: string | undefined;
  /** The state in which the run ended. */
  readonly state?: string | undefined;
  /** The params of the run. */
  readonly params?: unknown;
  /** The labels that the run has when its end is read. */
  readonly labels?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Which runs of which DAG start a run.
 * @example const failed: SourceDag = { dag: "load", states: ["failed"] };
 */
export interface SourceDag {
  /** The id of the other DAG. */
  readonly dag: string;
  /** The states in which its runs may end. Default `["success"]`. */
  readonly states?: readonly ("success" | "failed")[];
}

/**
 * Which runs of any DAG start a run, the DAG that listens excepted.
 * @example const failed: AnyDag = { any: true, states: ["failed"], tags: ["prod"] };
 */
export interface AnyDag {
  /** Listens to every DAG, also to those that are deployed later. */
  readonly any: true;
  /** The states in which the runs may end. Default `["success"]`. */
  readonly states?: readonly ("success" | "failed")[];
  /** Only DAGs with one of these tags. Default: all DAGs. */
  readonly tags?: readonly string[];
  /** Ids of DAGs that are not listened to. Default: none. */
  readonly exclude?: readonly string[];
}

/**
 * Ends of runs of other DAGs; each end makes a run. With several DAGs, a run is made of
 * one end of each DAG, no further apart than `within`. An end that has no partner by then
 * is dropped.
 * @param options.within only with several DAGs; default `"1d"`
 * @param options.name the name of the source, unique within the DAG. Default: the ids of
 *   the DAGs joined by `_`, cut at 50 characters; `any` for any DAG
 * @param options.when a schema of the end: an end that does not fit it makes no run, and
 *   `dag decisions` says so. It is data, because the scheduler loads no code of DAGs.
 *   Default: each end counts
 * @throws DagsmithError INVALID_OPTION, UNKNOWN_OPTION
 * @example
 * dag("report", { on: [dagRun({ dag: "load" })] });
 * dag("join", {
 *   on: [
 *     dagRun({
 *       all: [{ dag: "orders" }, { dag: "customers", states: ["success", "failed"] }],
 *       within: "2h",
 *     }),
 *   ],
 * });
 * dag("alerts", { on: [dagRun({ any: true, states: ["failed"], tags: ["prod"] })] });
 * dag("eu", {
 *   on: [dagRun({ dag: "load", when: z.object({ params: z.object({ region: z.literal("eu") }) }) })],
 * });
 */
export function dagRun(
  options: (SourceDag | AnyDag | { readonly all: readonly SourceDag[] }) & {
    readonly within?: Duration;
    readonly name?: string;
    readonly when?: StandardSchemaV1<WhenRunEnd>;
  },
): EventSource<DagRunEnd> {
  if ("any" in options) return anyDagRun(options);
  const sources = "all" in options ? options.all : [options];
  const ids = Array.isArray(sources) ? sources.map(({ dag }) => dag) : [];
  const name = checkedName("dagRun", options.name ?? nameFrom(ids));
  const where = `dagRun "${name}"`;
  refuseUnknownOptions("event source", options, "all" in options ? ALL_DAGS : ONE_DAG, where);
  if (ids.length === 0 || new Set(ids).size < ids.length)
    throw wrongValue(where, "all", ids.join(", "), "one or more DAGs, each once");
  const runs = sources.map(({ dag, states = ["success"] }) => ({
    dagId: dag,
    states: someOf(RUN_ENDS, states, "states", where),
  }));
  const withinMs = durationMs(options.within ?? "1d");
  return source({ type: "dagRun", name, runs, withinMs, ...whenOf(options.when, where) });
}

function anyDagRun(
  options: AnyDag & { readonly name?: string; readonly when?: StandardSchemaV1<WhenRunEnd> },
): EventSource<DagRunEnd> {
  const { any, states = ["success"], tags = [], exclude = [], when } = options;
  const name = checkedName("dagRun", options.name ?? "any");
  const where = `dagRun "${name}"`;
  if (any !== true) throw wrongValue(where, "any", any, "true, or no such option");
  refuseUnknownOptions("event source", options, ANY_DAG, where);
  const of = {
    states: someOf(RUN_ENDS, states, "states", where),
    tags: texts(tags, "tags", where),
    exclude: texts(exclude, "exclude", where),
  };
  return source({ type: "dagRun", name, runs: [], withinMs: 0, any: of, ...whenOf(when, where) });
}

function texts(values: readonly string[], option: string, where: string): readonly string[] {
  if (Array.isArray(values) && values.every((one) => typeof one === "string")) return [...values];
  throw wrongValue(where, option, values, "a list of texts");
}

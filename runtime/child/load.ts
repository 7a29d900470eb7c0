/**
 * Imports a bundle and returns its DAGs: the one place where user code starts to run.
 * Called by the inspector, by task processes, and by `dag test` in its own process.
 */
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { type Dag, isDag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { checkSchedule } from "../timetable/index.ts";
import { resolveBundle } from "./resolve.ts";

/** How to load a bundle. */
export interface LoadOptions {
  /** The code of the bundle. Default: the file at its path. */
  readonly code?: string;
  /**
   * Where packages that are not part of the bundle are looked up first. Default: next to
   * the bundle.
   */
  readonly projectFolder?: string;
  /** The name of the file in messages. Default: the bundle's name. */
  readonly file?: string;
}

/**
 * The DAGs of a bundle, in the order in which the file exports them. Errors thrown from
 * the bundle carry stacks that name the source files. Loading the same path again returns
 * the same DAGs: Node keeps a module for the life of the process.
 * @throws DagsmithError NOT_A_DAG, with what the default export is instead; and whatever
 *   the file itself throws
 */
export async function loadDags(
  bundlePath: string,
  options: LoadOptions = {},
): Promise<readonly Dag<unknown>[]> {
  process.setSourceMapsEnabled(true);
  resolveBundle(bundlePath, options);
  const module = (await import(pathToFileURL(bundlePath).href)) as { readonly default?: unknown };
  return dagsOf(module.default, options.file ?? basename(bundlePath));
}

/**
 * What the DAGs of a file declare.
 * @throws DagsmithError for a graph, an option or a schedule that cannot be
 */
export function specsOf(dags: readonly Dag<unknown>[]): readonly DagSpec[] {
  const specs = dags.map(describeDag);
  for (const { schedule } of specs.flatMap((spec) => spec.schedules)) checkSchedule(schedule);
  return specs;
}

function dagsOf(exported: unknown, file: string): readonly Dag<unknown>[] {
  const dags: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (dags.length > 0 && dags.every(isDag)) return dags;
  throw new DagsmithError("NOT_A_DAG", {
    file,
    found: Array.isArray(exported) ? foundInList(exported) : found(exported),
  });
}

function foundInList(list: readonly unknown[]): string {
  const wrong = list.findIndex((item) => !isDag(item));
  return wrong === -1 ? "an empty list" : `a list whose item ${wrong + 1} is ${found(list[wrong])}`;
}

function found(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (value instanceof Promise) return "a promise (await it)";
  if (typeof value === "function")
    return `the function ${value.name || "without a name"} (export what it returns)`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return name && name !== "Object"
    ? `an instance of ${name}`
    : `an object with the keys ${Object.keys(value).slice(0, 5).join(", ") || "(none)"}`;
}

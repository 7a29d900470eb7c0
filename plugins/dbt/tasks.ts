/** Declares a task for each model, seed and snapshot of a dbt project. */
import {
  FailTask,
  type GroupBuilder,
  type TaskBody,
  type TaskContext,
  type TaskDefaults,
  type TaskGroup,
  type TaskRef,
  withCode,
} from "dagsmith";
import { type DbtOptions, type DbtResult, dbt } from "./dbt.ts";
import { type ProjectNode, type ProjectTests, readManifest } from "./manifest.ts";

/**
 * Options of {@link dbtTasks}.
 * @example const options: DbtTasksOptions = { project, manifest, connection: "warehouse" };
 */
export interface DbtTasksOptions<Context extends TaskContext = TaskContext>
  extends Omit<DbtOptions<Context>, "command" | "select" | "exclude"> {
  /** The contents of `target/manifest.json`, which `dbt parse` writes. */
  readonly manifest: unknown;
  /** The id of the group around the tasks. Default `"dbt"`. */
  readonly group?: string;
  /** Options of all its tasks, such as `retries`. Default: none. */
  readonly defaults?: TaskDefaults;
}

/**
 * Declares a group with one task for each model, seed and snapshot of a project, in a
 * group for each of its folders. The tests of a node are a task behind it, `<name>_test`,
 * and what reads the node waits for them. A test of several nodes is a task behind them,
 * for which nothing waits. Airflow: DbtTaskGroup of astronomer-cosmos.
 * @returns the group; its result has the task of each node by its id in dbt
 * @throws DagsmithError INVALID_ARGUMENT when the manifest is not one, and as `d.task`
 * @example
 * import manifest from "./dbt/target/manifest.json" with { type: "json" };
 * const project = folder("./dbt", { exclude: ["target", "logs"] });
 * chain(load, dbtTasks(d, { project, manifest, connection: "warehouse" }), report);
 */
export function dbtTasks<Params, Item>(
  d: GroupBuilder<Params, Item>,
  options: DbtTasksOptions<TaskContext<Params, unknown, Item>>,
): TaskGroup<Readonly<Record<string, TaskRef<DbtResult>>>> {
  const { group = "dbt", defaults = {}, manifest, ...rest } = options;
  const { nodes, tests } = readManifest(manifest);
  return d.group(group, { defaults }, (g) => {
    const project: Project = { options: rest, tests, made: new Map(), ends: new Map() };
    declareFolder(g, nodes, 0, project);
    for (const node of nodes) project.made.get(node.id)?.after(endsOf(node.parents, project));
    declareSharedTests(g, project);
    return Object.fromEntries(project.made);
  });
}

type Options = Omit<DbtOptions<never>, "command" | "select" | "exclude">;

/** What is declared once for all folders. */
interface Project {
  readonly options: Options;
  readonly tests: readonly ProjectTests[];
  /** The task of each node, by the node's id. */
  readonly made: Map<string, TaskRef<DbtResult>>;
  /** The last task of each node: that of its tests, where it has some. */
  readonly ends: Map<string, TaskRef<DbtResult>>;
}

/** Declares the nodes of one folder, and a group for each folder in it. */
function declareFolder(
  g: GroupBuilder<unknown, unknown>,
  nodes: readonly ProjectNode[],
  depth: number,
  project: Project,
): void {
  const byFolder = Map.groupBy(nodes, ({ folders }) => folders[depth] ?? null);
  for (const [folder, inside] of byFolder) {
    if (folder === null) for (const node of inside) declareNode(g, node, project);
    else g.group(folder, (inner) => declareFolder(inner, inside, depth + 1, project));
  }
}

function declareNode(
  g: GroupBuilder<unknown, unknown>,
  node: ProjectNode,
  { options, tests, made, ends }: Project,
): void {
  const task = g.task(node.name, only(node.command, node.select, options));
  made.set(node.id, task);
  ends.set(node.id, task);
  const own = tests.find(({ parents }) => parents.length === 1 && parents[0] === node.id);
  if (own === undefined) return;
  const test = g.task(`${node.name}_test`, only("test", own.select, options)).after(task);
  ends.set(node.id, test);
}

function endsOf(ids: readonly string[], { ends }: Project): readonly TaskRef<DbtResult>[] {
  return ids.flatMap((id) => ends.get(id) ?? []);
}

/** Tests that read several nodes. */
function declareSharedTests(g: GroupBuilder<unknown, unknown>, project: Project): void {
  const shared = project.tests.filter(({ parents }) => parents.length > 1);
  for (const [index, { select, parents }] of shared.entries()) {
    const body = only("test", select, project.options);
    g.task(`shared_test_${index + 1}`, body).after(endsOf(parents, project));
  }
}

/** A manifest that is older than the project would let a task do nothing, and succeed. */
function only(command: string, select: string, options: Options): TaskBody<DbtResult, TaskContext> {
  const body = dbt<TaskContext>({ ...(options as DbtOptions), command, select });
  return async function dbt(context) {
    const result = await body(context);
    if (result.results.length > 0) return result;
    throw withCode(
      "DBT_MANIFEST_OUTDATED",
      new FailTask(
        `dbt found nothing for "${select}" in the project. The manifest is older than the project: run dbt parse, and deploy the DAG again.`,
      ),
    );
  };
}

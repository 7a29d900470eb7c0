/** The names of variables: one for each task and group of a DAG. */
import type { PythonNode } from "../evaluate/python_dag.ts";
import type { NodeModel } from "../model.ts";

/** Words of the language, and names that a file may import or that a body gets. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "break case catch class const continue debugger default delete do else enum export extends " +
    "false finally for function if import in instanceof new null return super switch this throw " +
    "true try typeof var void while with yield let static await async of undefined arguments eval " +
    "d g dag z code sql identifier shell sh exec docker chain cross entries asset assetAlias allOf " +
    "anyOf every cron cronTrigger deltaTrigger atInstants timeOrAssets externalRun waitUntil " +
    "waitFor FailTask Json TaskRef httpRequest httpSensor postgresSql sqlSensor s3KeySensor s3Hook " +
    "slackHook sendEmail existsSync createReadStream process Date String JSON item params inputs"
  ).split(" "),
);

export function nodeOf(model: NodeModel): PythonNode {
  return model.type === "task" ? model.task : model.group;
}

/** Variables by the ids of tasks and groups. */
export function variablesOf(children: readonly NodeModel[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(RESERVED);
  for (const node of nodesIn(children).map(nodeOf)) {
    const name = freeName([camel(node.id), camel(node.fullId)], taken);
    taken.add(name);
    names.set(node.fullId, name);
  }
  return names;
}

export function nodesIn(children: readonly NodeModel[]): readonly NodeModel[] {
  return children.flatMap((child) =>
    child.type === "task" ? [child] : [child, ...nodesIn(child.children)],
  );
}

function camel(id: string): string {
  const name = id.replace(/[^A-Za-z0-9]+([A-Za-z0-9])?/g, (_, next: string = "") =>
    next.toUpperCase(),
  );
  const lower = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
  return /^[a-z]/.test(lower) ? lower : `task${name}`;
}

function freeName(wanted: readonly string[], taken: ReadonlySet<string>): string {
  const [first = "task"] = wanted;
  const numbered = Array.from({ length: taken.size }, (_, at) => `${first}${at + 2}`);
  return [...wanted, `${first}Task`, ...numbered].find((name) => !taken.has(name)) ?? first;
}

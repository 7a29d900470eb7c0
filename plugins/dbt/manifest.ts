/** The manifest of a dbt project: which nodes it has, and what each of them needs. */
import { DagsmithError } from "dagsmith";

/** A node that becomes a task: a model, a seed or a snapshot. */
export interface ProjectNode {
  /** Its id in dbt, such as `model.taxi.trips`. */
  readonly id: string;
  readonly name: string;
  /** The command of dbt that makes it. */
  readonly command: "run" | "seed" | "snapshot";
  /** Its folders within the project, the outermost first. */
  readonly folders: readonly string[];
  /** Selects the node, and no other. */
  readonly select: string;
  /** Ids of the nodes that must be made before. */
  readonly parents: readonly string[];
}

/** Tests that run together, once the nodes that they read are made. */
export interface ProjectTests {
  readonly select: string;
  /** Ids of the nodes that the tests read, at least one. */
  readonly parents: readonly string[];
}

/** A node of the manifest, as dbt writes it. */
interface ManifestNode {
  readonly name: string;
  readonly resource_type: string;
  readonly fqn: readonly string[];
  readonly original_file_path: string;
  readonly depends_on: { readonly nodes?: readonly string[] };
  readonly config: { readonly materialized?: string };
}

type Nodes = Readonly<Record<string, ManifestNode>>;

const COMMANDS: Readonly<Record<string, ProjectNode["command"]>> = {
  model: "run",
  seed: "seed",
  snapshot: "snapshot",
};

/**
 * The nodes and tests of a project. An ephemeral model is part of the models that read
 * it, so it is no node.
 * @param manifest the contents of `manifest.json`
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function readManifest(manifest: unknown): {
  readonly nodes: readonly ProjectNode[];
  readonly tests: readonly ProjectTests[];
} {
  const all = nodesOf(manifest);
  const nodes = Object.entries(all).flatMap(([id, node]) => {
    const command = commandOf(node);
    return command === undefined ? [] : [nodeOf(id, node, command, all)];
  });
  return { nodes, tests: testsOf(all) };
}

/** dbt lists unit tests apart from other nodes, and had none before 1.8. */
function nodesOf(manifest: unknown): Nodes {
  const { nodes, unit_tests = {} } = (manifest ?? {}) as Record<string, unknown>;
  if (areNodes(nodes) && areNodes(unit_tests)) return { ...nodes, ...unit_tests };
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "dbtTasks()",
    reason:
      "its manifest is not one of dbt. Make it with `dbt parse`, and import target/manifest.json",
  });
}

function areNodes(nodes: unknown): nodes is Nodes {
  return typeof nodes === "object" && nodes !== null && Object.values(nodes).every(isNode);
}

function isNode(node: unknown): boolean {
  const { name, resource_type, fqn, original_file_path } = (node ?? {}) as Record<string, unknown>;
  const texts = [name, resource_type, original_file_path];
  return texts.every((text) => typeof text === "string") && Array.isArray(fqn);
}

function commandOf(node: ManifestNode): ProjectNode["command"] | undefined {
  return node.config?.materialized === "ephemeral" ? undefined : COMMANDS[node.resource_type];
}

function nodeOf(
  id: string,
  node: ManifestNode,
  command: ProjectNode["command"],
  all: Nodes,
): ProjectNode {
  const { name, fqn } = node;
  return {
    ...{ id, name, command, folders: fqn.slice(1, -1) },
    select: `${selectorOf(node)},file:${node.original_file_path.split("/").at(-1)}`,
    parents: parentsOf(node, all),
  };
}

/** The whole path of names; a folder may have the same path. */
function selectorOf({ fqn }: ManifestNode): string {
  return `fqn:${fqn.join(".")}`;
}

/** An ephemeral model stands for what it reads. */
function parentsOf(node: ManifestNode, all: Nodes): readonly string[] {
  const found = (node.depends_on?.nodes ?? []).flatMap((id) => {
    const parent = all[id];
    if (parent === undefined) return [];
    return commandOf(parent) === undefined ? parentsOf(parent, all) : [id];
  });
  return [...new Set(found)];
}

/** Tests of the same nodes run together. */
function testsOf(all: Nodes): readonly ProjectTests[] {
  const tests = Object.values(all).filter(({ resource_type }) =>
    ["test", "unit_test"].includes(resource_type),
  );
  const withParents = tests
    .map((test) => ({ select: selectorOf(test), parents: parentsOf(test, all).toSorted() }))
    .filter(({ parents }) => parents.length > 0);
  const groups = Map.groupBy(withParents, ({ parents }) => parents.join(" "));
  return [...groups.values()].map((group) => ({
    select: group.map(({ select }) => select).join(" "),
    parents: group[0]?.parents ?? [],
  }));
}

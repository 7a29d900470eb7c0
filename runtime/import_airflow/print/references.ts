/** How a task or a group is written where another one names it. */
import { dagOf, groupsAround, type PythonGroup, type PythonNode } from "../evaluate/python_dag.ts";

/** Where a reference is written: in a group's function, or outside of all. */
export type Place = PythonGroup | null;

/** A reference that was written; it may need results of groups. */
export interface References {
  readonly variables: ReadonlyMap<string, string>;
  readonly nodes: ReadonlyMap<string, PythonNode>;
}

/** The group whose result has the node, seen from a place; null for a variable in reach. */
function groupBetween(node: PythonNode, place: Place): PythonGroup | null {
  const inReach = place === null ? [] : [...groupsAround(place), place];
  return groupsAround(node).find((group) => !inReach.includes(group)) ?? null;
}

/** The reference as code. */
export function reference(node: PythonNode, place: Place, { variables }: References): string {
  const name = variables.get(node.fullId) ?? node.fullId;
  const group = groupBetween(node, place);
  return group === null ? name : `${variables.get(group.fullId)}.result.${name}`;
}

/** The groups that must return a node, so that a place outside of them can name it. */
export function returningGroups(node: PythonNode, place: Place): readonly PythonGroup[] {
  const outermost = groupBetween(node, place);
  if (outermost === null) return [];
  const around = groupsAround(node);
  return around.slice(around.indexOf(outermost));
}

/** The innermost group around both ends of an edge. */
export function placeOf(from: PythonNode, to: PythonNode): Place {
  const [first, second] = [groupsAround(from), groupsAround(to)];
  const shared = first.filter((group, index) => second[index] === group);
  return dagOf(from) === dagOf(to) ? (shared.at(-1) ?? null) : null;
}

/** Edges as few calls of `chain`. */
import type { Edge, PythonNode } from "../evaluate/python_dag.ts";

/** One step of a chain: a task, or tasks side by side. */
export type ChainStep = readonly [PythonNode, ...PythonNode[]];

/** Chains that have all edges, each once. */
export function chainsOf(edges: readonly Edge[]): readonly (readonly ChainStep[])[] {
  const left = new Map<PythonNode, PythonNode[]>();
  for (const { from, to } of edges) left.set(from, [...(left.get(from) ?? []), to]);
  const chains: ChainStep[][] = [];
  for (const from of startsFirst(edges))
    while ((left.get(from)?.length ?? 0) > 0) chains.push(chainFrom(from, left));
  return chains;
}

/** Nodes without an edge to them come first, so that chains are long. */
function startsFirst(edges: readonly Edge[]): readonly PythonNode[] {
  const targets = new Set(edges.map(({ to }) => to));
  const sources = [...new Set(edges.map(({ from }) => from))];
  return [
    ...sources.filter((node) => !targets.has(node)),
    ...sources.filter((node) => targets.has(node)),
  ];
}

function chainFrom(from: PythonNode, left: Map<PythonNode, PythonNode[]>): ChainStep[] {
  const first: ChainStep = [from, ...likeIt(from, left)];
  const steps = [first];
  for (let step = takeNext(first, left); step; step = takeNext(step, left)) steps.push(step);
  return steps;
}

/** The other nodes that are followed by the same one node. */
function likeIt(from: PythonNode, left: ReadonlyMap<PythonNode, PythonNode[]>): PythonNode[] {
  const after = left.get(from) ?? [];
  if (after.length !== 1) return [];
  return [...left].filter(([node, to]) => node !== from && isSame(to, after)).map(([node]) => node);
}

/**
 * The nodes after all of a step. Two lists side by side would be wired in pairs, so
 * several nodes are followed by one only.
 */
function takeNext(step: ChainStep, left: Map<PythonNode, PythonNode[]>): ChainStep | undefined {
  const after = left.get(step[0]) ?? [];
  const [first, ...rest] = after;
  const isShared = step.every((node) => isSame(left.get(node) ?? [], after));
  if (!first || !isShared || (step.length > 1 && rest.length > 0)) return undefined;
  for (const node of step) left.delete(node);
  return [first, ...rest];
}

function isSame(one: readonly PythonNode[], other: readonly PythonNode[]): boolean {
  return one.length === other.length && one.every((node) => other.includes(node));
}

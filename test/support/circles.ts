/**
 * Finds files that import each other in a circle, type imports among them. A circle makes
 * files that can only be read, moved and tested together, and an import by value that
 * sees half a module.
 */
import { posix } from "node:path";

/** Imports of each file, by its path from the root of the repository. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * The graph of relative imports between files. Packages and files outside the list are
 * left out.
 * @param files path and text of each file
 * @param importsOf the module names that a text imports
 */
export function importGraph(
  files: ReadonlyMap<string, string>,
  importsOf: (text: string) => readonly string[],
): ImportGraph {
  const targets = (path: string, text: string): string[] =>
    importsOf(text)
      .filter((name) => name.startsWith("."))
      .map((name) => posix.join(posix.dirname(path), name))
      .filter((target) => files.has(target));
  return new Map([...files].map(([path, text]) => [path, [...new Set(targets(path, text))]]));
}

/**
 * The shortest circle through each import that lies on one, each circle once and in
 * order: `a -> b -> a`. The path begins at the file that comes first in the alphabet.
 */
export function circlesIn(graph: ImportGraph): string[] {
  const circles = [...graph].flatMap(([from, targets]) =>
    targets.flatMap((to) => {
      const back = shortestPath(graph, to, from);
      return back ? [pathText([from, ...back.slice(0, -1)])] : [];
    }),
  );
  return [...new Set(circles)].sort();
}

/** Both ends are part of the path; undefined when there is none. */
function shortestPath(graph: ImportGraph, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  for (const [at] of cameFrom) {
    if (at === to) return backtrack(cameFrom, to);
    for (const next of graph.get(at) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, at);
  }
  return undefined;
}

function backtrack(cameFrom: ReadonlyMap<string, string | null>, to: string): string[] {
  const path: string[] = [];
  for (let at: string | null = to; at !== null; at = cameFrom.get(at) ?? null) path.unshift(at);
  return path;
}

function pathText(circle: readonly string[]): string {
  const first = circle.indexOf([...circle].sort()[0] ?? "");
  const turned = [...circle.slice(first), ...circle.slice(0, first)];
  return [...turned, turned[0]].join(" -> ");
}

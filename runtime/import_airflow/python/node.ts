/** Nodes of the parser of @lezer/python, with the text that they stand for. */
import type { SyntaxNode } from "@lezer/common";

/** A node of the parser. */
export interface PythonNode {
  readonly name: string;
  readonly text: string;
  readonly line: number;
  readonly from: number;
  readonly to: number;
  /** Without comments. */
  readonly children: readonly PythonNode[];
}

/** The whole tree of a file. */
export function nodeTree(root: SyntaxNode, source: string): PythonNode {
  const starts = lineStarts(source);
  const convert = (node: SyntaxNode): PythonNode => ({
    name: node.name,
    text: source.slice(node.from, node.to),
    line: lineAt(starts, node.from),
    from: node.from,
    to: node.to,
    children: childrenOf(node).map(convert),
  });
  return convert(root);
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== "Comment") found.push(child);
  return found;
}

function lineStarts(source: string): readonly number[] {
  return [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
}

function lineAt(starts: readonly number[], offset: number): number {
  const index = starts.findLastIndex((start) => start <= offset);
  return index + 1;
}

/** The children between the separators. */
export function separated(
  children: readonly PythonNode[],
  isSeparator: (node: PythonNode) => boolean,
): readonly (readonly PythonNode[])[] {
  const parts: PythonNode[][] = [[]];
  for (const child of children)
    if (isSeparator(child)) parts.push([]);
    else parts.at(-1)?.push(child);
  return parts;
}

/** The children between commas, without an empty last part. */
export function byCommas(children: readonly PythonNode[]): readonly (readonly PythonNode[])[] {
  return separated(children, ({ name }) => name === ",").filter((part) => part.length > 0);
}

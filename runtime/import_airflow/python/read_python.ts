/** A Python file as statements. Nothing of the file runs. */
import { parser } from "@lezer/python";
import { DagsmithError } from "../../../sdk/errors.ts";
import { nodeTree, type PythonNode } from "./node.ts";
import { readStatements } from "./read_statements.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads a Python file.
 * @param file its name, for the error
 * @throws DagsmithError NOT_PYTHON with the line where the parser stopped
 */
export function readPython(text: string, file: string): readonly Statement[] {
  const root = nodeTree(parser.parse(text).topNode, text);
  const wrong = firstError(root);
  if (wrong) throw new DagsmithError("NOT_PYTHON", { file, line: wrong.line });
  return readStatements(root.children);
}

function firstError(node: PythonNode): PythonNode | undefined {
  if (node.name === "⚠") return node;
  for (const child of node.children) {
    const found = firstError(child);
    if (found) return found;
  }
  return undefined;
}

/**
 * Waits for time in the code of a test, which hide races; DAG files that stand in a text
 * do not count.
 */
import { ts } from "ts-morph";

/** Calls that wait for time, or ask again by a rule of their own. */
const CALL =
  /^(?:globalThis\.)?set(?:Timeout|Interval)$|^vi\.wait(?:For|Until)$|^expect\.poll$|\.waitForTimeout$|^Atomics\.wait$/;

/** The waits of a file, each as one line: its number and its text. */
export function waitsIn(text: string): readonly string[] {
  const source = ts.createSourceFile("test.ts", text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isWait(node, source)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push(`${line + 1}: ${node.getText(source).split("\n", 1)[0]}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isWait(node: ts.Node, source: ts.SourceFile): boolean {
  if (ts.isImportDeclaration(node)) return /timers/.test(node.moduleSpecifier.getText(source));
  if (ts.isCallExpression(node)) return CALL.test(inOneLine(node.expression.getText(source)));
  return isBusyLoop(node, source);
}

/** A long chain of calls is broken into lines. */
const inOneLine = (code: string): string => code.replace(/\s+/g, "");

/** `while (await …);`: it asks without a pause and without an end. */
const isBusyLoop = (node: ts.Node, source: ts.SourceFile): boolean =>
  (ts.isWhileStatement(node) || ts.isDoStatement(node)) &&
  ts.isEmptyStatement(node.statement) &&
  /\bawait\b/.test(node.expression.getText(source));

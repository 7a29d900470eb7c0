/**
 * The comments of a source file, without the marks around them: of TypeScript, and of SQL
 * in it.
 */
import { ts } from "ts-morph";

/** Each comment with its lines joined, so that a phrase over two lines is found. */
export function commentsOf(text: string): readonly string[] {
  const scanned = scriptComments(text).map((comment) =>
    comment.replace(/^\/\*\*?|\*\/$|^\/\/ ?/g, "").replace(/\n\s*\*? ?/g, " "),
  );
  return [...scanned, ...[...text.matchAll(/^\s*-- (.*)$/gm)].map(([, line = ""]) => line)];
}

/**
 * Asked at the start of every token: a scanner alone takes a text or a pattern for a
 * comment.
 */
function scriptComments(text: string): readonly string[] {
  const source = ts.createSourceFile(
    "file.tsx",
    text,
    ts.ScriptTarget.Latest,
    true,
    ts.ScriptKind.TSX,
  );
  const found = new Map<number, string>();
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.JsxText) return;
    const ranges = [
      ...(ts.getLeadingCommentRanges(text, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
    ];
    for (const { pos, end } of ranges) found.set(pos, text.slice(pos, end));
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return [...found.values()];
}

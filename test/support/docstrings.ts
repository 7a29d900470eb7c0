/**
 * Finds what a public surface leaves undocumented: exports without a text or an example,
 * members without a text.
 */
import {
  type ExportedDeclarations,
  type JSDocableNode,
  Node,
  Project,
  type SourceFile,
} from "ts-morph";

/**
 * What is missing, as sentences; empty when everything is documented.
 * @param entry the file whose exports are the surface
 * @param files patterns of the files that the exports come from; others are not read,
 *   which keeps this fast
 */
export function undocumented(entry: string, files: readonly string[]): string[] {
  const project = new Project({
    compilerOptions: { allowImportingTsExtensions: true, noEmit: true, noLib: true, types: [] },
    skipFileDependencyResolution: true,
  });
  project.addSourceFilesAtPaths([...files]);
  return missingIn(project.getSourceFileOrThrow(entry));
}

/** The same for the text of one file. */
export function undocumentedIn(text: string): string[] {
  return missingIn(
    new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true }).createSourceFile(
      "x.ts",
      text,
    ),
  );
}

function missingIn(file: SourceFile): string[] {
  return [...file.getExportedDeclarations()].flatMap(([name, declarations]) => [
    ...missingOf(name, declarations),
    ...declarations.flatMap((declaration) => missingMembers(name, declaration)),
  ]);
}

function missingOf(name: string, declarations: readonly ExportedDeclarations[]): string[] {
  const docs = declarations.flatMap(docsOf);
  if (docs.length === 0) return [`${name} has no docstring`];
  return docs.some((doc) => doc.getTags().some((tag) => tag.getTagName() === "example"))
    ? []
    : [`${name} has no @example`];
}

function missingMembers(owner: string, declaration: ExportedDeclarations): string[] {
  if (!Node.isInterfaceDeclaration(declaration) && !Node.isClassDeclaration(declaration)) return [];
  const members = declaration.getMembers().filter(isPublic).flatMap(withOverloads);
  const byName = Map.groupBy(members, nameOf);
  // Of overloads, one needs a docstring.
  return [...byName].flatMap(([name, same]) =>
    same.some((member) => docsOf(member).length > 0) ? [] : [`${owner}.${name} has no docstring`],
  );
}

function withOverloads(member: Node): readonly Node[] {
  return Node.isMethodDeclaration(member) || Node.isConstructorDeclaration(member)
    ? [member, ...member.getOverloads()]
    : [member];
}

function isPublic(member: Node): boolean {
  if (
    Node.isModifierable(member) &&
    (member.hasModifier("private") || member.hasModifier("protected"))
  )
    return false;
  return !nameOf(member).startsWith("#");
}

function nameOf(member: Node): string {
  if (Node.isConstructorDeclaration(member)) return "constructor";
  return Node.hasName(member) ? member.getName() : member.getKindName();
}

function docsOf(node: Node): ReturnType<JSDocableNode["getJsDocs"]> {
  const documented = Node.isVariableDeclaration(node) ? node.getVariableStatement() : node;
  if (!documented || !Node.isJSDocable(documented)) return [];
  return documented.getJsDocs().filter((doc) => doc.getInnerText().trim() !== "");
}

/** The files that people wrote, from the source map of a bundle. */

export interface SourceFile {
  /** Relative to the DAG folder. */
  readonly path: string;
  readonly text: string;
}

interface SourceMap {
  readonly sources?: readonly (string | null)[];
  readonly sourcesContent?: readonly (string | null)[];
}

/**
 * The files of a bundle, the DAG's own first. Packages are left out. A map that cannot be
 * read has no files.
 */
export function sourceFiles(sourceMap: string, own: string): readonly SourceFile[] {
  const { sources = [], sourcesContent = [] } = parsed(sourceMap);
  const files = sources.flatMap((path, index) => {
    const text = sourcesContent[index];
    return typeof path === "string" && typeof text === "string" && isOwn(path)
      ? [{ path, text }]
      : [];
  });
  const rank = ({ path }: SourceFile): string => (path === own ? "" : path);
  return files.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

const isOwn = (path: string): boolean =>
  !path.startsWith("../") && !path.includes("node_modules/") && !path.includes(":");

function parsed(sourceMap: string): SourceMap {
  try {
    return (JSON.parse(sourceMap) ?? {}) as SourceMap;
  } catch {
    return {};
  }
}

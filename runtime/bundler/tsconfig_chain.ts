/**
 * Which files a tsconfig.json extends, directly or not: their `paths` and options decide,
 * as its own do, what an import finds and how code is compiled.
 */
import { dirname, join, relative } from "node:path";
import { ts } from "ts-morph";

/** Finds no sources: a project may have many, and they do not matter here. */
const HOST: ts.ParseConfigHost = { ...ts.sys, readDirectory: () => [] };

/**
 * @param folder absolute
 * @param path of the tsconfig.json, relative to the folder, as are the results
 */
export function extendedFiles(folder: string, path: string, text: string): readonly string[] {
  if (!text.includes("extends")) return [];
  const absolute = join(folder, path);
  const source = ts.readJsonConfigFile(absolute, () => text);
  ts.parseJsonSourceFileConfigFileContent(source, HOST, dirname(absolute), undefined, absolute);
  return (source.extendedSourceFiles ?? []).map((file) => relative(folder, file));
}

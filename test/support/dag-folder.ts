/** A real folder of DAG files for one test; removed when the test ends. */
import { mkdir, mkdtemp, realpath, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/**
 * Writes files (path relative to the folder, text) into a new folder. Their time stamps
 * lie in the past, as those of settled files do.
 */
export async function dagFolder(
  files: Readonly<Record<string, string>>,
  name = "dags",
): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "dagsmith-test-")));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeDagFile(folder, path, text);
  return folder;
}

export async function writeDagFile(folder: string, path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  const aMinuteAgo = Date.now() / 1000 - 60;
  await utimes(file, aMinuteAgo, aMinuteAgo);
}

/** A small, sound DAG file. */
export function soundDag(id: string, task = "work"): string {
  return `import { dag } from "dagsmith";\nconst d = dag("${id}");\nd.empty("${task}");\nexport default d;\n`;
}

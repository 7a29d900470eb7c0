/**
 * The next version of dagsmith: a copy of this one with one more migration, which real
 * processes run from source.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PARTS = ["migrations", "package.json", "runtime", "sdk"];

export const NEXT_MIGRATION = "9000_next_version";

const MIGRATION = `
import type { Knex } from "knex";
export async function up(knex: Knex): Promise<void> {
  await knex.raw("alter table dagsmith.task_instance add column of_next_version integer not null default 0");
}
`;

/** @returns the file that is its command `dag`. It is deleted with the test */
export async function newerVersion(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-newer-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "migrations", `${NEXT_MIGRATION}.ts`), MIGRATION);
  const list = join(folder, "migrations", "index.ts");
  const listed = (await readFile(list, "utf8")).replace(
    /\n];\n$/,
    `\n  { name: "${NEXT_MIGRATION}", ...next },\n];\n`,
  );
  await writeFile(list, `import * as next from "./${NEXT_MIGRATION}.ts";\n${listed}`);
  return join(folder, "runtime", "cli", "bin.ts");
}

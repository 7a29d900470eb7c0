/**
 * The DAGs that `list`, `show` and `next` show: the deployed DAGs when there is a
 * database, else those of the folder's files.
 */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { FolderLoad } from "../../bundler/folder.ts";
import type { LoadedDags } from "../../bundler/load_apart.ts";
import type { DeployedDag } from "../../store/reads/dags.ts";
import type { Cli } from "../command.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { projectFiles } from "../project/project.ts";
import { openHide } from "../project/secrets.ts";
import { findUserOfImports } from "../project/task_user.ts";
import { hint } from "./nearest.ts";

export const DEFAULT_FOLDER = "dags";

/** One DAG, deployed or not. */
export interface KnownDag {
  readonly dagId: string;
  readonly file: string;
  readonly spec: DagSpec;
  /** Null for a DAG that was read from a file. */
  readonly deployed: DeployedDag | null;
}

/** A file that currently defines no DAG. */
export interface BrokenFile {
  readonly file: string;
  readonly line: number | null;
  readonly code: string;
  readonly message: string;
}

export interface KnownDags {
  /** Where they were found: the database, or a folder. */
  readonly source: "database" | "folder";
  readonly dags: readonly KnownDag[];
  readonly errors: readonly BrokenFile[];
}

/** @param folder when given: read its files, whatever is deployed */
export async function knownDags(cli: Cli, folder: string | undefined): Promise<KnownDags> {
  if (folder === undefined && (await findDatabaseUrl(cli)) !== null) return deployedDags(cli);
  const { versions, errors } = await loadDagFolder(cli, folder);
  return {
    source: "folder",
    dags: versions.map(({ dagId, file, spec }) => ({ dagId, file, spec, deployed: null })),
    errors: errors.map(brokenFile),
  };
}

/** Without what only some sources know, such as a stack: the schema of `list` has no more. */
const brokenFile = ({ file, line, code, message }: BrokenFile): BrokenFile => ({
  ...{ file, line, code, message },
});

/** @throws DagsmithError UNKNOWN_DAG, with the most similar name */
export async function knownDag(
  cli: Cli,
  dagId: string,
  folder: string | undefined,
): Promise<KnownDag> {
  const { dags } = await knownDags(cli, folder);
  const found = dags.find((dag) => dag.dagId === dagId);
  if (found) return found;
  throw unknownDag(
    dagId,
    dags.map((dag) => dag.dagId),
  );
}

/** @param remark added after the hint */
export function unknownDag(dagId: string, known: readonly string[], remark = ""): DagsmithError {
  return new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: `${hint(dagId, known)}${remark}` });
}

/**
 * Loads the DAG files of a folder: the given one, or the default.
 * @throws DagsmithError FILE_NOT_FOUND
 */
export async function loadDagFolder(
  cli: Pick<Cli, "config" | "folder">,
  folder: string | undefined,
): Promise<FolderLoad> {
  const { loadFolder } = await import("../../bundler/folder.ts");
  return loadFolder(resolve(cli.folder, folder ?? DEFAULT_FOLDER), await importOptions(cli));
}

/**
 * The versions and errors of the folder, without the compiler in this process's memory.
 * @throws DagsmithError FILE_NOT_FOUND
 */
export async function loadDagsApart(
  cli: Pick<Cli, "config" | "folder">,
  given: string | undefined,
): Promise<LoadedDags> {
  const { loadApart } = await import("../../bundler/load_apart.ts");
  const folder = resolve(cli.folder, given ?? DEFAULT_FOLDER);
  return loadApart({ folder, options: await importOptions(cli) });
}

/**
 * The same, but imports only what has changed since the last time.
 * @param isFresh imports all
 * @throws DagsmithError FILE_NOT_FOUND
 */
export async function loadChangedDags(
  cli: Pick<Cli, "config" | "folder">,
  given: string | undefined,
  isFresh: boolean,
): Promise<FolderLoad> {
  const { loadKept } = await import("../../bundler/kept_load.ts");
  const { ownCodeHash } = await import("../../bundler/own_code.ts");
  const { contentHash } = await import("../../bundler/version.ts");
  const folder = resolve(cli.folder, given ?? DEFAULT_FOLDER);
  const options = await importOptions(cli);
  const kept = join(projectFiles(cli.folder).builds, contentHash(folder).slice(0, 16));
  if (isFresh) await rm(kept, { force: true });
  const { environment } = options;
  return loadKept(kept, { code: await ownCodeHash(), folder, environment }, options);
}

const importOptions = async ({ config, folder }: Pick<Cli, "config" | "folder">) => ({
  environment: config.inherited,
  user: await findUserOfImports({ config, folder }),
});

async function deployedDags(cli: Cli): Promise<KnownDags> {
  return withDatabase(cli, async (db) => {
    const { listDeployedDags } = await import("../../store/reads/dags.ts");
    const { listImportErrors } = await import("../../store/reads/import_errors.ts");
    const hide = await openHide(cli, db);
    const dags = hide(await listDeployedDags(db));
    const errors = hide(await listImportErrors(db, null));
    return {
      source: "database",
      dags: dags.map((dag) => ({
        dagId: dag.dagId,
        file: dag.file,
        spec: dag.spec,
        deployed: dag,
      })),
      errors: errors.map(brokenFile).toSorted((one, other) => (one.file < other.file ? -1 : 1)),
    };
  });
}

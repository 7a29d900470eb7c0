/**
 * Finds a DAG by the name that a user gives (a file, or its id), and loads it into this
 * process. Only the files that may define it are bundled: reading a whole folder would
 * take most of the time of a short test.
 */
import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Dag } from "../../../sdk/dag/dag.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Cli } from "../command.ts";
import { bundleFolder } from "../project/project.ts";
import { DEFAULT_FOLDER, loadDagFolder, unknownDag } from "./dags.ts";
import { placedError } from "./placed_error.ts";

/**
 * The DAG, with its code imported here.
 * @throws DagsmithError UNKNOWN_DAG, FILE_NOT_FOUND, FILE_HAS_MANY_DAGS, BUNDLE_FAILED,
 *   NOT_A_DAG; and what importing the file throws
 */
export async function findTestedDag(
  cli: Cli,
  name: string,
  folderOption: string | undefined,
): Promise<Dag<unknown>> {
  const folder = resolve(cli.folder, folderOption ?? DEFAULT_FOLDER);
  const path = resolve(cli.folder, name);
  if (await isFile(path)) return onlyDag(name, await load(cli, path, folder));
  if (/[/\\]|\.[cm]?[jt]s$/.test(name)) throw new DagsmithError("FILE_NOT_FOUND", { file: name });
  return dagById(cli, name, folder);
}

async function dagById(cli: Cli, dagId: string, folder: string): Promise<Dag<unknown>> {
  for (const file of await filesThatMention(dagId, folder)) {
    const found = (await load(cli, resolve(folder, file), folder)).find(
      (dag) => dag.dagId === dagId,
    );
    if (found) return found;
  }
  // An id that code computes is in no file as text.
  const { versions, errors } = await loadDagFolder(cli, folder);
  const version = versions.find((one) => one.dagId === dagId);
  const found =
    version &&
    (await load(cli, resolve(folder, version.file), folder)).find((dag) => dag.dagId === dagId);
  if (found) return found;
  const remark =
    errors.length > 0
      ? ` Some files cannot be imported (${errors.map(({ file }) => file).join(", ")}); see: dag check`
      : "";
  throw unknownDag(
    dagId,
    versions.map((one) => one.dagId),
    remark,
  );
}

/** Files with the id in quotes, in order. */
async function filesThatMention(dagId: string, folder: string): Promise<readonly string[]> {
  const { readFile } = await import("node:fs/promises");
  const { walk } = await import("../../bundler/walk.ts");
  const { files } = await walk(folder);
  const texts = await Promise.all(
    files.map(async (file) => ({
      file,
      text: await readFile(resolve(folder, file), "utf8").catch(() => ""),
    })),
  );
  return texts
    .filter(({ text }) =>
      [`"${dagId}"`, `'${dagId}'`, `\`${dagId}\``].some((id) => text.includes(id)),
    )
    .map(({ file }) => file);
}

async function load(cli: Cli, path: string, folder: string): Promise<readonly Dag<unknown>[]> {
  const [{ bundle }, { writeBundle }, { loadDags, specsOf }] = await Promise.all([
    import("../../bundler/bundle.ts"),
    import("../../bundler/write.ts"),
    import("../../child/load.ts"),
  ]);
  const home = path.startsWith(folder + sep) ? folder : dirname(path);
  const file = relative(home, path).split(sep).join("/");
  const bundled = await bundle(file, home);
  const bundlePath = await writeBundle(join(await bundleFolder(cli.folder), "test"), bundled, home);
  try {
    const dags = await loadDags(bundlePath, { projectFolder: home, file });
    specsOf(dags);
    return dags;
  } catch (error) {
    throw await placedError(cli, error, bundled, home);
  }
}

function onlyDag(file: string, dags: readonly Dag<unknown>[]): Dag<unknown> {
  const [dag, ...others] = dags;
  if (dag && others.length === 0) return dag;
  throw new DagsmithError("FILE_HAS_MANY_DAGS", {
    file: basename(file),
    dags: dags.map(({ dagId }) => dagId).join(", "),
  });
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Folders of files that are part of the version of a DAG. */
import { DagsmithError } from "../errors.ts";

/**
 * Options of {@link folder}. They must be literals, because the bundler reads them.
 * @example folder("./dbt", { exclude: ["target", "logs"] });
 */
export interface FolderOptions {
  /**
   * Names of files and folders to leave out, wherever they are in the folder. Default:
   * none. `.git`, `.venv`, `node_modules` and `__pycache__` are always left out.
   */
  readonly exclude?: readonly string[];
  /** Written by the bundler: the hash of the contents. */
  readonly hash?: string;
}

/**
 * A folder that is part of the version of a DAG. `await pathOf(folder)` in a task gives
 * the place of its files. Made by {@link folder}.
 * @example const project: BundledFolder = folder("./dbt");
 */
export class BundledFolder {
  /** As it is written, relative to the file that declares it. */
  readonly path: string;
  /** Hex SHA-256 of its contents; null outside of a bundle. */
  readonly hash: string | null;
  /** The file that declares it, as a path or a `file:` URL; null when it is not known. */
  readonly declaredIn: string | null;

  /** Called by {@link folder} only. */
  constructor(path: string, hash: string | null, declaredIn: string | null) {
    this.path = path;
    this.hash = hash;
    this.declaredIn = declaredIn;
  }
}

/**
 * Makes a folder next to the DAG file part of the version of the DAG. A changed file in
 * it is a new version. Workers get the files with the code, and need no checkout. At most
 * 32 MiB in 10,000 files; symbolic links must stay within the folder.
 * @param path relative to the file that calls, such as `"./dbt"`; a literal
 * @example
 * const project = folder("./dbt");
 * d.task("list", async ({ pathOf }) => readdir(await pathOf(project)));
 */
export function folder(path: string, options: FolderOptions = {}): BundledFolder {
  if (typeof path !== "string" || !/^\.\.?\//.test(path))
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "folder()",
      reason: 'its path must be relative to the file, such as "./dbt"',
    });
  return new BundledFolder(path, options.hash ?? null, callingFile(new Error().stack));
}

/** The file in the frame after that of {@link folder}. */
function callingFile(stack = ""): string | null {
  const frame = stack.split("\n").filter((line) => /^\s+at /.test(line))[1] ?? "";
  return /((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*?):\d+:\d+\)?$/.exec(frame)?.[1] ?? null;
}

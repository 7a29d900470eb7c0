/**
 * Keeps a folder's DAGs current for `dag dev`: loads the folder again whenever a file of
 * its DAGs changes. There is one watch for each folder. The platform's recursive watch
 * would also watch node_modules. The watch of a folder sees every way in which editors
 * save: in place, or as a new file that replaces the old.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SETTINGS } from "./contents.ts";
import { type FolderLoad, loadFolder } from "./folder.ts";
import { type Inspector, type InspectorOptions, startInspector } from "./inspector.ts";
import { IGNORE_FILE, isModule } from "./walk.ts";

export interface WatchOptions extends InspectorOptions {
  /**
   * Called when a load fails as a whole, for example because the folder is gone; the
   * watch goes on. Default: no call.
   */
  readonly onError?: (error: unknown) => void;
}

export interface FolderWatch {
  /**
   * Ends the watch and a running load. When it resolves, `onChange` will not be called
   * again. May be called again.
   */
  stop(): Promise<void>;
}

/** One save of an editor is several events, within a few milliseconds. */
const DEBOUNCE_MS = 20;
/**
 * The folder that shows when the DAG folder is created or removed, and that usually has
 * the settings of the project.
 */
const ABOVE = "..";

/**
 * Loads a folder, and again after each change.
 * @param onChange called with the first load, and with each later load that differs from
 *   the one before. A DAG whose file broke is missing from its versions; the caller keeps
 *   its last good version
 */
export function watchFolder(
  folder: string,
  onChange: (load: FolderLoad) => void,
  options: WatchOptions = {},
): FolderWatch {
  const watcher = new Watcher(resolve(folder), onChange, options);
  watcher.reload();
  return watcher;
}

class Watcher implements FolderWatch {
  readonly #folder: string;
  readonly #onChange: (load: FolderLoad) => void;
  readonly #onError: (error: unknown) => void;
  readonly #inspector: Inspector;
  readonly #watches = new Map<string, FSWatcher>();
  #latest: FolderLoad | undefined;
  #inputNames: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<void> | undefined;
  #changedWhileLoading = false;
  #stopped = false;

  constructor(folder: string, onChange: (load: FolderLoad) => void, options: WatchOptions) {
    this.#folder = folder;
    this.#onChange = onChange;
    this.#onError = options.onError ?? (() => {});
    this.#inspector = startInspector(folder, options);
    for (const directory of [ABOVE, ""]) this.#watch(directory);
  }

  reload(): void {
    if (this.#stopped) return;
    if (this.#loading) {
      this.#changedWhileLoading = true;
      return;
    }
    this.#changedWhileLoading = false;
    this.#loading = this.#load()
      .catch(this.#onError)
      .finally(() => {
        this.#loading = undefined;
        if (this.#changedWhileLoading) this.#soon();
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    await this.#inspector.stop();
    await this.#loading;
  }

  async #load(): Promise<void> {
    const previous = this.#latest;
    const load = await this.#tryLoad(previous);
    if (!load || this.#stopped) return;
    this.#latest = load;
    this.#inputNames = new Set(inputsOf(load).map((path) => basename(path)));
    // A file that was written into a folder before its watch began caused no event.
    if (this.#watchOnly(foldersOf(load))) this.#changedWhileLoading = true;
    if (!previous || differs(previous, load)) this.#onChange(load);
  }

  async #tryLoad(previous: FolderLoad | undefined): Promise<FolderLoad | undefined> {
    try {
      return await loadFolder(this.#folder, {
        inspector: this.#inspector,
        ...(previous && { previous }),
      });
    } catch (error) {
      if (this.#stopped) return undefined;
      // A folder that was removed may come back as another folder, which the old watches
      // do not see.
      this.#watchOnly(new Set([ABOVE]));
      this.#onError(error);
      return undefined;
    }
  }

  /** Watches exactly these folders. @returns whether one was added */
  #watchOnly(directories: ReadonlySet<string>): boolean {
    for (const directory of this.#watches.keys())
      if (!directories.has(directory)) this.#forget(directory);
    return [...directories].map((directory) => this.#watch(directory)).includes(true);
  }

  #watch(directory: string): boolean {
    if (this.#watches.has(directory)) return false;
    try {
      const watcher = watch(join(this.#folder, directory), (_, name) =>
        this.#changed(directory, name),
      );
      watcher.on("error", () => {
        this.#forget(directory);
        this.#soon();
      });
      this.#watches.set(directory, watcher);
      return true;
    } catch {
      // The folder was removed since the load; the watch of its parent reports that.
      return false;
    }
  }

  #changed(directory: string, name: string | null): void {
    if (name !== null && !this.#matters(directory, name)) return;
    // The watch of a folder ends with the folder; the next load starts another.
    if (name !== null) this.#forget(directory === "" ? name : `${directory}/${name}`);
    this.#soon();
  }

  /** A log or a database in the same folder must not cause a load with each line. */
  #matters(directory: string, name: string): boolean {
    if (directory === ABOVE && name === basename(this.#folder)) return true;
    // The missing part of a broken file may be any file.
    if (!this.#latest || this.#latest.errors.length > 0)
      return directory !== ABOVE || SETTINGS.includes(name);
    if (this.#watches.has(directory === "" ? name : `${directory}/${name}`)) return true;
    if (SETTINGS.includes(name) || this.#inputNames.has(name)) return true;
    if (bundledFolders(this.#latest).includes(directory)) return true;
    // A new file may come before the one that an import found, also outside the DAG folder.
    if (isModule(name) && directory !== ABOVE) return true;
    if (!this.#latest.discovery.directories.includes(directory)) return false;
    if (name === IGNORE_FILE) return true;
    return (
      statSync(join(this.#folder, directory, name), { throwIfNoEntry: false })?.isDirectory() ??
      false
    );
  }

  #forget(directory: string): void {
    this.#watches.get(directory)?.close();
    this.#watches.delete(directory);
  }

  #soon(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reload(), DEBOUNCE_MS);
  }
}

/** The folders of DAG files, of the files that they import, and of the settings above. */
function foldersOf(load: FolderLoad): ReadonlySet<string> {
  const imported = inputsOf(load)
    .map((path) => dirname(path))
    .flatMap((directory) => [directory, dirname(directory)]);
  return new Set([
    ABOVE,
    ...load.discovery.directories,
    ...bundledFolders(load),
    ...imported.map((path) => (path === "." ? "" : path)),
  ]);
}

function bundledFolders({ builds }: FolderLoad): readonly string[] {
  return [...builds.values()].flatMap(({ bundle }) =>
    bundle.folders.flatMap(({ directories }) => directories),
  );
}

/** Without packages: they change by an installation, which also changes the settings. */
function inputsOf({ builds }: FolderLoad): readonly string[] {
  return [...new Set([...builds.values()].flatMap(({ bundle }) => bundle.inputs))].filter(
    (path) => !path.includes("node_modules/"),
  );
}

function differs(before: FolderLoad, now: FolderLoad): boolean {
  return fingerprint(before) !== fingerprint(now);
}

function fingerprint({ versions, errors, warnings }: FolderLoad): string {
  return JSON.stringify([
    versions.map(({ versionHash, file, positions }) => [versionHash, file, positions]),
    errors,
    warnings,
  ]);
}

/**
 * Loads bundles that are no files, and resolves the imports of bundles. A bundle can be
 * anywhere on disk, so Node would look for its packages in the wrong place. `dagsmith`
 * must be the copy that runs, because two copies do not recognise each other's DAGs.
 * Packages that cannot be bundled, such as native addons, are in the project.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { resolveOwnModules } from "../own_modules.ts";

/** The address of a bundle to the address of the folder whose packages it may use. */
const projects = new Map<string, string>();
/** The code of bundles that are no files, by address, until they are loaded. */
const codes = new Map<string, string>();
let installed = false;

/**
 * Resolves the bundle at `path` and its imports: our packages to this runtime, others
 * from `projectFolder` first. With `code` no file is read at `path`. The hooks stay for
 * the life of the process; another call only adds a bundle.
 */
export function resolveBundle(
  path: string,
  { projectFolder, code }: { readonly projectFolder?: string; readonly code?: string },
): void {
  const address = pathToFileURL(path).href;
  if (projectFolder !== undefined) projects.set(address, pathToFileURL(`${projectFolder}/`).href);
  if (code !== undefined) codes.set(address, code);
  if (installed) return;
  installed = true;
  resolveOwnModules();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (codes.has(specifier)) return { url: specifier, shortCircuit: true };
      const project = context.parentURL === undefined ? undefined : projects.get(context.parentURL);
      return nextResolve(
        specifier,
        project === undefined ? context : { ...context, parentURL: project },
      );
    },
    load(url, context, nextLoad) {
      const source = codes.get(url);
      codes.delete(url);
      return source === undefined
        ? nextLoad(url, context)
        : { format: "module", source, shortCircuit: true };
    },
  });
}

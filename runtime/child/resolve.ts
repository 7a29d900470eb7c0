/**
 * Where the imports of a bundle lead. A bundle lies anywhere on disk, so Node would look for its packages in the wrong place: `dagsmith`
 * must be the very copy that runs (two copies would not know each other's DAGs), and packages that could not be bundled, such as native
 * addons, lie in the project.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

/** `.ts` when this runs from source, `.js` from a build: our other modules have the same. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf("."));

/** Address of a bundle to the address of the folder whose packages it may use. */
const projects = new Map<string, string>();
let installed = false;

/**
 * The address of this runtime's own module for `dagsmith`, `dagsmith/testing` or `dagsmith/plugins/<name>`; undefined for anything else.
 * Whether the file exists is not looked at.
 */
export function ownModuleUrl(specifier: string): string | undefined {
  const [name, part, plugin, ...rest] = specifier.split("/");
  if (name !== "dagsmith" || rest.length > 0) return undefined;
  const module = (path: string): string =>
    new URL(`../../${path}/index${EXTENSION}`, import.meta.url).href;
  if (part === undefined) return module("sdk");
  if (part === "testing" && plugin === undefined) return module("runtime/testing");
  return part === "plugins" && plugin ? module(`plugins/${plugin}`) : undefined;
}

/**
 * Makes the imports of the bundle at `path` resolve: ours to this runtime, others from `projectFolder` first.
 * The hooks stay for the life of the process; calling it again only adds the bundle.
 */
export function resolveBundle(path: string, projectFolder: string | undefined): void {
  if (projectFolder !== undefined)
    projects.set(pathToFileURL(path).href, pathToFileURL(`${projectFolder}/`).href);
  if (installed) return;
  installed = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const own = ownModuleUrl(specifier);
      if (own !== undefined) return { url: own, shortCircuit: true };
      const project = context.parentURL === undefined ? undefined : projects.get(context.parentURL);
      return nextResolve(
        specifier,
        project === undefined ? context : { ...context, parentURL: project },
      );
    },
  });
}

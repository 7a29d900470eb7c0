/**
 * The modules of this runtime by the names that DAG files and plugins import. Two copies
 * of `dagsmith` do not recognise each other's values, so each name must lead to the copy
 * that runs.
 */
import { registerHooks } from "node:module";

/**
 * `.ts` when this runs from source, `.js` in a build: our other modules have the same
 * extension.
 */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf("."));

let installed = false;

/**
 * The address of this runtime's own module for `dagsmith`, `dagsmith/testing` or
 * `dagsmith/plugins/<name>`; undefined for any other name. The file need not exist.
 */
export function ownModuleUrl(specifier: string): string | undefined {
  const [name, part, plugin, ...rest] = specifier.split("/");
  if (name !== "dagsmith" || rest.length > 0) return undefined;
  const module = (path: string): string =>
    new URL(`../${path}/index${EXTENSION}`, import.meta.url).href;
  if (part === undefined) return module("sdk");
  if (part === "testing" && plugin === undefined) return module("runtime/testing");
  return part === "plugins" && plugin ? module(`plugins/${plugin}`) : undefined;
}

/** From now on the names lead to our own modules, for the life of the process. */
export function resolveOwnModules(): void {
  if (installed) return;
  installed = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = ownModuleUrl(specifier);
      return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
    },
  });
}

/**
 * Loads a plugin of ours, with what it imports of ours.
 * @typeParam Module what the caller uses of it
 * @param name its folder, such as `gcs`
 */
export async function loadPlugin<Module>(name: string): Promise<Module> {
  resolveOwnModules();
  return (await import(ownModuleUrl(`dagsmith/plugins/${name}`) ?? "")) as Module;
}

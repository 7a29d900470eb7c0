/** Packages that only some users need, and that npm does not install by itself. */
import { errorMessage } from "./error_message.ts";
import { DagsmithError } from "./errors.ts";

/**
 * Loads an optional package. A plugin that uses this lists the package among its optional
 * peer dependencies.
 * @param what who needs the package, for the error, such as `redisHook()`
 * @param name the package, as `npm install` takes it
 * @param load imports the package, and nothing else
 * @throws DagsmithError PACKAGE_MISSING when the package is not installed; any other
 *   error of the import as it is
 * @example
 * const redis = await loadPackage("redisHook()", "redis", () => import("redis"));
 */
export async function loadPackage<Module>(
  what: string,
  name: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new DagsmithError("PACKAGE_MISSING", { what, name }, { cause });
  }
}

/** A package may be there and lack a package that it needs: then its own error says more. */
function isMissing(error: unknown, name: string): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" && errorMessage(error).includes(`'${name}'`);
}

/**
 * Keeps what Node compiled. Node writes its compile cache when a process exits, and these
 * processes are killed: without this, each of them would compile the same modules again.
 */
import { flushCompileCache } from "node:module";

/** Writes the modules that are loaded so far, when NODE_COMPILE_CACHE names a folder. */
export function keepCompiledModules(): void {
  flushCompileCache();
}

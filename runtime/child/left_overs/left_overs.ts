/**
 * What user code leaves behind in its process: replaced globals, another working
 * directory or environment, timers, connections, child processes. Other code must not run
 * in such a process: it would run in another world, and together with code that has
 * ended.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Intrinsics, intrinsicsNow } from "./intrinsics.ts";
import { watchDefinitions } from "./watched_definitions.ts";
import { watchEnvironment } from "./watched_environment.ts";
import { livingOffspring, watchOffspring } from "./watched_offspring.ts";

const cwd = process.cwd;
const eventNames = process.eventNames.bind(process);
const listenerCount = process.listenerCount.bind(process);
const openResources = process.getActiveResourcesInfo;

/** How often, and how long apart in milliseconds, closing connections are waited for. */
const CLOSING_MS = [0, 1, 5, 10, 20];

const STILL_OPEN = "timers, connections or processes that are still open";

/** What is compared before and after. */
interface Surroundings {
  readonly intrinsics: Intrinsics;
  readonly environment: number;
  readonly folder: string;
  readonly listeners: number;
  readonly resources: number;
}

export class LeftOvers {
  readonly #changesOfEnvironment = watchEnvironment();
  readonly #definitions = watchDefinitions();
  #before: Surroundings;

  /** Begins to watch. To be made before user code is loaded. */
  constructor() {
    watchOffspring();
    this.#before = this.#now();
  }

  /**
   * What differs from now on is left behind. What an import set up belongs to its own
   * file.
   */
  accept(): void {
    this.#before = this.#now();
  }

  /** Names of what was left behind; what is closing counts. */
  found(): readonly string[] {
    const changed = this.#changed();
    return this.#isBusy() ? [...changed, STILL_OPEN] : changed;
  }

  /** The same, after a moment for what is closing. */
  async remaining(): Promise<readonly string[]> {
    for (const ms of CLOSING_MS) {
      const found = this.found();
      if (found.length !== 1 || found[0] !== STILL_OPEN) return found;
      await pause(ms);
    }
    return this.found();
  }

  #now(): Surroundings {
    return {
      intrinsics: intrinsicsNow(this.#definitions),
      environment: this.#changesOfEnvironment(),
      folder: cwd(),
      listeners: listeners(),
      resources: openResources().length,
    };
  }

  #changed(): readonly string[] {
    const { intrinsics, environment, folder, listeners: before } = this.#before;
    const found = intrinsics.changed();
    return [
      ...(found === undefined ? [] : [found]),
      ...(this.#changesOfEnvironment() === environment ? [] : ["process.env"]),
      ...(isFolder(folder) ? [] : ["the working directory"]),
      ...(listeners() === before ? [] : ["listeners of the process"]),
    ];
  }

  #isBusy(): boolean {
    return openResources().length > this.#before.resources || livingOffspring() > 0;
  }
}

/** The working directory may be gone. */
function isFolder(folder: string): boolean {
  try {
    return cwd() === folder;
  } catch {
    return false;
  }
}

function listeners(): number {
  let count = 0;
  for (const name of eventNames()) count += listenerCount(name);
  return count;
}

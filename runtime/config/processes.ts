/** What processes that load user code get to see, and the user that they run as. */
import type { Environment, Setting } from "./environment.ts";
import { ownSecrets } from "./own_secrets.ts";

export interface ProcessSettings {
  /** DAG_TASK_USER: the user that task processes run as. Null: that of the worker. */
  readonly taskUser: string | null;
  /**
   * DAG_CONNECTION_TYPES: packages and files of the project that export
   * `connectionTypes`, separated by commas. Default: none.
   */
  readonly connectionTypes: readonly string[];
  /**
   * What a process that imports DAG files may see: PATH, HOME, TZ, LANG, NODE_ENV, and
   * NODE_COMPILE_CACHE. With this folder of Node, it compiles dagsmith once, and not at
   * each start.
   */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /**
   * What task processes see: everything but dagsmith's own settings and the ways into its
   * database.
   */
  readonly taskEnvironment: Readonly<Record<string, string>>;
}

const INHERITED = ["PATH", "HOME", "TZ", "LANG", "NODE_ENV", "NODE_COMPILE_CACHE"];

export function processSettings(setting: Setting, environment: Environment): ProcessSettings {
  return {
    taskUser: setting("DAG_TASK_USER"),
    connectionTypes: namesIn(setting("DAG_CONNECTION_TYPES")),
    inherited: Object.fromEntries(INHERITED.map((name) => [name, environment[name]])),
    taskEnvironment: taskEnvironment(environment),
  };
}

function namesIn(list: string | null): readonly string[] {
  const names = (list ?? "").split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

/**
 * A task gets its connections one by one, from its worker. Its environment must not hold
 * all of them at once, nor a secret of dagsmith under another name.
 */
function taskEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const secrets = ownSecrets(environment);
  const isOurs = (name: string, value: string): boolean =>
    /^(DAG_|PG)/.test(name) ||
    /^DATABASE_URL(_DIRECT)?$/.test(name) ||
    // The worker sends the spans of tasks, so that they need no password of a collector.
    /^OTEL_EXPORTER_OTLP_/.test(name) ||
    secrets.some((secret) => value.includes(secret));
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || isOurs(name, value) ? [] : [[name, value]],
    ),
  );
}

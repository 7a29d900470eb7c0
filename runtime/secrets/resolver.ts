/**
 * Finds connections and variables for tasks: in each of the sources in their order, then
 * among the caller's defaults (the sandbox of `npm start`). Every value that it returns
 * is masked from then on.
 */
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { connectionVariable, type EnvironmentSecrets } from "../config/environment_secrets.ts";
import { createMasker } from "./masker.ts";
import { secretValuesOf, secretValuesOfParams, secretValuesOfVariable } from "./secret_values.ts";
import { environmentSource } from "./sources/environment.ts";
import type { SecretSource } from "./sources/source.ts";
import type { StoredSecrets } from "./stored.ts";

export interface ConnectionResolver {
  /**
   * @throws DagsmithError CONNECTION_NOT_FOUND, INVALID_CONNECTION, SECRET_KEY_MISSING,
   *   SECRET_UNREADABLE, SECRET_SOURCE_FAILED, SECRET_SOURCE_UNUSABLE
   */
  connection(id: string): Promise<Connection>;
  /**
   * Null when it is not set. @throws DagsmithError SECRET_KEY_MISSING, SECRET_UNREADABLE,
   *   SECRET_SOURCE_FAILED, SECRET_SOURCE_UNUSABLE
   */
  variable(key: string): Promise<string | null>;
  /**
   * The text without the secrets known so far: those of the environment and the defaults,
   * and those that were read from the database.
   */
  mask(text: string): string;
  /** Masks the params of a run that are secrets by their name, from now on. */
  learnParams(params: Json): void;
  /**
   * Reads every secret of the sources that can list them, so that secrets that another
   * process returned are masked here too.
   */
  learnStored(): Promise<void>;
}

export interface SecretSources {
  /** The secrets of dagsmith itself: masked, and never handed out. Default: none. */
  readonly own?: readonly string[];
  readonly environment: EnvironmentSecrets;
  readonly stored?: StoredSecrets;
  /** Where secrets are looked up. Default: the environment, then `stored`. */
  readonly sources?: readonly SecretSource[];
  /** Connections by id, for ids that are set nowhere else. */
  readonly defaults?: Readonly<Record<string, Connection>>;
}

export function createResolver({
  own = [],
  environment,
  stored,
  sources = [environmentSource(environment), ...(stored ? [stored] : [])],
  defaults = {},
}: SecretSources): ConnectionResolver {
  const masker = createMasker();
  const learn = masker.add;
  learn(own);
  learn(environmentSecretValues(environment));
  for (const connection of Object.values(defaults)) learn(secretValuesOf(connection));
  return {
    connection: async (id) => {
      const found = await findConnection(id, sources, defaults);
      if (!found)
        throw new DagsmithError("CONNECTION_NOT_FOUND", { id, variable: connectionVariable(id) });
      learn(secretValuesOf(found));
      return found;
    },
    variable: async (key) => {
      const found = await firstOf(sources, (source) => source.variable(key));
      if (found !== null) learn(secretValuesOfVariable(key, found));
      return found;
    },
    mask: masker.mask,
    learnParams: (params) => learn(secretValuesOfParams(params)),
    learnStored: async () => {
      for (const source of sources) {
        const { connections = [], variables = [] } = (await source.readable?.()) ?? {};
        for (const connection of connections) learn(secretValuesOf(connection));
        for (const [key, value] of variables) learn(secretValuesOfVariable(key, value));
      }
    },
  };
}

async function findConnection(
  id: string,
  sources: readonly SecretSource[],
  defaults: Readonly<Record<string, Connection>>,
): Promise<Connection | null> {
  const found = await firstOf(sources, (source) => source.connection(id));
  return found ?? (Object.hasOwn(defaults, id) ? (defaults[id] ?? null) : null);
}

/** The answer of the first source that has one. An error ends the search. */
async function firstOf<Value>(
  sources: readonly SecretSource[],
  ask: (source: SecretSource) => Promise<Value | null>,
): Promise<Value | null> {
  for (const source of sources) {
    const found = await ask(source);
    if (found !== null) return found;
  }
  return null;
}

/**
 * A connection that cannot be parsed is a secret as a whole, because its password cannot
 * be found in it.
 */
function environmentSecretValues(environment: EnvironmentSecrets): readonly string[] {
  const connections = [...environment.connections].flatMap(([id, text]) => {
    try {
      return secretValuesOf(parseConnection(id, text));
    } catch {
      return [text];
    }
  });
  return [
    ...connections,
    ...[...environment.variables].flatMap(([key, value]) => secretValuesOfVariable(key, value)),
  ];
}

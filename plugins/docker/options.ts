/** The options of `docker`. */
import { DagsmithError, type FromContext, type Json, type TaskContext } from "dagsmith";
import type { ProcessOptions } from "dagsmith/plugins/process";

/**
 * A folder, a file or a volume that the container sees.
 * @example const data: DockerMount = { source: "/data", target: "/in", readOnly: true };
 */
export interface DockerMount {
  /** A path on the machine of the engine, or the name of a volume. */
  readonly source: string;
  /** An absolute path in the container. */
  readonly target: string;
  /** Default false. */
  readonly readOnly?: boolean;
}

/**
 * The most that a container may use.
 * @example const limits: DockerResources = { cpus: 0.5, memory: "512m" };
 */
export interface DockerResources {
  /** Processors, such as 0.5. Default: no limit. */
  readonly cpus?: number;
  /** Bytes, with k, m or g for the units of 1024, such as `"512m"`. Default: no limit. */
  readonly memory?: string;
}

/** The options that a container and a process share. */
type SharedOptions<Output, Context extends TaskContext, Files extends string> = Pick<
  ProcessOptions<Output, Context, Files>,
  "env" | "output" | "files" | "skipOn" | "failOn" | "retryOn" | "logLevels"
>;

/**
 * Options of {@link docker}. `files` are paths in the container: absolute, or relative to
 * the working folder of the image. The container also gets the variables that
 * `plugins/process` names.
 * @example
 * const options: DockerOptions = { image: "loader:3", command: ["load"], network: "none" };
 */
export interface DockerOptions<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
> extends SharedOptions<Output, Context, Files> {
  /** The name of the image, best with a tag or a digest. */
  readonly image: FromContext<string, Context>;
  /** The command and its arguments. Default: that of the image. */
  readonly command?: FromContext<readonly (string | number)[], Context>;
  /** Default: none. */
  readonly mounts?: FromContext<readonly DockerMount[], Context>;
  /** Default: no limits. */
  readonly resources?: DockerResources;
  /** `"none"`, `"host"`, or the name of a network. Default: the engine's own. */
  readonly network?: FromContext<string, Context>;
  /** When the image is pulled. Default `"missing"`: when the engine does not have it. */
  readonly pullPolicy?: "always" | "missing" | "never";
  /**
   * The id of a connection of type `docker`: a registry as `host`, with `login` and
   * `password`. Default: no login.
   */
  readonly registry?: string;
}

const UNITS = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** What the engine gets for resources. */
export interface EngineLimits {
  /** Billionths of a processor. */
  readonly NanoCpus?: number;
  /** In bytes. */
  readonly Memory?: number;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function limitsOf({ cpus, memory }: DockerResources = {}): EngineLimits {
  if (cpus !== undefined && !(Number.isFinite(cpus) && cpus > 0))
    throw wrong("cpus", `${cpus} is not a number above 0, such as 0.5`);
  return {
    ...(cpus !== undefined && { NanoCpus: Math.round(cpus * 1e9) }),
    ...(memory !== undefined && { Memory: bytesOf(memory) }),
  };
}

function bytesOf(memory: string): number {
  const [, amount, unit = ""] = /^(\d+)([bkmg]?)$/i.exec(memory) ?? [];
  const bytes = Number(amount) * UNITS[unit.toLowerCase() as keyof typeof UNITS];
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw wrong("memory", `"${memory}" is no amount of memory, such as "512m" or "2g"`);
}

function wrong(option: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_ARGUMENT", { argument: `resources.${option}`, reason });
}
